// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/moments.h"

#include <algorithm>
#include <cmath>

namespace talweg {
namespace {

// Position of an indicator in the fold; absent where no row has it.
std::optional<std::size_t> find_level(const FoldedRows& folded, std::uint32_t level) {
  const auto found = std::lower_bound(folded.levels.begin(), folded.levels.end(), level);
  if (found == folded.levels.end() || *found != level) return std::nullopt;
  return static_cast<std::size_t>(found - folded.levels.begin());
}

// A term of a column: a dense column or an indicator, times a factor.
struct Term {
  bool is_dense = false;
  std::size_t index = 0;  // dense column, or position of the indicator in the fold
  std::uint32_t level = 0;
  DoubleDouble factor = 1;
};

DoubleDouble term_mean(const FoldedRows& folded, const Term& term) {
  return term.is_dense ? folded.mean[term.index] : folded.level_weight[term.index] / folded.weight;
}

DoubleDouble term_product(const FoldedRows& folded, const Term& a, const Term& b) {
  if (a.is_dense && b.is_dense && a.index == b.index) return folded.square(a.index);
  if (a.is_dense && b.is_dense) return folded.products[packed_index(a.index, b.index)];
  if (a.is_dense != b.is_dense) {
    const Term& dense = a.is_dense ? a : b;
    const Term& level = a.is_dense ? b : a;
    return folded.level_sums[level.index * folded.columns + dense.index] -
           folded.level_weight[level.index] * folded.mean[dense.index];
  }
  const DoubleDouble expected = folded.level_weight[a.index] * folded.level_weight[b.index] / folded.weight;
  if (a.level == b.level) return folded.level_weight[a.index] - expected;
  const std::uint64_t key =
      (static_cast<std::uint64_t>(std::min(a.level, b.level)) << 32U) | std::max(a.level, b.level);
  const auto found = std::lower_bound(folded.pairs.begin(), folded.pairs.end(), key);
  if (found == folded.pairs.end() || *found != key) return -expected;
  return folded.pair_weight[static_cast<std::size_t>(found - folded.pairs.begin())] - expected;
}

DoubleDouble present_mean(const FoldedRows& folded, std::size_t dense, std::size_t gap) {
  return folded.mean[dense] * folded.weight / (folded.weight - folded.level_weight[gap]);
}

// A column as a sum of terms; empty for an indicator that no row has.
std::vector<Term> terms_of(const FoldedRows& folded, const MomentColumn& column) {
  std::vector<Term> terms;
  if (column.dense) terms.push_back({true, *column.dense, 0, 1});
  if (column.level) {
    if (const auto at = find_level(folded, *column.level)) {
      const DoubleDouble factor = column.dense ? present_mean(folded, *column.dense, *at) : DoubleDouble(1);
      terms.push_back({false, *at, *column.level, factor});
    }
  }
  return terms;
}

// Filling gaps (folded as zeros) and centring indicators subtracts larger numbers; means are good to 106 bits
// a merge.
double product_error(const FoldedRows& folded, const Moments& moments,
                     const std::vector<std::vector<Term>>& terms) {
  constexpr double kMeanError = 1e-28;
  double error = folded.error;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const double own = moments.product(i, i).value();
    if (!(own > 0)) continue;
    double largest = own;
    for (const Term& a : terms[i]) {
      const double square = (a.factor * a.factor).value();
      largest = std::max(largest, square * term_product(folded, a, a).value());
      if (!a.is_dense) largest = std::max(largest, square * folded.level_weight[a.index].value());
    }
    const double mean = std::abs(moments.mean[i].value()) / moments.spread(i);
    error = std::max(error, folded.error * (largest / own) + kMeanError * mean);
  }
  return error;
}

}  // namespace

double Moments::spread(std::size_t j) const {
  return sqrt(product(j, j) / weight).value();
}

Moments assemble(const FoldedRows& folded, const std::vector<MomentColumn>& columns) {
  Moments out;
  out.rows = folded.rows;
  out.weight = folded.weight;
  std::vector<std::vector<Term>> terms;
  terms.reserve(columns.size());
  for (const MomentColumn& column : columns) terms.push_back(terms_of(folded, column));
  out.mean.resize(columns.size());
  out.marginal = folded.marginal;
  out.products.resize(out.marginal ? columns.size() : columns.size() * (columns.size() + 1) / 2);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (const Term& a : terms[i]) out.mean[i] += a.factor * term_mean(folded, a);
    for (std::size_t j = out.marginal ? i : 0; j <= i; ++j) {
      DoubleDouble sum;
      for (const Term& a : terms[i]) {
        for (const Term& b : terms[j]) sum += a.factor * b.factor * term_product(folded, a, b);
      }
      out.products[out.marginal ? i : packed_index(i, j)] = sum;
    }
  }
  // An indicator that every row has leaves rounding behind; so does a filled column whose present cells are
  // all equal.
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool plain_dense = columns[i].dense && terms[i].size() == 1;
    if (plain_dense) continue;
    DoubleDouble largest;
    for (const Term& a : terms[i]) {
      const DoubleDouble own = a.factor * a.factor * term_product(folded, a, a);
      if (largest < own) largest = own;
      const DoubleDouble raw =
          a.is_dense ? DoubleDouble(0) : a.factor * a.factor * folded.level_weight[a.index];
      if (largest < raw) largest = raw;
    }
    const double rounding = columns[i].dense ? usual_error(folded.error) : 1e-28;
    if (out.product(i, i).high > rounding * largest.high) continue;
    if (out.marginal) {
      out.products[i] = 0;
      continue;
    }
    for (std::size_t j = 0; j < columns.size(); ++j) out.products[packed_index(i, j)] = 0;
  }
  out.error = product_error(folded, out, terms);
  return out;
}

std::optional<double> mean_of_present(const FoldedRows& folded, std::size_t j, std::uint32_t gap) {
  const auto at = find_level(folded, gap);
  if (!at) return folded.mean[j].value();
  if (!((folded.weight - folded.level_weight[*at]).high > 0)) return std::nullopt;
  return present_mean(folded, j, *at).value();
}

}  // namespace talweg
