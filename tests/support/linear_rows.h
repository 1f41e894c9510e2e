// SPDX-License-Identifier: Apache-2.0
// Random rows for costs over a linear model: numbers of several sizes, one text column, weights, and blocks
// of the table without a used row.
#pragma once

#include <cmath>
#include <vector>

#include "support/random.h"
#include "talweg/objective/linear_cost.h"

namespace talweg::test {

inline constexpr std::uint32_t kLevels = 4;  // of one text column; level 0 has no parameter

struct LinearSample {
  std::vector<RowBlock> blocks;
  std::vector<std::vector<double>> x;  // raw cells
  std::vector<double> y, w;
  std::vector<std::uint32_t> level;
};

inline LinearSample make_sample(Random& random, std::size_t rows, std::size_t columns,
                                const LossSettings& loss, bool weighted) {
  LinearSample out;
  for (std::size_t r = 0; r < rows; ++r) {
    // Every third block of the table has no used row.
    const std::uint64_t number = r / 200 + r / 400;
    if (out.blocks.empty() || out.blocks.back().number != number) {
      out.blocks.emplace_back();
      out.blocks.back().clear(number, columns + 1);
    }
    RowBlock& block = out.blocks.back();
    std::vector<double> x;
    for (std::size_t j = 0; j < columns; ++j)
      x.push_back(100.0 * static_cast<double>(j) + random.normal() * std::pow(10.0, static_cast<double>(j)));
    double y = random.normal();
    if (is_classification(loss.kind)) y = random.coin() ? 1 : -1;
    if (loss.kind == CostKind::poisson) y = static_cast<double>(random.below(5));
    const auto level = static_cast<std::uint32_t>(random.below(kLevels));
    const double w = weighted ? 0.5 + random.uniform() : 1;
    block.values.insert(block.values.end(), x.begin(), x.end());
    block.values.push_back(y);
    if (weighted) block.weights.push_back(w);
    block.levels.push_back(level);
    block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
    ++block.rows;
    out.x.push_back(std::move(x));
    out.y.push_back(y);
    out.w.push_back(w);
    out.level.push_back(level);
  }
  return out;
}

struct LinearRows {
  DenseRows rows{0};
  std::vector<LinearTerm> terms;
};

inline LinearRows make_rows(const LinearSample& sample, bool intercept, CellType type = CellType::doubles) {
  const std::size_t columns = sample.x.front().size();
  LinearRows out;
  out.rows = DenseRows(columns, type);
  for (const RowBlock& block : sample.blocks) out.rows.append(block);
  out.rows.finish();
  std::vector<double> centre, scale;
  const auto add = [&](auto&& value, LinearTerm term) {
    long double sum = 0, squares = 0, weight = 0;
    for (std::size_t r = 0; r < sample.y.size(); ++r) {
      sum += sample.w[r] * value(r);
      weight += sample.w[r];
    }
    const long double mean = intercept ? sum / weight : 0;
    for (std::size_t r = 0; r < sample.y.size(); ++r)
      squares += sample.w[r] * (value(r) - mean) * (value(r) - mean);
    term.mean = static_cast<double>(mean);
    term.spread = static_cast<double>(std::sqrt(squares / weight));
    out.terms.push_back(term);
  };
  for (std::size_t j = 0; j < columns; ++j) {
    LinearTerm term;
    term.column = j;
    add([&](std::size_t r) { return static_cast<long double>(sample.x[r][j]); }, term);
    centre.push_back(out.terms.back().mean);
    scale.push_back(out.terms.back().spread > 0 ? out.terms.back().spread : 1);
  }
  for (std::uint32_t level = 1; level < kLevels; ++level) {
    LinearTerm term;
    term.level = level;
    add([&](std::size_t r) { return sample.level[r] == level ? 1.0L : 0.0L; }, term);
  }
  if (intercept) out.terms.emplace_back();
  out.rows.standardise(centre, scale, 1);
  return out;
}

/// The sample's cells become what the rows have made of them.
inline void take_rounding(const DenseRows& rows, LinearSample& sample) {
  std::size_t n = 0;
  for (const DenseRows::Block& block : rows.blocks()) {
    for (std::size_t r = 0; r < block.rows; ++r, ++n) {
      for (std::size_t j = 0; j < rows.columns(); ++j) sample.x[n][j] = rows.value(block, j, r);
    }
  }
}

}  // namespace talweg::test
