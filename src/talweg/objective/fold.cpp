// SPDX-License-Identifier: Apache-2.0
// Folding one block.
#include <algorithm>
#include <cmath>
#include <utility>

#include "talweg/base/aligned.h"
#include "talweg/objective/fold_nodes.h"
#include "talweg/objective/gram_kernel.h"
#include "talweg/objective/indicator_sums.h"
#include "talweg/objective/moments.h"
#include "talweg/objective/plain_kernel.h"
#include "talweg/objective/split_kernel.h"

namespace talweg {
namespace {

// The dense columns of a block as exact differences from its first row, padded for the kernel, and what the
// kernel makes of them; kept from block to block.
struct ShiftedBlock {
  std::size_t stride = 0;
  bool low = false;                             // whether any low part is not zero
  AlignedVector<double> z_high, z_low;          // x - origin
  AlignedVector<double> wz_high, wz_low;        // w (x - origin), with weights
  AlignedVector<double> widest;                 // per column: the largest |z|
  AlignedVector<double> total_high, total_low;  // per column: sum of w z
  AlignedVector<double> sum, error;             // of the kernel
};

// total += term, each as arrays of high and low parts; see operator+ of DoubleDouble.
void add_row(double* __restrict total_high, double* __restrict total_low, const double* __restrict high,
             const double* __restrict low, std::size_t count) {
  for (std::size_t j = 0; j < count; ++j) {
    const DoubleDouble sum = DoubleDouble(total_high[j], total_low[j]) + DoubleDouble(high[j], low[j]);
    total_high[j] = sum.high;
    total_low[j] = sum.low;
  }
}

// z = x - origin of one row.
void shift_row(const double* __restrict x, const double* __restrict origin, std::size_t count,
               double* __restrict high, double* __restrict low) {
  for (std::size_t j = 0; j < count; ++j) {
    const DoubleDouble z = two_difference(x[j], origin[j]);
    high[j] = z.high;
    low[j] = z.low;
  }
}

void shift(const RowBlock& block, ShiftedBlock& out) {
  const std::size_t p = block.columns;
  const std::size_t rows = block.rows;
  out.stride = (p + kGramPadding - 1) / kGramPadding * kGramPadding;
  const std::size_t cells = rows * out.stride;
  const bool weighted = !block.weights.empty();
  for (auto* cells_of : {&out.z_high, &out.z_low}) cells_of->resize(cells);
  if (weighted) {
    for (auto* cells_of : {&out.wz_high, &out.wz_low}) cells_of->resize(cells);
  }
  for (auto* sums : {&out.widest, &out.total_high, &out.total_low}) sums->assign(out.stride, 0.0);
  double any_low = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    double* const high = &out.z_high[r * out.stride];
    double* const low = &out.z_low[r * out.stride];
    shift_row(block.values.data() + r * p, block.values.data(), p, high, low);
    if (!block.values_low.empty()) {
      for (std::size_t j = 0; j < p; ++j) {
        const DoubleDouble z = DoubleDouble(high[j], low[j]) + DoubleDouble(block.values_low[r * p + j]);
        high[j] = z.high;
        low[j] = z.low;
      }
    }
    for (std::size_t j = p; j < out.stride; ++j) high[j] = low[j] = 0;
    for (std::size_t j = 0; j < p; ++j) {
      out.widest[j] = std::max(out.widest[j], std::abs(high[j]));
      any_low = std::max(any_low, std::abs(low[j]));
    }
    if (weighted) {
      double* const w_high = &out.wz_high[r * out.stride];
      double* const w_low = &out.wz_low[r * out.stride];
      for (std::size_t j = 0; j < out.stride; ++j) {
        const DoubleDouble wz = DoubleDouble(high[j], low[j]) * DoubleDouble(block.weights[r]);
        w_high[j] = wz.high;
        w_low[j] = wz.low;
        any_low = std::max(any_low, std::abs(wz.low));
      }
      add_row(out.total_high.data(), out.total_low.data(), w_high, w_low, p);
    } else {
      add_row(out.total_high.data(), out.total_low.data(), high, low, p);
    }
  }
  out.low = any_low > 0;
}

// The sum of the weights.
DoubleDouble weight_of(const RowBlock& block) {
  if (block.weights.empty()) return static_cast<double>(block.rows);
  DoubleDouble sum;
  for (const double w : block.weights) sum += w;
  return sum;
}

// Whether any cell has more to it than its double.
bool has_low_parts(const RowBlock& block) {
  return std::any_of(block.values_low.begin(), block.values_low.end(), [](double low) { return low != 0; });
}

void fold_exactly(const RowBlock& block, FoldedRows& out) {
  thread_local ShiftedBlock shifted;
  const std::size_t p = block.columns;
  shift(block, shifted);
  const bool weighted = !block.weights.empty();
  const AlignedVector<double>& a_high = weighted ? shifted.wz_high : shifted.z_high;
  const AlignedVector<double>& a_low = weighted ? shifted.wz_low : shifted.z_low;
  GramInput input{a_high.data(), nullptr, shifted.z_high.data(), nullptr, block.rows, p, shifted.stride};
  if (shifted.low) {
    input.a_low = a_low.data();
    input.b_low = shifted.z_low.data();
  }
  shifted.sum.resize(p * shifted.stride);
  shifted.error.resize(p * shifted.stride);
  gram(input, shifted.sum.data(), shifted.error.data());

  std::vector<DoubleDouble> total(p);
  for (std::size_t j = 0; j < p; ++j) total[j] = {shifted.total_high[j], shifted.total_low[j]};
  out.widest.assign(shifted.widest.begin(), shifted.widest.begin() + static_cast<std::ptrdiff_t>(p));
  out.mean.resize(p);
  out.products.resize(p * (p + 1) / 2);
  for (std::size_t i = 0; i < p; ++i) {
    const DoubleDouble shift_mean = total[i] / out.weight;
    out.mean[i] = shift_mean + DoubleDouble(block.values[i]);
    centre_products(&shifted.sum[i * shifted.stride], &shifted.error[i * shifted.stride], shift_mean,
                    total.data(), i + 1, &out.products[packed_index(i, 0)]);
  }
}

// See split_kernel.h.
void fold_by_splitting(const RowBlock& block, FoldedRows& out) {
  thread_local SplitSums sums;
  const std::size_t p = block.columns;
  SplitInput input;
  input.values = block.values.data();
  if (!block.values_low.empty()) input.values_low = block.values_low.data();
  if (!block.weights.empty()) input.weights = block.weights.data();
  input.rows = block.rows;
  input.columns = p;
  split_gram(input, sums);
  out.error = kSplitError;
  out.widest.assign(sums.widest.begin(), sums.widest.begin() + static_cast<std::ptrdiff_t>(p));
  std::vector<DoubleDouble> total(p);
  out.mean.resize(p);
  out.products.resize(p * (p + 1) / 2);
  for (std::size_t i = 0; i < p; ++i) {
    total[i] = two_sum(sums.total_high[i], sums.total_low[i]);
    const DoubleDouble shift_mean = total[i] / out.weight;
    out.mean[i] = shift_mean + DoubleDouble(sums.origin[i]);
    centre_products(&sums.sum[i * sums.stride], &sums.error[i * sums.stride], shift_mean, total.data(), i + 1,
                    &out.products[packed_index(i, 0)]);
  }
}

// Columns that plain double does not do for: means, and products with every other column, in double-double,
// rounded.
void fold_poor_columns(const RowBlock& block, const std::vector<std::size_t>& poor, FoldedRows& out) {
  FoldedRows exact;
  exact.weight = out.weight;
  fold_exactly(block, exact);
  for (const std::size_t k : poor) {
    out.mean[k] = exact.mean[k];
    out.widest[k] = exact.widest[k];
    for (std::size_t j = 0; j < block.columns; ++j)
      out.plain[packed_index(k, j)] = exact.products[packed_index(k, j)].value();
  }
}

// See plain_kernel.h.
void fold_plainly(const RowBlock& block, FoldedRows& out, ProductsPool& pool) {
  thread_local PlainSums sums;
  const std::size_t p = block.columns;
  PlainInput input;
  input.values = block.values.data();
  if (!block.weights.empty()) input.weights = block.weights.data();
  input.weight = out.weight.value();
  input.rows = block.rows;
  input.columns = p;
  plain_gram(input, sums);
  out.error = kPlainNodeError;
  out.widest.assign(sums.widest.begin(), sums.widest.begin() + static_cast<std::ptrdiff_t>(p));
  out.mean.resize(p);
  out.plain = pool.take(p * (p + 1) / 2);
  for (std::size_t i = 0; i < p; ++i) {
    const double shift_mean = sums.total[i] / input.weight;
    out.mean[i] = two_sum(sums.origin[i], shift_mean);
    plain_centre(&sums.sum[i * sums.stride], -shift_mean, sums.total.data(), i + 1,
                 &out.plain[packed_index(i, 0)]);
  }
  if (!sums.poor.empty()) fold_poor_columns(block, sums.poor, out);
}

}  // namespace

FoldedRows fold_node(const RowBlock& block, FoldArithmetic arithmetic, ProductsPool& pool) {
  FoldedRows out;
  out.rows = block.rows;
  out.columns = block.columns;
  if (block.rows == 0) return out;
  out.weight = weight_of(block);
  const std::size_t width = std::max(block.columns, arithmetic.table_columns);
  if (folds_exactly(block.number, width)) {
    fold_exactly(block, out);
  } else if (arithmetic.bulk == BulkArithmetic::split || has_low_parts(block)) {
    fold_by_splitting(block, out);
  } else {
    fold_plainly(block, out, pool);
  }
  return out;
}

FoldedRows fold_block(const RowBlock& block, FoldArithmetic arithmetic) {
  ProductsPool pool;
  FoldedRows out = fold_node(block, arithmetic, pool);
  widen(out, pool);
  IndicatorSums indicators;
  indicators.add(block);
  indicators.write(out);
  return out;
}

bool folds_exactly(std::uint64_t block_number, std::size_t table_columns) {
  constexpr double kExactProducts = 1e7;
  const auto width = static_cast<double>(table_columns);
  return static_cast<double>(block_number) * kBlockRows * width * width < kExactProducts;
}

}  // namespace talweg
