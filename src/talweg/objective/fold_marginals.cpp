// SPDX-License-Identifier: Apache-2.0
// Means and squares of every column of a block, without the products of two columns.
#include <algorithm>
#include <cmath>
#include <vector>

#include "talweg/objective/moments.h"

namespace talweg {
namespace {

// Per column, as sums high + low.
struct Sums {
  std::vector<double> widest, total, total_low, square, square_low;
};

// total += term, what rounding takes in total_low.
inline void add(double& total, double& low, double term) {
  const DoubleDouble sum = two_sum(total, term);
  total = sum.high;
  low += sum.low;
}

void add_row(const double* __restrict x, const double* __restrict origin, double weight, std::size_t columns,
             Sums& sums) {
  double* __restrict const widest = sums.widest.data();
  double* __restrict const total = sums.total.data();
  double* __restrict const total_low = sums.total_low.data();
  double* __restrict const square = sums.square.data();
  double* __restrict const square_low = sums.square_low.data();
  for (std::size_t j = 0; j < columns; ++j) {
    const DoubleDouble z = two_difference(x[j], origin[j]);
    const double wz = weight * z.high;
    widest[j] = std::max(widest[j], std::abs(z.high));
    add(total[j], total_low[j], wz);
    total_low[j] += weight * z.low;
    add(square[j], square_low[j], wz * z.high);
  }
}

}  // namespace

FoldedRows fold_marginals(const RowBlock& block) {
  FoldedRows out;
  out.marginal = true;
  out.rows = block.rows;
  out.columns = block.columns;
  if (block.rows == 0) return out;
  const std::size_t p = block.columns;
  thread_local Sums sums;
  for (auto* of : {&sums.widest, &sums.total, &sums.total_low, &sums.square, &sums.square_low})
    of->assign(p, 0.0);
  for (std::size_t r = 0; r < block.rows; ++r) {
    const double weight = block.weights.empty() ? 1 : block.weights[r];
    add_row(block.values.data() + r * p, block.values.data(), weight, p, sums);
    out.weight += weight;
  }
  out.error = kPlainError;
  out.widest.assign(sums.widest.begin(), sums.widest.end());
  out.mean.resize(p);
  out.products.resize(p);
  for (std::size_t j = 0; j < p; ++j) {
    const DoubleDouble total = two_sum(sums.total[j], sums.total_low[j]);
    const DoubleDouble shift = total / out.weight;
    out.mean[j] = shift + DoubleDouble(block.values[j]);
    const DoubleDouble centred = two_sum(sums.square[j], sums.square_low[j]) - shift * total;
    // Rounding of the squares may leave less than nothing.
    out.products[j] = sums.widest[j] > 0 && centred.high > 0 ? centred : DoubleDouble(0);
  }
  return out;
}

}  // namespace talweg
