// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/fold_groups.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace talweg {
namespace {

// The last block of a node, counted from the group's first.
std::uint64_t last_block_of(std::size_t node) {
  const auto level = static_cast<unsigned>(std::bit_width(FoldGroups::kGroupBlocks) - std::bit_width(node));
  return (static_cast<std::uint64_t>(node + 1) << level) - 1 - FoldGroups::kGroupBlocks;
}

}  // namespace

std::shared_ptr<FoldGroups::Group> FoldGroups::group_of(std::uint64_t block) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<Group>& group = groups_[block / kGroupBlocks];
  if (!group) group = std::make_shared<Group>();
  return group;
}

void FoldGroups::add(const RowBlock& block) {
  const std::shared_ptr<Group> group = group_of(block.number);
  FoldedRows node = fold_node(block, arithmetic_, pool_);
  indicators_.local().add(block);
  auto place = static_cast<std::size_t>(kGroupBlocks + block.number % kGroupBlocks);
  while (place > 1) {
    std::unique_ptr<FoldedRows> sibling;
    {
      const std::lock_guard<std::mutex> lock(group->mutex);
      sibling = std::move(group->waiting[place ^ 1U]);
      if (!sibling) {
        group->waiting[place] = std::make_unique<FoldedRows>(std::move(node));
        return;
      }
    }
    node = place % 2 == 0 ? merge_nodes(std::move(node), std::move(*sibling), pool_)
                          : merge_nodes(std::move(*sibling), std::move(node), pool_);
    place /= 2;
  }
  widen(node, pool_);
  const std::lock_guard<std::mutex> lock(group->mutex);
  group->waiting[place] = std::make_unique<FoldedRows>(std::move(node));
}

IndicatorSums FoldGroups::indicators() const {
  IndicatorSums sum;
  for (const IndicatorSums& of_thread : indicators_) sum.add(of_thread);
  return sum;
}

void FoldGroups::gather(std::uint64_t end_block, FoldTree& tree) {
  std::vector<std::pair<std::uint64_t, std::shared_ptr<Group>>> complete;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (!groups_.empty() && groups_.begin()->first < end_block / kGroupBlocks) {
      complete.emplace_back(groups_.begin()->first * kGroupBlocks, std::move(groups_.begin()->second));
      groups_.erase(groups_.begin());
    }
  }
  for (const auto& [first, group] : complete) {
    std::vector<std::pair<std::uint64_t, FoldedRows*>> nodes;
    for (std::size_t place = 1; place < group->waiting.size(); ++place) {
      if (group->waiting[place]) nodes.emplace_back(last_block_of(place), group->waiting[place].get());
    }
    std::sort(nodes.begin(), nodes.end());
    for (const auto& [offset, node] : nodes) {
      widen(*node, pool_);
      tree.add(first + offset, std::move(*node));
    }
  }
}

}  // namespace talweg
