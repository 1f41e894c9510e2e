// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/row_parts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

TEST(RowParts, EveryFoldHasItsShareAndNoOrder) {
  for (const std::uint32_t folds : {2U, 5U, 10U}) {
    const RowParts parts{7, folds, 0};
    constexpr std::uint64_t kRows = 100'000;
    std::vector<double> counts(folds);
    double repeats = 0;
    std::uint32_t last = 0;
    for (std::uint64_t record = 0; record < kRows; ++record) {
      const std::uint32_t part = parts.of(record);
      ASSERT_LT(part, folds);
      ++counts[part];
      repeats += record > 0 && part == last ? 1 : 0;
      last = part;
    }
    const double expected = static_cast<double>(kRows) / folds;
    for (const double count : counts) EXPECT_NEAR(count, expected, 5 * std::sqrt(expected));
    EXPECT_NEAR(repeats, expected, 5 * std::sqrt(expected));
  }
}

TEST(RowParts, AShareIsHeldOutAndTheSeedMatters) {
  const RowParts parts{1, 0, 0.2};
  const RowParts other{2, 0, 0.2};
  double held_out = 0;
  double both = 0;
  for (std::uint64_t record = 0; record < 100'000; ++record) {
    held_out += parts.of(record);
    both += parts.of(record) * other.of(record);
    // A larger share holds the smaller one.
    if (parts.of(record) == 1) {
      EXPECT_EQ((RowParts{1, 0, 0.3}.of(record)), 1U);
    }
  }
  EXPECT_NEAR(held_out, 20'000, 700);
  EXPECT_NEAR(both, 4'000, 320);
}

TEST(RowParts, SelectionsOfABlockAreItsRowsInOrder) {
  test::Random random(5);
  for (int trial = 0; trial < 50; ++trial) {
    RowBlock block;
    const std::size_t columns = 1 + random.below(3);
    block.clear(random.below(9), columns);
    const bool weighted = random.coin();
    const bool low = random.coin();
    const bool levels = random.coin();
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      if (random.below(3) == 0) continue;
      for (std::size_t j = 0; j < columns; ++j) {
        block.values.push_back(static_cast<double>(r * 10 + j));
        if (low) block.values_low.push_back(static_cast<double>(r) * 1e-20);
      }
      if (weighted) block.weights.push_back(static_cast<double>(r) + 0.5);
      for (std::size_t k = random.below(3); levels && k > 0; --k)
        block.levels.push_back(static_cast<std::uint32_t>(r + k));
      block.level_end.push_back(static_cast<std::uint32_t>(block.levels.size()));
      block.offsets.push_back(static_cast<std::uint8_t>(r));
      ++block.rows;
    }
    if (block.levels.empty()) block.level_end.clear();
    const RowParts parts{3, 4, 0};
    std::size_t rows = 0;
    for (std::uint32_t part = 0; part < 4; ++part) {
      const RowBlock chosen =
          select_rows(block, [&](std::uint64_t record) { return parts.of(record) == part; });
      EXPECT_EQ(chosen.number, block.number);
      rows += chosen.rows;
      std::size_t at = 0;
      for (std::size_t r = 0; r < block.rows; ++r) {
        if (parts.of(block.number * kBlockRows + block.offsets[r]) != part) continue;
        ASSERT_LT(at, chosen.rows);
        EXPECT_EQ(chosen.offsets[at], block.offsets[r]);
        for (std::size_t j = 0; j < columns; ++j) {
          EXPECT_EQ(chosen.values[at * columns + j], block.values[r * columns + j]);
          if (low) {
            EXPECT_EQ(chosen.values_low[at * columns + j], block.values_low[r * columns + j]);
          }
        }
        if (weighted) {
          EXPECT_EQ(chosen.weights[at], block.weights[r]);
        }
        const auto of = [](const RowBlock& b, std::size_t row) {
          std::vector<std::uint32_t> out;
          if (b.level_end.empty()) return out;
          for (std::size_t a = row == 0 ? 0 : b.level_end[row - 1]; a < b.level_end[row]; ++a)
            out.push_back(b.levels[a]);
          return out;
        };
        EXPECT_EQ(of(chosen, at), of(block, r));
        ++at;
      }
      EXPECT_EQ(at, chosen.rows);
    }
    EXPECT_EQ(rows, block.rows);
  }
}

}  // namespace
}  // namespace talweg
