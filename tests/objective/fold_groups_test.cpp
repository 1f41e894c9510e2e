// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/fold_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <thread>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

constexpr std::uint64_t kFar = 1'000'000;

RowBlock random_block(test::Random& random, std::uint64_t number, std::size_t rows, std::size_t columns,
                      bool weighted) {
  RowBlock block;
  block.clear(number, columns);
  block.rows = rows;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j)
      block.values.push_back(100.0 * static_cast<double>(j) + random.normal());
    if (weighted) block.weights.push_back(random.uniform(0.1, 4));
    if (random.coin()) block.levels.push_back(static_cast<std::uint32_t>(random.below(4)));
    block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
  }
  return block;
}

void expect_same_bits(DoubleDouble a, DoubleDouble b) {
  ASSERT_EQ(std::bit_cast<std::uint64_t>(a.high), std::bit_cast<std::uint64_t>(b.high));
  ASSERT_EQ(std::bit_cast<std::uint64_t>(a.low), std::bit_cast<std::uint64_t>(b.low));
}

void expect_same_bits(const std::vector<DoubleDouble>& a, const std::vector<DoubleDouble>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) expect_same_bits(a[i], b[i]);
}

void expect_same_bits(const FoldedRows& a, const FoldedRows& b) {
  ASSERT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.error, b.error);
  ASSERT_EQ(a.widest, b.widest);
  ASSERT_EQ(a.levels, b.levels);
  ASSERT_TRUE(a.plain.empty() && b.plain.empty());
  expect_same_bits({a.weight}, {b.weight});
  expect_same_bits(a.mean, b.mean);
  expect_same_bits(a.products, b.products);
  expect_same_bits(a.level_weight, b.level_weight);
  expect_same_bits(a.level_sums, b.level_sums);
}

// Whatever order the blocks come in, on however many threads, absent ones among them, the tree is what it is
// when they are added one after another; and so are the parts of a table that starts and ends anywhere.
TEST(FoldGroups, GiveTheBitsOfTheTreeInAnyOrder) {
  test::Random random(1);
  for (unsigned trial = 0; trial < 60; ++trial) {
    const std::uint64_t first = (trial % 2 == 0 ? 0 : kFar) + random.below(40);
    const std::uint64_t end = first + 1 + random.below(100);
    const FoldArithmetic arithmetic(trial % 3 == 0 ? BulkArithmetic::split : BulkArithmetic::plain, 40);
    std::vector<RowBlock> blocks;
    for (std::uint64_t k = first; k < end; ++k) {
      if (random.below(trial % 5 == 0 ? 3 : 30) == 0) continue;
      blocks.push_back(
          random_block(random, k, random.coin() ? 256 : 1 + random.below(256), 5, trial % 4 == 1));
    }
    FoldTree expected(first);
    IndicatorSums expected_indicators;
    for (const RowBlock& block : blocks) {
      expected_indicators.add(block);
      RowBlock numbers = block;
      numbers.levels.clear();
      expected.add(block.number, fold_block(numbers, arithmetic));
    }

    FoldGroups groups(arithmetic);
    FoldTree tree(first);
    const std::size_t threads = 1 + trial % 3;
    // A stretch of blocks at a time, each in any order.
    for (std::size_t at = 0; at < blocks.size();) {
      const std::size_t until = std::min(blocks.size(), at + 1 + random.below(40));
      std::vector<std::size_t> order(until - at);
      std::iota(order.begin(), order.end(), at);
      for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
      std::vector<std::thread> workers;
      for (std::size_t t = 0; t < threads; ++t) {
        workers.emplace_back([&, t] {
          for (std::size_t k = t; k < order.size(); k += threads) groups.add(blocks[order[k]]);
        });
      }
      for (std::thread& worker : workers) worker.join();
      groups.gather(blocks[until - 1].number + 1, tree);
      at = until;
    }
    groups.finish(tree);
    SCOPED_TRACE(trial);
    FoldedRows indicators;
    FoldedRows expected_sums;
    indicators.columns = expected_sums.columns = 5;
    groups.indicators().write(indicators);
    expected_indicators.write(expected_sums);
    expect_same_bits(indicators, expected_sums);
    if (trial % 2 == 0) {
      expect_same_bits(tree.finish(), expected.finish());
      continue;
    }
    const auto parts = tree.take_parts(end);
    const auto expected_parts = expected.take_parts(end);
    ASSERT_EQ(parts.size(), expected_parts.size());
    for (std::size_t k = 0; k < parts.size(); ++k) {
      EXPECT_EQ(parts[k].block, expected_parts[k].block);
      expect_same_bits(parts[k].folded, expected_parts[k].folded);
    }
  }
}

// A choice of columns is folded as it is among all columns of the table, poor ones among them.
TEST(FoldGroups, ColumnsDoNotDependOnEachOther) {
  test::Random random(2);
  constexpr std::size_t kColumns = 11;
  for (const bool weighted : {false, true}) {
    for (const std::uint64_t first : {std::uint64_t{0}, kFar}) {
      FoldGroups all({BulkArithmetic::plain, kColumns + 3});
      FoldGroups some({BulkArithmetic::plain, kColumns + 3});
      const std::vector<std::size_t> chosen{1, 2, 5, 8, 10};
      for (std::uint64_t k = first; k < first + 20; ++k) {
        RowBlock block = random_block(random, k, 256, kColumns, weighted);
        for (std::size_t r = 0; r < block.rows; ++r) {
          double* const row = block.values.data() + r * kColumns;
          // Columns that plain double cannot centre, chosen and not.
          for (const std::size_t j : {0U, 2U, 3U}) row[j] = 9e15 + static_cast<double>(random.below(2));
          row[4] = 1.5;
        }
        RowBlock part;
        part.clear(k, chosen.size());
        part.rows = block.rows;
        part.weights = block.weights;
        for (std::size_t r = 0; r < block.rows; ++r) {
          for (const std::size_t j : chosen)
            part.values.push_back(std::as_const(block.values)[r * kColumns + j]);
        }
        all.add(block);
        some.add(part);
      }
      FoldTree all_tree(first);
      FoldTree some_tree(first);
      all.finish(all_tree);
      some.finish(some_tree);
      const FoldedRows whole = all_tree.finish();
      const FoldedRows subset = some_tree.finish();
      EXPECT_EQ(whole.error, first == 0 ? kProductError : kPlainError);
      EXPECT_EQ(whole.error, subset.error);
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        expect_same_bits(subset.mean[i], whole.mean[chosen[i]]);
        EXPECT_EQ(subset.widest[i], whole.widest[chosen[i]]);
        for (std::size_t j = 0; j <= i; ++j)
          expect_same_bits(subset.products[packed_index(i, j)],
                           whole.products[packed_index(chosen[i], chosen[j])]);
      }
    }
  }
}

}  // namespace
}  // namespace talweg
