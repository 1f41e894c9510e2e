// SPDX-License-Identifier: Apache-2.0
// A sample of the rows for pictures, taken while the table is folded: small and the same whatever the number
// of threads and however the table is cut into files.
//
// A row is kept where hash(number) < threshold; when there is no room left the threshold is halved and the
// rows above it go. What is kept at the end is thus { row : hash(number) < T } with the largest T of 2^64,
// 2^63, ... that leaves no more rows than there is room for: a function of the row numbers alone, and a
// simple random sample as far as the hash is one (the finaliser of SplitMix64: Steele, Lea, Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014). The number of a row is its block's number times
// kBlockRows plus its place among the used rows of the block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "talweg/data/row_block.h"

namespace talweg {

struct SampledRow {
  std::uint64_t number = 0;
  std::uint64_t record = 0;  ///< its record's number in the table (data/row_parts.h)
  double weight = 1;
  std::vector<double> values;         ///< the dense columns of its block
  std::vector<std::uint32_t> levels;  ///< indicators that are 1 in this row, ascending
};

class RowSampler {
 public:
  /// Room for `most_rows` rows, fewer where they are so wide that they would hold more than kMostValues
  /// numbers.
  explicit RowSampler(std::size_t most_rows) : most_rows_(most_rows) {}

  static constexpr std::size_t kMostValues = std::size_t{1} << 20U;

  /// Blocks in ascending order.
  void add(const RowBlock& block);
  /// The rows kept, in ascending order.
  [[nodiscard]] std::vector<SampledRow> finish() { return std::move(rows_); }

 private:
  void halve();

  std::size_t most_rows_;
  std::uint64_t threshold_ = ~std::uint64_t{0};
  std::vector<SampledRow> rows_;
};

/// The hash of a row number.
std::uint64_t row_hash(std::uint64_t number);

}  // namespace talweg
