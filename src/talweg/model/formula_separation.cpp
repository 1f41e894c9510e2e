// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/formula_separation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/descent/minimiser.h"
#include "talweg/formula/affine.h"
#include "talweg/formula/print.h"
#include "talweg/model/separation.h"

namespace talweg {
namespace {

// visit(block of the store, what each parameter multiplies in its rows)
template <class Visit>
void each_block(const RowProblem& rows, std::span<const double> parameters, const Visit& visit) {
  const std::size_t count = rows.model.parameters();
  const auto work = rows.model.make_workspace();
  std::vector<double> value(kStoreRows);
  std::vector<std::vector<double>> partials(count, std::vector<double>(kStoreRows));
  std::vector<double*> into;
  for (auto& column : partials) into.push_back(column.data());
  std::vector<const double*> columns(rows.store.columns());
  for (std::size_t k = 0; k < rows.store.blocks(); ++k) {
    for (std::size_t j = 0; j < columns.size(); ++j) columns[j] = rows.store.column(k, j);
    rows.model.evaluate(columns, rows.store.block(k).rows, parameters, value.data(), into, *work);
    visit(k, partials);
  }
}

// The columns g_j of the slopes, the target behind them.
DenseRows columns_of(const RowProblem& rows, std::span<const std::size_t> slopes,
                     std::span<const double> parameters) {
  DenseRows out(slopes.size());
  RowBlock part;
  each_block(rows, parameters, [&](std::size_t k, const std::vector<std::vector<double>>& partials) {
    const RowStore::Block& block = rows.store.block(k);
    const double* const target = rows.store.column(k, rows.store.columns());
    for (std::size_t begin = 0; begin < block.rows; begin += kBlockRows) {
      part.clear(block.number * (kStoreRows / kBlockRows) + begin / kBlockRows, slopes.size() + 1);
      const std::size_t end = std::min(begin + kBlockRows, block.rows);
      for (std::size_t r = begin; r < end; ++r) {
        for (const std::size_t j : slopes) part.values.push_back(partials[j][r]);
        part.values.push_back(target[r]);
        if (!block.weights.empty()) part.weights.push_back(block.weights[r]);
      }
      part.rows = end - begin;
      out.append(part);
    }
  });
  out.finish();
  return out;
}

// Mean (0 without an intercept) and root mean square about it of each column; standardises the rows.
std::vector<LinearTerm> take_terms(DenseRows& rows, bool intercept, unsigned threads) {
  std::vector<LinearTerm> out;
  std::vector<double> centre;
  std::vector<double> scale;
  const auto count = static_cast<double>(rows.rows());
  const auto mean_of = [&](std::size_t j, const auto& term) {
    double sum = 0;
    for (const DenseRows::Block& block : rows.blocks()) {
      for (std::size_t r = 0; r < block.rows; ++r) sum += term(rows.value(block, j, r));
    }
    return sum / count;
  };
  for (std::size_t j = 0; j < rows.columns(); ++j) {
    LinearTerm term;
    term.column = j;
    const double first = rows.value(rows.blocks().front(), j, 0);
    // The share of rows with another value than the first one.
    const double others = mean_of(j, [&](double x) { return x == first ? 0.0 : 1.0; });
    const bool constant = intercept && others == 0;
    term.mean = intercept ? (constant ? first : mean_of(j, [](double x) { return x; })) : 0;
    term.spread =
        constant ? 0 : std::sqrt(mean_of(j, [&](double x) { return (x - term.mean) * (x - term.mean); }));
    centre.push_back(term.mean);
    scale.push_back(term.spread > 0 ? term.spread : 1);
    out.push_back(term);
  }
  rows.standardise(centre, scale, threads);
  if (intercept) out.emplace_back();
  return out;
}

double mean_target(const RowStore& store) {
  double sum = 0;
  for (std::size_t k = 0; k < store.blocks(); ++k) {
    const double* const target = store.column(k, store.columns());
    for (std::size_t r = 0; r < store.block(k).rows; ++r) sum += target[r];
  }
  return sum / static_cast<double>(store.rows());
}

std::optional<std::string> of_affine(const RowProblem& rows, const Plan& plan,
                                     std::span<const double> parameters, unsigned threads) {
  const std::vector<std::size_t> slopes = rows.formula->slopes();
  const std::optional<std::size_t> intercept = rows.formula->intercept();
  if (slopes.empty()) return std::nullopt;  // both classes are there: a constant has its answer
  DenseRows dense = columns_of(rows, slopes, parameters);
  const std::vector<LinearTerm> terms = take_terms(dense, intercept.has_value(), threads);
  std::vector<double> at;
  for (const std::size_t j : slopes) at.push_back(parameters[j]);
  if (intercept) at.push_back(parameters[*intercept]);
  LinearCost cost(dense, terms, {*plan.loss, 0, Scale::standard, threads}, at);

  // The descent has ended near the answer already, but for what f_0 adds.
  DescentSettings settings;
  settings.method.optimizer = Optimizer::newton;
  settings.epochs = 100;
  settings.tolerance = kRowTolerance;
  std::vector<double> gradient(cost.size());
  cost.evaluate(Point(std::vector<double>(cost.size(), 0.0)), gradient);
  for (const double g : gradient) settings.gradient_scale = std::hypot(settings.gradient_scale, g);
  const Point end = minimise(cost, cost.to_descent(at), settings).point;
  const std::vector<double> f = cost.predictions_at(end);
  const auto found = find_separation(cost, end, f, intercept.has_value());
  if (!found) return std::nullopt;

  // Told by what the parameters multiply.
  Plan told = plan;
  told.parameters.clear();
  const std::vector<Expression> partials = partial_derivatives(rows.formula->formula);
  for (const std::size_t j : slopes)
    told.parameters.push_back({to_text(partials[j]), "", std::nullopt, false});
  if (intercept) told.parameters.push_back({"intercept", "", std::nullopt, true});
  return separation_text(*found, told, {}, cost);
}

}  // namespace

std::optional<std::string> formula_separation(const RowProblem& rows, const Plan& plan,
                                              std::span<const double> parameters, unsigned threads) {
  const bool counts = plan.cost == CostKind::poisson;
  const bool affine = rows.formula->affine.has_value();
  if (counts && !affine) return std::nullopt;
  const std::vector<double> f = rows.losses->predictions(parameters);
  const double usual = counts ? std::log(mean_target(rows.store)) : 0;
  double widest = 0;
  bool all = true;
  std::size_t at = 0;
  for (std::size_t k = 0; k < rows.store.blocks(); ++k) {
    const double* const target = rows.store.column(k, rows.store.columns());
    for (std::size_t r = 0; r < rows.store.block(k).rows; ++r, ++at) {
      if (counts && target[r] > 0) continue;
      const double margin = counts ? usual - f[at] : target[r] * f[at];
      widest = std::max(widest, margin);
      all = all && margin > 0;
    }
  }
  if (!std::isfinite(widest) || widest < kSuspiciousMargin) return std::nullopt;
  if (affine) return of_affine(rows, plan, parameters, threads);
  if (!all) return std::nullopt;
  return fmt::format(
      "the formula tells the class of every one of the {} rows where the descent ended: if its parameters "
      "can "
      "make f larger without end on the same sides, the cost has no lowest value, and they only tell where "
      "the descent stopped. Remedy: a penalty, --l2 0.001",
      grouped(rows.store.rows()));
}

}  // namespace talweg
