// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/row_view.h"

#include <algorithm>

#include "talweg/model/landscape.h"

namespace talweg {
namespace {

// What the formula predicts for rows given column by column, in pieces that a program takes.
std::vector<double> values_of(const RowModel& model, CostKind cost,
                              const std::vector<std::vector<double>>& columns, std::size_t rows,
                              const std::vector<double>& parameters) {
  const auto work = model.make_workspace();
  std::vector<double> out(rows);
  for (std::size_t first = 0; first < rows; first += kProgramRows) {
    const std::size_t count = std::min(kProgramRows, rows - first);
    std::vector<const double*> at;
    at.reserve(columns.size());
    for (const auto& column : columns) at.push_back(column.data() + first);
    model.evaluate(at, count, parameters, out.data() + first, {}, *work);
  }
  for (double& value : out) value = mean_of_prediction(cost, value);
  return out;
}

// The threshold that leaves no more rows than `most` (row_sample.h).
std::uint64_t threshold_for(std::uint64_t rows, std::size_t most) {
  std::uint64_t threshold = ~std::uint64_t{0};
  if (rows <= most) return threshold;
  std::vector<std::uint64_t> kept;
  for (std::uint64_t r = 0; r < rows; ++r) {
    if (row_hash(r) < threshold) kept.push_back(row_hash(r));
    while (kept.size() > most) {
      threshold /= 2;
      std::erase_if(kept, [&](std::uint64_t hash) { return hash >= threshold; });
    }
  }
  return threshold;
}

}  // namespace

RowView view_stored_rows(const RowProblem& problem, CostKind cost, const std::vector<double>& parameters,
                         const Trace& trace, std::size_t most_rows) {
  RowView out;
  const RowStore& store = problem.store;
  out.of = store.rows();
  const std::uint64_t threshold = threshold_for(store.rows(), most_rows);
  std::vector<std::vector<double>> columns(store.columns());
  std::uint64_t number = 0;
  for (std::size_t k = 0; k < store.blocks(); ++k) {
    const RowStore::Block& block = store.block(k);
    for (std::size_t r = 0; r < block.rows; ++r, ++number) {
      if (store.rows() > most_rows && row_hash(number) >= threshold) continue;
      out.numbers.push_back(number);
      for (std::size_t c = 0; c < columns.size(); ++c) columns[c].push_back(store.column(k, c)[r]);
      out.target.push_back(shown_target(cost, store.column(k, store.columns())[r]));
      if (store.weighted()) out.weight.push_back(block.weights.empty() ? 1.0 : block.weights[r]);
    }
  }
  out.prediction = values_of(problem.model, cost, columns, out.target.size(), parameters);
  if (columns.size() != 1 || out.target.empty()) return out;

  const std::vector<double>& x = columns[0];
  out.x_name = problem.formula->formula.columns[problem.stored[0]].text();
  out.x = x;
  constexpr std::size_t kGrid = 121;
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  for (std::size_t k = 0; k < kGrid; ++k)
    out.curve_x.push_back(*low + (*high - *low) * static_cast<double>(k) / static_cast<double>(kGrid - 1));
  for (const TraceRow& row : trace.thinned(kShownEpochs)) {
    const auto curve = values_of(problem.model, cost, {out.curve_x}, kGrid, row.parameters);
    out.curve_path.insert(out.curve_path.end(), curve.begin(), curve.end());
    if (x.size() > kFewRows) continue;
    const auto predicted = values_of(problem.model, cost, columns, x.size(), row.parameters);
    out.path.insert(out.path.end(), predicted.begin(), predicted.end());
  }
  return out;
}

}  // namespace talweg
