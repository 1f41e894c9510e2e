// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/fold_levels.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace talweg {
namespace {

// Kept from block to block.
struct Scratch {
  std::vector<std::uint64_t> seen;   // a bit for each level
  std::vector<std::uint32_t> index;  // of each level seen, among those of the block
  std::vector<std::uint64_t> pairs;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> weighted_pairs;
  std::vector<DoubleDouble> cells;
};

// The levels of the block, ascending, and their places.
void number_levels(const RowBlock& block, Scratch& scratch, std::vector<std::uint32_t>& levels) {
  const std::uint32_t highest = *std::max_element(block.levels.begin(), block.levels.end());
  scratch.seen.assign(highest / 64 + std::size_t{1}, 0);
  if (scratch.index.size() <= highest) scratch.index.resize(highest + std::size_t{1});
  for (const std::uint32_t level : block.levels) scratch.seen[level / 64] |= std::uint64_t{1} << (level % 64);
  for (std::size_t word = 0; word < scratch.seen.size(); ++word) {
    for (std::uint64_t bits = scratch.seen[word]; bits != 0; bits &= bits - 1) {
      const auto level =
          static_cast<std::uint32_t>(64 * word + static_cast<std::size_t>(std::countr_zero(bits)));
      scratch.index[level] = static_cast<std::uint32_t>(levels.size());
      levels.push_back(level);
    }
  }
}

std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) {
  return (static_cast<std::uint64_t>(a) << 32U) | b;
}

// Counts: whole numbers, exact in any order.
void count_pairs(const RowBlock& block, Scratch& scratch, FoldedRows& out) {
  scratch.pairs.clear();
  std::size_t begin = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::size_t end = block.level_end[r];
    for (std::size_t a = begin; a < end; ++a) {
      for (std::size_t b = a + 1; b < end; ++b)
        scratch.pairs.push_back(pair_key(block.levels[a], block.levels[b]));
    }
    begin = end;
  }
  std::sort(scratch.pairs.begin(), scratch.pairs.end());
  out.pairs.reserve(scratch.pairs.size());
  out.pair_weight.reserve(scratch.pairs.size());
  for (std::size_t k = 0; k < scratch.pairs.size();) {
    std::size_t next = k + 1;
    while (next < scratch.pairs.size() && scratch.pairs[next] == scratch.pairs[k]) ++next;
    out.pairs.push_back(scratch.pairs[k]);
    out.pair_weight.emplace_back(static_cast<double>(next - k));
    k = next;
  }
}

// Sums of weights, in row order.
void weigh_pairs(const RowBlock& block, Scratch& scratch, FoldedRows& out) {
  scratch.weighted_pairs.clear();
  std::size_t begin = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::size_t end = block.level_end[r];
    for (std::size_t a = begin; a < end; ++a) {
      for (std::size_t b = a + 1; b < end; ++b)
        scratch.weighted_pairs.emplace_back(pair_key(block.levels[a], block.levels[b]),
                                            static_cast<std::uint32_t>(r));
    }
    begin = end;
  }
  std::sort(scratch.weighted_pairs.begin(), scratch.weighted_pairs.end());
  for (const auto& [key, row] : scratch.weighted_pairs) {
    if (out.pairs.empty() || out.pairs.back() != key) {
      out.pairs.push_back(key);
      out.pair_weight.emplace_back();
    }
    out.pair_weight.back() += block.weights[row];
  }
}

void add_row(DoubleDouble* to, const DoubleDouble* from, std::size_t width) {
  for (std::size_t j = 0; j < width; ++j) to[j] += from[j];
}

// The places of the keys of `right` among those of `left`; false where one is missing.
template <class Key>
bool find_places(const std::vector<Key>& left, const std::vector<Key>& right,
                 std::vector<std::uint32_t>& places) {
  places.resize(right.size());
  std::size_t at = 0;
  for (std::size_t k = 0; k < right.size(); ++k) {
    while (at < left.size() && left[at] < right[k]) ++at;
    if (at == left.size() || left[at] != right[k]) return false;
    places[k] = static_cast<std::uint32_t>(at);
  }
  return true;
}

template <class Key>
void unite(const std::vector<Key>& left, const std::vector<Key>& right, std::vector<Key>& all) {
  all.clear();
  all.reserve(left.size() + right.size());
  std::set_union(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(all));
}

template <class Key>
std::vector<DoubleDouble> united_sums(const std::vector<Key>& all, const std::vector<Key>& left_keys,
                                      const std::vector<DoubleDouble>& left,
                                      const std::vector<Key>& right_keys,
                                      const std::vector<DoubleDouble>& right, std::size_t width) {
  std::vector<DoubleDouble> sums;
  sums.reserve(all.size() * width);
  std::size_t a = 0;
  std::size_t b = 0;
  for (const Key& key : all) {
    const bool from_left = a < left_keys.size() && left_keys[a] == key;
    const bool from_right = b < right_keys.size() && right_keys[b] == key;
    const DoubleDouble* const first = from_left ? &left[a * width] : &right[b * width];
    sums.insert(sums.end(), first, first + width);
    if (from_left && from_right) add_row(&sums[sums.size() - width], &right[b * width], width);
    a += from_left ? 1 : 0;
    b += from_right ? 1 : 0;
  }
  return sums;
}

// Of these there are many: in one pass.
void merge_pairs(FoldedRows& left, const FoldedRows& right) {
  const std::size_t lefts = left.pairs.size();
  const std::size_t rights = right.pairs.size();
  std::vector<std::uint64_t> keys(lefts + rights);
  std::vector<DoubleDouble> weights(lefts + rights);
  std::size_t a = 0;
  std::size_t b = 0;
  std::size_t count = 0;
  while (a < lefts && b < rights) {
    const std::uint64_t key_a = left.pairs[a];
    const std::uint64_t key_b = right.pairs[b];
    const bool from_left = key_a <= key_b;
    const bool from_right = key_b <= key_a;
    keys[count] = from_left ? key_a : key_b;
    weights[count] = from_left ? left.pair_weight[a] : right.pair_weight[b];
    if (from_left && from_right) weights[count] += right.pair_weight[b];
    ++count;
    a += from_left ? 1 : 0;
    b += from_right ? 1 : 0;
  }
  const auto take_rest = [&](const FoldedRows& from, std::size_t at) {
    const auto begin = static_cast<std::ptrdiff_t>(at);
    std::copy(from.pairs.begin() + begin, from.pairs.end(),
              keys.begin() + static_cast<std::ptrdiff_t>(count));
    std::copy(from.pair_weight.begin() + begin, from.pair_weight.end(),
              weights.begin() + static_cast<std::ptrdiff_t>(count));
    count += from.pairs.size() - at;
  };
  take_rest(left, a);
  take_rest(right, b);
  keys.resize(count);
  weights.resize(count);
  left.pairs = std::move(keys);
  left.pair_weight = std::move(weights);
}

}  // namespace

void fold_levels(const RowBlock& block, FoldedRows& out) {
  if (block.levels.empty()) return;
  thread_local Scratch scratch;
  const std::size_t p = block.columns;
  const bool weighted = !block.weights.empty();
  number_levels(block, scratch, out.levels);
  out.level_weight.resize(out.levels.size());
  out.level_sums.resize(out.levels.size() * p);
  scratch.cells.resize(p);
  std::size_t begin = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::size_t end = block.level_end[r];
    if (begin == end) continue;
    const double* const row = block.values.data() + r * p;
    const double w = weighted ? block.weights[r] : 1;
    for (std::size_t j = 0; j < p; ++j) {
      // The product with 1 is exact.
      scratch.cells[j] = weighted ? two_product(w, row[j]) : DoubleDouble(row[j]);
      if (!block.values_low.empty()) scratch.cells[j] += two_product(w, block.values_low[r * p + j]);
    }
    for (; begin < end; ++begin) {
      const std::size_t index = scratch.index[block.levels[begin]];
      out.level_weight[index] += w;
      add_row(&out.level_sums[index * p], scratch.cells.data(), p);
    }
  }
  weighted ? weigh_pairs(block, scratch, out) : count_pairs(block, scratch, out);
}

void merge_levels(FoldedRows& left, const FoldedRows& right) {
  if (right.levels.empty()) return;
  thread_local std::vector<std::uint32_t> places;
  const std::size_t p = left.columns;
  if (find_places(left.levels, right.levels, places)) {
    for (std::size_t k = 0; k < places.size(); ++k) {
      left.level_weight[places[k]] += right.level_weight[k];
      if (p > 0) add_row(&left.level_sums[places[k] * p], &right.level_sums[k * p], p);
    }
  } else {
    std::vector<std::uint32_t> all;
    unite(left.levels, right.levels, all);
    left.level_weight = united_sums(all, left.levels, left.level_weight, right.levels, right.level_weight, 1);
    left.level_sums = united_sums(all, left.levels, left.level_sums, right.levels, right.level_sums, p);
    left.levels = std::move(all);
  }
  if (find_places(left.pairs, right.pairs, places)) {
    for (std::size_t k = 0; k < places.size(); ++k) left.pair_weight[places[k]] += right.pair_weight[k];
  } else {
    merge_pairs(left, right);
  }
}

}  // namespace talweg
