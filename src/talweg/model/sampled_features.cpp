// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/sampled_features.h"

#include <algorithm>

#include "talweg/model/formula_data.h"

namespace talweg {

std::vector<double> sampled_features(const Problem& problem, const SampledRow& row) {
  std::vector<double> out;
  const auto has = [&](std::uint32_t level) {
    return std::binary_search(row.levels.begin(), row.levels.end(), level);
  };
  for (std::size_t j = 0; j + 1 < problem.columns.size(); ++j) {
    const MomentColumn& column = problem.columns[j];
    if (!column.dense) {
      out.push_back(column.level && has(*column.level) ? 1.0 : 0.0);
    } else if (column.level && has(*column.level)) {
      const auto own =
          std::find_if(problem.features.begin(), problem.features.end(),
                       [&](const FeatureSummary& f) { return f.name == problem.plan.parameters[j].column; });
      out.push_back(own == problem.features.end() ? 0.0 : own->mean);
    } else {
      out.push_back(row.values[*column.dense]);
    }
  }
  return out;
}

std::optional<std::size_t> axis_column(const Problem& problem, std::string& name) {
  if (problem.data.formula == nullptr) {
    if (problem.features.size() != 1 || problem.features[0].kind != ColumnKind::numeric) return std::nullopt;
    name = problem.features[0].name;
    return 0;
  }
  const BoundFormula& bound = *problem.data.formula;
  const std::vector<std::size_t> slopes = bound.slopes();
  std::size_t used = 0;
  for (const ColumnUse& column : bound.formula.columns) used += column.on_right ? 1 : 0;
  for (std::size_t k = 0; k < slopes.size(); ++k) {
    const bool bare = bound.affine->features[slopes[k]].is(Op::column);
    if (slopes.size() != 1 && !(used == 1 && bare)) continue;
    name = problem.data.dense_names[k];
    return k;
  }
  return std::nullopt;
}

double linear_prediction(const std::vector<double>& features, const std::vector<double>& parameters) {
  DoubleDouble sum = parameters.size() > features.size() ? DoubleDouble(parameters.back()) : DoubleDouble(0);
  for (std::size_t j = 0; j < features.size(); ++j) sum += two_product(features[j], parameters[j]);
  return sum.value();
}

double sampled_target(const Problem& problem, const SampledRow& row) {
  return row.values[problem.data.formula == nullptr ? problem.data.places.back() : row.values.size() - 1];
}

}  // namespace talweg
