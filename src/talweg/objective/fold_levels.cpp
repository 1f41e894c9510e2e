// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/fold_levels.h"

#include <algorithm>
#include <utility>

namespace talweg {
namespace {

double weight_of(const RowBlock& block, std::size_t row) {
  return block.weights.empty() ? 1 : block.weights[row];
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

void merge_levels(FoldedRows& left, const FoldedRows& right) {
  if (right.levels.empty()) return;
  std::vector<std::uint32_t> level_keys = left.levels;
  add_sorted(level_keys, left.level_weight, right.levels, right.level_weight, 1);
  add_sorted(left.levels, left.level_sums, right.levels, right.level_sums, left.columns);
  add_sorted(left.pairs, left.pair_weight, right.pairs, right.pair_weight, 1);
}

}  // namespace talweg
