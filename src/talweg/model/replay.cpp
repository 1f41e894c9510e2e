// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/replay.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "talweg/model/sampled_features.h"

namespace talweg {
namespace {

// The modes of a problem with the places of its parameters in u.
struct Modes {
  const Problem& problem;
  std::size_t size;
  bool intercept;

  explicit Modes(const Problem& of)
      : problem(of), size(of.cost->size()), intercept(size > of.cost->active_features().size()) {}

  [[nodiscard]] double entry(std::size_t mode, std::size_t place) const {
    return problem.curvature.eigenvectors[mode * size + place];
  }
};

// The most important parameters first, as places in u (the last one is the intercept's, where there is one).
std::vector<std::size_t> by_importance(const Modes& modes, const std::vector<double>& parameters,
                                       const std::vector<std::optional<double>>& standard_errors) {
  const LeastSquares& cost = *modes.problem.cost;
  const std::vector<std::size_t>& active = cost.active_features();
  const std::vector<double> hessian = cost.hessian();
  std::vector<std::pair<double, double>> weight(modes.size);  // |t|, then what it adds to the prediction
  for (std::size_t place = 0; place < modes.size; ++place) {
    const std::size_t j = place < active.size() ? active[place] : parameters.size() - 1;
    const double unit = place < active.size() ? cost.units()[place] : 1.0;
    const bool has_error = j < standard_errors.size() && standard_errors[j] && *standard_errors[j] > 0;
    weight[place] = {
        has_error ? std::abs(parameters[j]) / *standard_errors[j] : 0.0,
        std::abs(parameters[j]) * unit * std::sqrt(std::max(0.0, hessian[place * modes.size + place]))};
  }
  std::vector<std::size_t> order(modes.size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weight[a] > weight[b]; });
  if (order.size() > Replay::kMostCarried) {
    const auto intercept = std::find(order.begin(), order.end(), modes.size - 1);
    const bool cut = intercept - order.begin() >= static_cast<std::ptrdiff_t>(Replay::kMostCarried);
    if (modes.intercept && cut) std::iter_swap(intercept, order.begin() + Replay::kMostCarried - 1);
    order.resize(Replay::kMostCarried);
  }
  return order;
}

}  // namespace

std::optional<Replay> make_replay(const Problem& problem, const std::vector<double>& parameters,
                                  const std::vector<std::optional<double>>& standard_errors) {
  const Curvature& curvature = problem.curvature;
  if (curvature.eigenvectors.empty()) return std::nullopt;
  const Modes modes(problem);
  const LeastSquares& cost = *problem.cost;
  const std::vector<std::size_t>& active = cost.active_features();
  Replay out;
  for (const double lambda : curvature.eigenvalues) out.eigenvalues.push_back(std::max(0.0, lambda));
  const Point& start = cost.start();
  const Point& optimum = cost.optimum_point();
  std::vector<DoubleDouble> away(modes.size);
  for (std::size_t place = 0; place < modes.size; ++place) {
    away[place] = DoubleDouble(start.high[place], start.low[place]) -
                  DoubleDouble(optimum.high[place], optimum.low[place]);
  }
  for (std::size_t i = 0; i < modes.size; ++i) {
    DoubleDouble sum;
    for (std::size_t place = 0; place < modes.size; ++place)
      sum += away[place] * DoubleDouble(modes.entry(i, place));
    out.start.push_back(sum.value());
  }
  for (const std::size_t place : by_importance(modes, parameters, standard_errors)) {
    const bool feature = place < active.size();
    out.carried.push_back(feature ? active[place] : parameters.size() - 1);
    out.unit.push_back(feature ? cost.units()[place] : 1.0);
    out.origin.push_back(feature ? cost.origins()[place].value() : 0.0);
    out.optimum.push_back(optimum.high[place]);
    for (std::size_t i = 0; i < modes.size; ++i) out.rows.push_back(modes.entry(i, place));
  }
  if (modes.intercept) {
    for (std::size_t i = 0; i < modes.size; ++i) {
      DoubleDouble sum(modes.entry(i, active.size()));
      for (std::size_t a = 0; a < active.size(); ++a)
        sum -= DoubleDouble(modes.entry(i, a)) / DoubleDouble(cost.units()[a]) * cost.origins()[a];
      out.intercept_row.push_back(sum.value());
    }
  }
  return out;
}

RowView view_rows(const Problem& problem, const std::vector<double>& parameters) {
  RowView out;
  out.of = problem.cost->rows();
  const Modes modes(problem);
  const bool with_parts = !problem.curvature.eigenvectors.empty();
  const LeastSquares& cost = *problem.cost;
  const std::vector<std::size_t>& active = cost.active_features();
  std::vector<const SampledRow*> rows;
  for (const SampledRow& row : problem.data.sample) rows.push_back(&row);
  const std::size_t most = with_parts ? std::max<std::size_t>(32, kMostParts / modes.size) : rows.size();
  if (rows.size() > most) {
    std::stable_sort(rows.begin(), rows.end(), [](const SampledRow* a, const SampledRow* b) {
      return row_hash(a->number) < row_hash(b->number);
    });
    rows.resize(most);
    std::sort(rows.begin(), rows.end(),
              [](const SampledRow* a, const SampledRow* b) { return a->number < b->number; });
  }
  const std::optional<std::size_t> across = axis_column(problem, out.x_name);
  const std::vector<double> optimum = cost.optimum();
  for (const SampledRow* row : rows) {
    const std::vector<double> features = sampled_features(problem, *row);
    out.numbers.push_back(row->number);
    out.target.push_back(sampled_target(problem, *row));
    if (!problem.data.weights.empty()) out.weight.push_back(row->weight);
    if (across) out.x.push_back(features[*across]);
    out.prediction.push_back(linear_prediction(features, parameters));
    out.optimal.push_back(linear_prediction(features, optimum));
    if (!with_parts) continue;
    std::vector<double> place(modes.size, 1.0);
    for (std::size_t a = 0; a < active.size(); ++a) {
      place[a] =
          ((DoubleDouble(features[active[a]]) - cost.origins()[a]) / DoubleDouble(cost.units()[a])).value();
    }
    for (std::size_t i = 0; i < modes.size; ++i) {
      double sum = 0;
      for (std::size_t p = 0; p < modes.size; ++p) sum += modes.entry(i, p) * place[p];
      out.parts.push_back(sum);
    }
  }
  return out;
}

}  // namespace talweg
