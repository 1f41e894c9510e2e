// SPDX-License-Identifier: Apache-2.0
// Folding one block and merging folds.
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "talweg/objective/gram_kernel.h"
#include "talweg/objective/moments.h"
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

double weight_of(const RowBlock& block, std::size_t row) {
  return block.weights.empty() ? 1 : block.weights[row];
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

// The many rows of large tables: see split_kernel.h.
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

void fold_levels(const RowBlock& block, FoldedRows& out) {
  if (block.levels.empty()) return;
  const std::size_t p = block.columns;
  out.levels = block.levels;
  std::sort(out.levels.begin(), out.levels.end());
  out.levels.erase(std::unique(out.levels.begin(), out.levels.end()), out.levels.end());
  out.level_weight.resize(out.levels.size());
  out.level_sums.resize(out.levels.size() * p);
  std::vector<std::pair<std::uint64_t, std::size_t>>
      row_pairs;  // in row order inside equal keys after a stable sort
  std::vector<DoubleDouble> weighted(p);
  std::size_t begin = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::size_t end = block.level_end[r];
    const double w = weight_of(block, r);
    for (std::size_t j = 0; j < p && begin < end; ++j) {
      weighted[j] = two_product(w, block.values[r * p + j]);
      if (!block.values_low.empty()) weighted[j] += two_product(w, block.values_low[r * p + j]);
    }
    for (std::size_t a = begin; a < end; ++a) {
      const auto found = std::lower_bound(out.levels.begin(), out.levels.end(), block.levels[a]);
      const auto index = static_cast<std::size_t>(found - out.levels.begin());
      out.level_weight[index] += w;
      for (std::size_t j = 0; j < p; ++j) out.level_sums[index * p + j] += weighted[j];
      for (std::size_t b = a + 1; b < end; ++b) {
        row_pairs.emplace_back((static_cast<std::uint64_t>(block.levels[a]) << 32U) | block.levels[b], r);
      }
    }
    begin = end;
  }
  std::sort(row_pairs.begin(), row_pairs.end());
  for (const auto& [key, row] : row_pairs) {
    if (out.pairs.empty() || out.pairs.back() != key) {
      out.pairs.push_back(key);
      out.pair_weight.emplace_back();
    }
    out.pair_weight.back() += weight_of(block, row);
  }
}

// Adds the sorted keyed sums of `right` into those of `left`; each key carries `width` numbers.
template <class Key>
void add_sorted(std::vector<Key>& keys, std::vector<DoubleDouble>& left, const std::vector<Key>& right_keys,
                const std::vector<DoubleDouble>& right, std::size_t width) {
  if (std::includes(keys.begin(), keys.end(), right_keys.begin(), right_keys.end())) {
    std::size_t at = 0;
    for (std::size_t k = 0; k < right_keys.size(); ++k) {
      while (keys[at] != right_keys[k]) ++at;
      for (std::size_t j = 0; j < width; ++j) left[at * width + j] += right[k * width + j];
    }
    return;
  }
  std::vector<Key> all;
  std::vector<DoubleDouble> sums;
  all.reserve(keys.size() + right_keys.size());
  sums.reserve((keys.size() + right_keys.size()) * width);
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < keys.size() || b < right_keys.size()) {
    const bool from_left = a < keys.size() && (b == right_keys.size() || keys[a] <= right_keys[b]);
    const bool from_right = b < right_keys.size() && (a == keys.size() || right_keys[b] <= keys[a]);
    all.push_back(from_left ? keys[a] : right_keys[b]);
    for (std::size_t j = 0; j < width; ++j) {
      if (from_left && from_right) {
        sums.push_back(left[a * width + j] + right[b * width + j]);
      } else {
        sums.push_back(from_left ? left[a * width + j] : right[b * width + j]);
      }
    }
    a += from_left ? 1 : 0;
    b += from_right ? 1 : 0;
  }
  keys = std::move(all);
  left = std::move(sums);
}

}  // namespace

FoldedRows fold_block(const RowBlock& block) {
  FoldedRows out;
  out.rows = block.rows;
  out.columns = block.columns;
  if (block.rows == 0) return out;
  for (std::size_t r = 0; r < block.rows; ++r) out.weight += weight_of(block, r);
  if (folds_exactly(block.number, block.columns)) {
    fold_exactly(block, out);
  } else {
    fold_by_splitting(block, out);
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
  for (std::size_t i = 0; i < p; ++i) {
    const std::size_t row = packed_index(i, 0);
    merge_products(&left.products[row], &right.products[row], factor * delta[i], delta.data(), i + 1);
  }
  for (std::size_t j = 0; j < p; ++j) {
    left.mean[j] += delta[j] * share;
    left.widest[j] = std::max({left.widest[j], right.widest[j], std::abs(delta[j].high)});
  }
  left.error = std::max(left.error, right.error);
  left.rows += right.rows;
  left.weight = weight;
  std::vector<std::uint32_t> level_keys = left.levels;
  add_sorted(level_keys, left.level_weight, right.levels, right.level_weight, 1);
  add_sorted(left.levels, left.level_sums, right.levels, right.level_sums, p);
  add_sorted(left.pairs, left.pair_weight, right.pairs, right.pair_weight, 1);
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
                                    std::uint64_t end_block) {
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
    parts.push_back({block.number, fold_block(block)});
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
