// SPDX-License-Identifier: Apache-2.0
// What indicators (levels of text columns, gaps of numeric ones) leave behind of the rows:
//   W_l   the weight of the rows that have indicator l         T_lj  the sum of w x_j over them
//   W_lk  the weight of the rows that have l and k
// Every one is an exact sum (exact_table.h; rows of weight 1 are counted), so it belongs to no node of the
// fold's tree: rows may be added in any order, on any thread.
//
// Counts of pairs of the first kDenseLevels indicators have a place each in a triangle; other pairs, and
// pairs in rows with weights, are in an open table of hashes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "talweg/data/row_block.h"
#include "talweg/objective/exact_table.h"
#include "talweg/objective/moments.h"

namespace talweg {

/// Indicators a < b as one number.
inline std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) {
  return (static_cast<std::uint64_t>(a) << 32U) | b;
}

/// Such sums by the indicators that have been seen, ascending.
struct IndicatorTables {
  std::vector<std::uint32_t> levels;
  ExactTable weights{1};
  ExactTable sums;
  std::vector<std::uint64_t> pairs;  ///< pair_key
  ExactTable pair_weights{1};
};

/// The weights of pairs.
class PairWeights {
 public:
  void add(const RowBlock& block);
  void add(std::span<const std::uint64_t> keys, const ExactTable& weights);
  void add(const PairWeights& other);
  /// What is not zero, ascending.
  void write(std::vector<std::uint64_t>& keys, ExactTable& weights) const;

 private:
  static constexpr std::uint32_t kDenseLevels = 1024;
  static constexpr std::uint32_t kFree = 0xFFFFFFFFU;

  void count(const RowBlock& block);
  void weigh(const RowBlock& block);
  void spill();
  [[nodiscard]] std::size_t dense_levels() const;
  std::uint32_t index_of(std::uint64_t key);
  void place(std::uint32_t index);

  std::vector<std::uint32_t> dense_;  // counts, packed triangle without its diagonal
  std::uint64_t dense_rows_ = 0;      // none of `dense_` is larger
  std::vector<std::uint32_t> slots_;  // a power of two, at most half of them taken: places in `keys_`
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint64_t> counts_;
  ExactTable weights_{1};
};

class IndicatorSums {
 public:
  /// Adds the rows of a block; all blocks have the same dense columns.
  void add(const RowBlock& block);
  void add(const IndicatorSums& other);
  /// Indicator k of the tables is numbers[k] here; without numbers it is k.
  void add(const IndicatorTables& tables, std::span<const std::uint32_t> numbers = {});
  [[nodiscard]] IndicatorTables tables() const;
  /// As part of a fold.
  void write(FoldedRows& folded) const;
  /// The first dense column whose sums leave the range of a double.
  [[nodiscard]] std::optional<std::size_t> out_of_range() const;

 private:
  void grow(std::size_t levels, std::size_t columns);

  std::vector<std::uint64_t> counts_;  // rows of weight 1
  ExactTable weights_{1};              // of the others
  ExactTable sums_;
  PairWeights pairs_;
};

}  // namespace talweg
