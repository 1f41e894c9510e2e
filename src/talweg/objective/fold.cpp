// SPDX-License-Identifier: Apache-2.0
// Folding one block and merging folds.
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "talweg/objective/fold_levels.h"
#include "talweg/objective/gram_kernel.h"
#include "talweg/objective/moments.h"
#include "talweg/objective/plain_kernel.h"
#include "talweg/objective/split_kernel.h"

namespace talweg {
namespace {

// The dense columns of a block as exact differences from its first row, padded for the kernel.
struct ShiftedBlock {
  std::size_t stride = 0;
  bool low = false;                     // whether any low part is not zero
  std::vector<double> z_high, z_low;    // x - origin
  std::vector<double> wz_high, wz_low;  // w (x - origin); empty without weights
};

ShiftedBlock shift(const RowBlock& block) {
  ShiftedBlock out;
  const std::size_t p = block.columns;
  out.stride = (p + kGramPadding - 1) / kGramPadding * kGramPadding;
  out.z_high.assign(block.rows * out.stride, 0);
  out.z_low.assign(block.rows * out.stride, 0);
  double any_low = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    for (std::size_t j = 0; j < p; ++j) {
      DoubleDouble z = two_difference(block.values[r * p + j], block.values[j]);
      if (!block.values_low.empty()) z = z + DoubleDouble(block.values_low[r * p + j]);
      out.z_high[r * out.stride + j] = z.high;
      out.z_low[r * out.stride + j] = z.low;
      any_low += z.low != 0 ? 1 : 0;
    }
  }
  out.low = any_low > 0;
  if (!block.weights.empty()) {
    out.wz_high.assign(out.z_high.size(), 0);
    out.wz_low.assign(out.z_high.size(), 0);
    for (std::size_t r = 0; r < block.rows; ++r) {
      for (std::size_t j = 0; j < p; ++j) {
        const std::size_t at = r * out.stride + j;
        const DoubleDouble wz = DoubleDouble(out.z_high[at], out.z_low[at]) * DoubleDouble(block.weights[r]);
        out.wz_high[at] = wz.high;
        out.wz_low[at] = wz.low;
        out.low = out.low || wz.low != 0;
      }
    }
  }
  return out;
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
  const std::size_t p = block.columns;
  const ShiftedBlock shifted = shift(block);
  const bool weighted = !block.weights.empty();
  const std::vector<double>& a_high = weighted ? shifted.wz_high : shifted.z_high;
  const std::vector<double>& a_low = weighted ? shifted.wz_low : shifted.z_low;
  GramInput input{a_high.data(), nullptr, shifted.z_high.data(), nullptr, block.rows, p, shifted.stride};
  if (shifted.low) {
    input.a_low = a_low.data();
    input.b_low = shifted.z_low.data();
  }
  std::vector<double> sum(p * shifted.stride);
  std::vector<double> error(p * shifted.stride);
  gram(input, sum.data(), error.data());

  std::vector<DoubleDouble> total(p);
  for (std::size_t r = 0; r < block.rows; ++r) {
    for (std::size_t j = 0; j < p; ++j) {
      total[j] += DoubleDouble(a_high[r * shifted.stride + j], a_low[r * shifted.stride + j]);
    }
  }
  out.widest.assign(p, 0.0);
  for (std::size_t r = 0; r < block.rows; ++r) {
    for (std::size_t j = 0; j < p; ++j) {
      out.widest[j] = std::max(out.widest[j], std::abs(shifted.z_high[r * shifted.stride + j]));
    }
  }
  out.mean.resize(p);
  out.products.resize(p * (p + 1) / 2);
  for (std::size_t i = 0; i < p; ++i) {
    const DoubleDouble shift_mean = total[i] / out.weight;
    out.mean[i] = shift_mean + DoubleDouble(block.values[i]);
    for (std::size_t j = 0; j <= i; ++j) {
      const std::size_t at = i * shifted.stride + j;
      out.products[packed_index(i, j)] = two_sum(sum[at], error[at]) - shift_mean * total[j];
    }
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

// See plain_kernel.h; false where the block has to be folded in another way.
bool fold_plainly(const RowBlock& block, FoldedRows& out) {
  thread_local PlainSums sums;
  const std::size_t p = block.columns;
  PlainInput input;
  input.values = block.values.data();
  if (!block.weights.empty()) input.weights = block.weights.data();
  input.weight = out.weight.value();
  input.rows = block.rows;
  input.columns = p;
  if (!plain_gram(input, sums)) return false;
  out.error = kPlainNodeError;
  out.widest.assign(sums.widest.begin(), sums.widest.begin() + static_cast<std::ptrdiff_t>(p));
  out.mean.resize(p);
  out.products.resize(p * (p + 1) / 2);
  for (std::size_t i = 0; i < p; ++i) {
    const double shift_mean = sums.total[i] / input.weight;
    out.mean[i] = two_sum(sums.origin[i], shift_mean);
    plain_centre(&sums.sum[i * sums.stride], -shift_mean, sums.total.data(), i + 1,
                 &out.products[packed_index(i, 0)]);
  }
  return true;
}

// Whether both are the folds of few rows in plain double: their products have no low parts, and the sum of
// these needs none.
bool merges_plainly(const FoldedRows& left, const FoldedRows& right) {
  return left.error == kPlainNodeError && right.error == kPlainNodeError &&
         left.rows + right.rows <= kPlainNodeRows;
}

}  // namespace

FoldedRows fold_block(const RowBlock& block, BulkArithmetic bulk) {
  FoldedRows out;
  out.rows = block.rows;
  out.columns = block.columns;
  if (block.rows == 0) return out;
  out.weight = weight_of(block);
  if (folds_exactly(block.number, block.columns)) {
    fold_exactly(block, out);
  } else if (bulk == BulkArithmetic::split || has_low_parts(block)) {
    fold_by_splitting(block, out);
  } else if (!fold_plainly(block, out)) {
    fold_exactly(block, out);
  }
  fold_levels(block, out);
  return out;
}

bool folds_exactly(std::uint64_t block_number, std::size_t columns) {
  constexpr double kExactProducts = 1e8;
  const auto width = static_cast<double>(columns);
  return static_cast<double>(block_number) * kBlockRows * width * width < kExactProducts;
}

FoldedRows merge(FoldedRows left, const FoldedRows& right) {
  if (right.rows == 0) return left;
  if (left.rows == 0) return right;
  const std::size_t p = left.columns;
  const DoubleDouble weight = left.weight + right.weight;
  const DoubleDouble share = right.weight / weight;
  const DoubleDouble factor = left.weight * share;
  std::vector<DoubleDouble> delta(p);
  for (std::size_t j = 0; j < p; ++j) delta[j] = right.mean[j] - left.mean[j];
  const bool plain = merges_plainly(left, right);
  std::vector<DoubleDouble> rounded;
  if (plain) {
    for (const DoubleDouble& d : delta) rounded.emplace_back(d.value(), 0.0);
  }
  for (std::size_t i = 0; i < p; ++i) {
    const std::size_t row = packed_index(i, 0);
    if (plain) {
      plain_merge(&left.products[row], &right.products[row], (factor * delta[i]).value(), rounded.data(),
                  i + 1);
    } else {
      merge_products(&left.products[row], &right.products[row], factor * delta[i], delta.data(), i + 1);
    }
  }
  for (std::size_t j = 0; j < p; ++j) {
    left.mean[j] += delta[j] * share;
    left.widest[j] = std::max({left.widest[j], right.widest[j], std::abs(delta[j].high)});
  }
  const double error = std::max(left.error, right.error);
  left.error = !plain && error == kPlainNodeError ? kPlainError : error;
  left.rows += right.rows;
  left.weight = weight;
  merge_levels(left, right);
  return left;
}

namespace {

// Whether the smallest node that holds both blocks lies inside [first_block, end_block).
bool common_node_inside(std::uint64_t a, std::uint64_t b, std::uint64_t first_block,
                        std::uint64_t end_block) {
  const auto level = static_cast<unsigned>(std::bit_width(a ^ b));
  const std::uint64_t begin = level >= 64 ? 0 : a >> level << level;
  const std::uint64_t last = level >= 64 ? ~0ULL : begin + ((1ULL << level) - 1);
  return begin >= first_block && last < end_block;
}

}  // namespace

std::vector<FoldedPart> fold_blocks(std::span<const RowBlock> blocks, std::uint64_t first_block,
                                    std::uint64_t end_block, BulkArithmetic bulk) {
  std::vector<FoldedPart> parts;
  const auto merge_last_two = [&] {
    FoldedPart right = std::move(parts.back());
    parts.pop_back();
    parts.back().folded = merge(std::move(parts.back().folded), right.folded);
    parts.back().block = right.block;
  };
  // A pair is merged when what follows lies outside its node, as FoldTree does.
  const auto settle = [&](std::optional<std::uint64_t> next) {
    while (parts.size() > 1) {
      const std::uint64_t below = parts[parts.size() - 2].block;
      const std::uint64_t top = parts.back().block;
      const bool next_is_nearer = next && std::bit_width(below ^ top) >= std::bit_width(top ^ *next);
      if (next_is_nearer || !common_node_inside(below, top, first_block, end_block)) break;
      merge_last_two();
    }
  };
  for (const RowBlock& block : blocks) {
    settle(block.number);
    parts.push_back({block.number, fold_block(block, bulk)});
  }
  settle(std::nullopt);
  return parts;
}

void FoldTree::merge_top() {
  FoldedPart right = std::move(stack_.back());
  stack_.pop_back();
  stack_.back().folded = merge(std::move(stack_.back().folded), right.folded);
  stack_.back().block = right.block;
}

void FoldTree::add(FoldedPart part) {
  if (!stack_.empty()) {
    // Every node that lies with the previous block on one side of the lowest common ancestor with this one is
    // complete.
    const auto ancestor = std::bit_width(stack_.back().block ^ part.block);
    while (stack_.size() > 1) {
      const FoldedPart& below = stack_[stack_.size() - 2];
      if (std::bit_width(below.block ^ stack_.back().block) >= ancestor) break;
      if (!common_node_inside(below.block, stack_.back().block, first_block_, ~0ULL)) break;
      merge_top();
    }
  }
  stack_.push_back(std::move(part));
}

std::vector<FoldedPart> FoldTree::take_parts(std::uint64_t end_block) {
  while (stack_.size() > 1) {
    const std::uint64_t below = stack_[stack_.size() - 2].block;
    if (!common_node_inside(below, stack_.back().block, first_block_, end_block)) break;
    merge_top();
  }
  return std::exchange(stack_, {});
}

FoldedRows FoldTree::finish() {
  while (stack_.size() > 1) merge_top();
  FoldedRows out = stack_.empty() ? FoldedRows{} : std::move(stack_.back().folded);
  stack_.clear();
  return out;
}

}  // namespace talweg
