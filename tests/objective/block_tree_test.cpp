// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/block_tree.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

std::string tree_text(const std::vector<std::uint64_t>& numbers, unsigned threads) {
  std::vector<std::string> at(numbers.size());
  reduce_blocks(
      numbers, threads, [&](std::size_t i) { at[i] = std::to_string(numbers[i]); },
      [&](std::size_t into, std::size_t from) { at[into] = "(" + at[into] + " " + at[from] + ")"; });
  return at.empty() ? "" : at[0];
}

TEST(BlockTree, IsTheAlignedTreeOverBlockNumbers) {
  EXPECT_EQ(tree_text({}, 1), "");
  EXPECT_EQ(tree_text({7}, 2), "7");
  EXPECT_EQ(tree_text({0, 1, 2, 3, 4}, 1), "(((0 1) (2 3)) 4)");
  EXPECT_EQ(tree_text({1, 2, 3}, 1), "(1 (2 3))");
  EXPECT_EQ(tree_text({3, 4, 5}, 1), "(3 (4 5))");
  EXPECT_EQ(tree_text({0, 3, 5, 6}, 1), "((0 3) (5 6))");
  EXPECT_EQ(tree_text({5, 1'000'000, 1'000'001}, 1), "(5 (1000000 1000001))");
}

TEST(BlockTree, IsTheSameForAnyNumberOfThreads) {
  test::Random random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> numbers;
    std::uint64_t number = random.below(9);
    for (std::size_t k = 0; k < 1 + random.below(200); ++k) numbers.push_back(number += 1 + random.below(4));
    const std::string alone = tree_text(numbers, 1);
    for (const unsigned threads : {0U, 2U, 3U, 8U}) EXPECT_EQ(tree_text(numbers, threads), alone);
  }
}

}  // namespace
}  // namespace talweg
