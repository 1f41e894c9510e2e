// SPDX-License-Identifier: Apache-2.0
// Sums over rows in memory: groups of blocks one block after the other, the groups in the aligned tree over
// block numbers, so that the bits do not depend on the number of threads.
#pragma once

#include <hwy/aligned_allocator.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "talweg/objective/dense_rows.h"

namespace talweg {

class RowGather {
 public:
  /// What a thread needs for a block, `block_rows` numbers each.
  struct Scratch {
    Scratch(std::size_t block_rows, std::size_t columns);
    std::vector<double> f, value, slope, curvature;
    hwy::AlignedFreeUniquePtr<double[]> lanes;  ///< eight a column
  };

  /// The rows are finished and live as long as this.
  RowGather(const DenseRows& rows, unsigned threads);
  ~RowGather();

  /// leaf(block, scratch, out) adds what a block has to `width` numbers, which start at zero. The sums of all
  /// blocks, until the next call.
  const double* sums(std::size_t width,
                     const std::function<void(const DenseRows::Block&, Scratch&, double*)>& leaf);
  /// leaf(index, block, scratch) for every block, in any order.
  void each(const std::function<void(std::size_t, const DenseRows::Block&, Scratch&)>& leaf);
  /// The same of the blocks [begin, end), which counts as a visit where it begins with the first one.
  void each_of(std::size_t begin, std::size_t end,
               const std::function<void(std::size_t, const DenseRows::Block&, Scratch&)>& leaf);
  /// Visits of the rows so far.
  [[nodiscard]] std::uint64_t passes() const { return passes_; }

 private:
  struct Threads;
  const DenseRows& rows_;
  unsigned threads_ = 0;
  std::uint64_t passes_ = 0;
  std::unique_ptr<Threads> scratch_;
  std::vector<double> slots_;                 // what is left of each group
  std::vector<std::uint64_t> group_numbers_;  // leaves of the tree
  std::vector<std::size_t> group_end_;        // index behind the last block of a group
};

}  // namespace talweg
