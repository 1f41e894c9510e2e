// SPDX-License-Identifier: Apache-2.0
// Work over numbered blocks on several threads, gathered in the aligned binary tree over block numbers: node
// (l, k) covers the blocks [k 2^l, (k+1) 2^l), an absent block is neutral. The order of the additions, and so
// every bit of the result, depends on the numbers alone.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace talweg {

/// Calls leaf(i) for every block i, numbers[i] ascending, and merge(into, from) to add what block `from`
/// stands for to what block `into` stands for; in the end block 0 stands for all of them. `threads` 0: one a
/// core. Leaves and merges of different blocks run at once on different threads.
void reduce_blocks(std::span<const std::uint64_t> numbers, unsigned threads,
                   const std::function<void(std::size_t)>& leaf,
                   const std::function<void(std::size_t, std::size_t)>& merge);

}  // namespace talweg
