// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/fold_levels.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace talweg {
namespace {

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
