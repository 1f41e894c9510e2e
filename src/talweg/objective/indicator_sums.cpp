// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/indicator_sums.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

namespace talweg {
namespace {

// Of a < b in the triangle of those pairs.
std::size_t place_of(std::uint32_t a, std::uint32_t b) {
  return std::size_t{b} * (b - std::size_t{1}) / 2 + a;
}

// Of so many indicators.
std::size_t pairs_of(std::size_t levels) {
  return levels == 0 ? 0 : levels * (levels - 1) / 2;
}

template <class Take>
void for_each_pair(const RowBlock& block, const Take& take) {
  std::size_t begin = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::size_t end = block.level_end[r];
    for (std::size_t b = begin + 1; b < end; ++b) {
      for (std::size_t a = begin; a < b; ++a) take(r, block.levels[a], block.levels[b]);
    }
    begin = end;
  }
}

std::vector<std::uint32_t> in_order(std::size_t count) {
  std::vector<std::uint32_t> out(count);
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

}  // namespace

void PairWeights::add(const RowBlock& block) {
  block.weights.empty() ? count(block) : weigh(block);
}

void PairWeights::count(const RowBlock& block) {
  if (block.levels.empty()) return;
  const std::uint32_t highest = *std::max_element(block.levels.begin(), block.levels.end());
  const std::size_t needed = pairs_of(std::min(highest, kDenseLevels - 1) + std::size_t{1});
  if (dense_.size() < needed) dense_.resize(needed);
  if (dense_rows_ + block.rows > std::numeric_limits<std::uint32_t>::max()) spill();
  dense_rows_ += block.rows;
  std::uint32_t* const dense = dense_.data();
  for_each_pair(block, [&](std::size_t, std::uint32_t a, std::uint32_t b) {
    if (b < kDenseLevels) {
      ++dense[place_of(a, b)];
    } else {
      ++counts_[index_of(pair_key(a, b))];
    }
  });
}

void PairWeights::weigh(const RowBlock& block) {
  std::vector<std::uint32_t> into;
  std::vector<std::uint32_t> end(block.rows, 0);
  for_each_pair(block, [&](std::size_t row, std::uint32_t a, std::uint32_t b) {
    into.push_back(index_of(pair_key(a, b)));
    end[row] = static_cast<std::uint32_t>(into.size());
  });
  if (into.empty()) return;
  for (std::size_t r = 1; r < block.rows; ++r) end[r] = std::max(end[r], end[r - 1]);
  weights_.grow(keys_.size());
  const double* const term = block.weights.data();
  weights_.add({&term, 1}, block.rows, into.data(), end.data());
}

void PairWeights::spill() {
  std::uint32_t b = 1;
  for (std::size_t k = 0; k < dense_.size(); ++k) {
    if (k == pairs_of(b + std::size_t{1})) ++b;
    const auto a = static_cast<std::uint32_t>(k - pairs_of(b));
    if (dense_[k] > 0) counts_[index_of(pair_key(a, b))] += std::exchange(dense_[k], 0U);
  }
  dense_rows_ = 0;
}

void PairWeights::add(std::span<const std::uint64_t> keys, const ExactTable& weights) {
  std::vector<std::uint32_t> into;
  into.reserve(keys.size());
  for (const std::uint64_t key : keys) into.push_back(index_of(key));
  weights_.grow(keys_.size());
  weights_.add(weights, into);
}

void PairWeights::add(const PairWeights& other) {
  if (dense_rows_ + other.dense_rows_ > std::numeric_limits<std::uint32_t>::max()) spill();
  if (dense_.size() < other.dense_.size()) dense_.resize(other.dense_.size());
  for (std::size_t k = 0; k < other.dense_.size(); ++k) dense_[k] += other.dense_[k];
  dense_rows_ += other.dense_rows_;
  std::vector<std::uint32_t> into;
  for (std::size_t k = 0; k < other.keys_.size(); ++k) {
    into.push_back(index_of(other.keys_[k]));
    counts_[into.back()] += other.counts_[k];
  }
  weights_.grow(keys_.size());
  weights_.add(other.weights_, into);
}

std::size_t PairWeights::dense_levels() const {
  std::size_t levels = 0;
  while (pairs_of(levels) < dense_.size()) ++levels;
  return levels;
}

void PairWeights::write(std::vector<std::uint64_t>& keys, ExactTable& weights) const {
  struct Entry {
    std::uint64_t key;
    std::uint64_t count;
    std::optional<std::uint32_t> index;
  };
  std::vector<Entry> entries;
  const auto levels = static_cast<std::uint32_t>(dense_levels());
  for (std::uint32_t a = 0; a < levels; ++a) {
    for (std::uint32_t b = a + 1; b < levels; ++b) {
      if (const std::uint32_t count = dense_[place_of(a, b)]; count > 0)
        entries.push_back({pair_key(a, b), count, std::nullopt});
    }
  }
  for (std::uint32_t k = 0; k < keys_.size(); ++k) entries.push_back({keys_[k], counts_[k], k});
  if (!keys_.empty()) {
    std::sort(entries.begin(), entries.end(), [](const Entry& x, const Entry& y) { return x.key < y.key; });
  }
  keys.clear();
  std::vector<std::uint64_t> counts;
  std::vector<std::uint32_t> places(keys_.size());
  for (const Entry& entry : entries) {
    if (keys.empty() || keys.back() != entry.key) {
      keys.push_back(entry.key);
      counts.push_back(0);
    }
    counts.back() += entry.count;
    if (entry.index) places[*entry.index] = static_cast<std::uint32_t>(keys.size() - 1);
  }
  weights = ExactTable::of_counts(counts);
  weights.add(weights_, places);
}

std::uint32_t PairWeights::index_of(std::uint64_t key) {
  if (2 * (keys_.size() + 1) > slots_.size()) {
    slots_.assign(std::max<std::size_t>(1024, 2 * slots_.size()), kFree);
    for (std::uint32_t k = 0; k < keys_.size(); ++k) place(k);
  }
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = key * 0x9E3779B97F4A7C15ULL >> 20U & mask;
  while (slots_[at] != kFree && keys_[slots_[at]] != key) at = (at + 1) & mask;
  if (slots_[at] == kFree) {
    slots_[at] = static_cast<std::uint32_t>(keys_.size());
    keys_.push_back(key);
    counts_.push_back(0);
  }
  return slots_[at];
}

void PairWeights::place(std::uint32_t index) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = keys_[index] * 0x9E3779B97F4A7C15ULL >> 20U & mask;
  while (slots_[at] != kFree) at = (at + 1) & mask;
  slots_[at] = index;
}

void IndicatorSums::grow(std::size_t levels, std::size_t columns) {
  if (sums_.columns() != columns) sums_ = ExactTable(columns);
  if (counts_.size() < levels) counts_.resize(levels, 0);
  weights_.grow(counts_.size());
  sums_.grow(counts_.size());
}

void IndicatorSums::add(const RowBlock& block) {
  if (block.levels.empty()) return;
  const std::size_t p = block.columns;
  grow(*std::max_element(block.levels.begin(), block.levels.end()) + std::size_t{1}, p);
  // w x and w times the low part of x, each as a sum of two doubles.
  std::array<const double*, ExactTable::kMostTerms> terms{};
  std::size_t count = 0;
  thread_local std::array<std::vector<double>, ExactTable::kMostTerms> products;
  const auto take = [&](const double* numbers) {
    if (block.weights.empty()) {
      terms[count++] = numbers;
      return;
    }
    std::vector<double>& high = products[count];
    std::vector<double>& low = products[count + 1];
    high.resize(block.rows * p);
    low.resize(block.rows * p);
    for (std::size_t r = 0; r < block.rows; ++r) {
      for (std::size_t j = 0; j < p; ++j) {
        const DoubleDouble product = two_product(block.weights[r], numbers[r * p + j]);
        high[r * p + j] = product.high;
        low[r * p + j] = product.low;
      }
    }
    terms[count++] = high.data();
    terms[count++] = low.data();
  };
  take(block.values.data());
  if (!block.values_low.empty()) take(block.values_low.data());
  sums_.add({terms.data(), count}, block.rows, block.levels.data(), block.level_end.data());
  if (block.weights.empty()) {
    for (const std::uint32_t level : block.levels) ++counts_[level];
  } else {
    const double* const term = block.weights.data();
    weights_.add({&term, 1}, block.rows, block.levels.data(), block.level_end.data());
  }
  pairs_.add(block);
}

void IndicatorSums::add(const IndicatorTables& tables, std::span<const std::uint32_t> numbers) {
  if (tables.levels.empty()) return;
  const auto number = [&](std::uint32_t level) { return numbers.empty() ? level : numbers[level]; };
  std::vector<std::uint32_t> into;
  for (const std::uint32_t level : tables.levels) into.push_back(number(level));
  grow(*std::max_element(into.begin(), into.end()) + std::size_t{1}, tables.sums.columns());
  weights_.add(tables.weights, into);
  sums_.add(tables.sums, into);
  std::vector<std::uint64_t> keys;
  keys.reserve(tables.pairs.size());
  for (const std::uint64_t key : tables.pairs) {
    const std::uint32_t a = number(static_cast<std::uint32_t>(key >> 32U));
    const std::uint32_t b = number(static_cast<std::uint32_t>(key));
    keys.push_back(pair_key(std::min(a, b), std::max(a, b)));
  }
  pairs_.add(keys, tables.pair_weights);
}

void IndicatorSums::add(const IndicatorSums& other) {
  if (other.counts_.empty()) return;
  grow(other.counts_.size(), other.sums_.columns());
  for (std::size_t level = 0; level < other.counts_.size(); ++level) counts_[level] += other.counts_[level];
  const std::vector<std::uint32_t> into = in_order(other.counts_.size());
  weights_.add(other.weights_, into);
  sums_.add(other.sums_, into);
  pairs_.add(other.pairs_);
}

IndicatorTables IndicatorSums::tables() const {
  IndicatorTables out;
  ExactTable weights = ExactTable::of_counts(counts_);
  weights.add(weights_, in_order(counts_.size()));
  std::vector<std::uint32_t> places(counts_.size(), 0);
  for (std::uint32_t level = 0; level < counts_.size(); ++level) {
    if (weights.is_zero(level)) continue;
    places[level] = static_cast<std::uint32_t>(out.levels.size());
    out.levels.push_back(level);
  }
  out.sums = ExactTable(sums_.columns());
  out.weights.grow(out.levels.size());
  out.sums.grow(out.levels.size());
  if (!out.levels.empty()) {
    // What has not been seen adds zeros to the first one.
    out.weights.add(weights, places);
    out.sums.add(sums_, places);
  }
  pairs_.write(out.pairs, out.pair_weights);
  return out;
}

void IndicatorSums::write(FoldedRows& folded) const {
  IndicatorTables exact = tables();
  folded.levels = std::move(exact.levels);
  folded.level_weight.clear();
  folded.level_sums.clear();
  for (std::size_t k = 0; k < folded.levels.size(); ++k) {
    folded.level_weight.push_back(exact.weights.value(k, 0));
    for (std::size_t j = 0; j < folded.columns; ++j) folded.level_sums.push_back(exact.sums.value(k, j));
  }
  folded.pairs = std::move(exact.pairs);
  folded.pair_weight.clear();
  for (std::size_t k = 0; k < folded.pairs.size(); ++k)
    folded.pair_weight.push_back(exact.pair_weights.value(k, 0));
}

std::optional<std::size_t> IndicatorSums::out_of_range() const {
  for (std::size_t j = 0; j < sums_.columns(); ++j) {
    for (std::size_t row = 0; row < sums_.rows(); ++row) {
      if (!is_finite(sums_.value(row, j))) return j;
    }
  }
  return std::nullopt;
}

}  // namespace talweg
