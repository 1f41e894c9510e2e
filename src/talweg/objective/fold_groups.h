// SPDX-License-Identifier: Apache-2.0
// The lower levels of the fold's tree, on several threads. Blocks come in any order; the one that completes a
// node of up to kGroupBlocks blocks merges it, whoever it is, so merging runs as parallel as folding. What
// becomes of a group of blocks is the same in any order. Indicators are summed beside the tree, by
// each thread for itself.
#pragma once

#include <tbb/enumerable_thread_specific.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "talweg/objective/fold_nodes.h"
#include "talweg/objective/indicator_sums.h"
#include "talweg/objective/moments.h"

namespace talweg {

class FoldGroups {
 public:
  static constexpr std::uint64_t kGroupBlocks = 16;

  explicit FoldGroups(FoldArithmetic arithmetic) : arithmetic_(arithmetic) {}

  /// Folds a block with rows; on any thread, each block once.
  void add(const RowBlock& block);
  /// Gives the tree, in order, what the groups that lie before `end_block` have been folded into. Every block
  /// before `end_block` that has rows has been added, and none of an earlier group is added afterwards.
  void gather(std::uint64_t end_block, FoldTree& tree);
  /// The same with all groups: the end of the table.
  void finish(FoldTree& tree) { gather(~std::uint64_t{0}, tree); }
  /// Of all blocks; once no thread adds any more.
  [[nodiscard]] IndicatorSums indicators() const;

 private:
  // Nodes that wait for their siblings, as in a heap: 1 is the whole group, 2k and 2k + 1 are the halves of
  // k, kGroupBlocks + b is block b.
  struct Group {
    std::mutex mutex;
    std::array<std::unique_ptr<FoldedRows>, 2 * kGroupBlocks> waiting;
  };
  std::shared_ptr<Group> group_of(std::uint64_t block);

  FoldArithmetic arithmetic_;
  ProductsPool pool_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<Group>> groups_;
  tbb::enumerable_thread_specific<IndicatorSums> indicators_;
};

}  // namespace talweg
