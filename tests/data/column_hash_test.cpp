// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/column_hash.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "support/random.h"
#include "talweg/data/row_block.h"

namespace talweg {
namespace {

struct Sums {
  explicit Sums(std::size_t columns) : plain(columns), mixed(columns) {}
  std::vector<std::uint64_t> plain;
  std::vector<std::uint64_t> mixed;
};

Sums sums_of(const std::vector<double>& values, std::size_t columns) {
  Sums out(columns);
  hash_columns(values.data(), values.size() / columns, columns, out.plain.data(), out.mixed.data());
  return out;
}

TEST(ColumnHash, EqualsTheReferenceOnEveryTargetOfThisMachine) {
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  test::Random random(1);
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (std::size_t columns = 1; columns <= 40; ++columns) {
      for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{255}, kBlockRows}) {
        std::vector<double> values(rows * columns);
        for (double& value : values) value = random.normal() * random.decade(-300, 300);
        const Sums fast = sums_of(values, columns);
        Sums slow(columns);
        hash_columns_reference(values.data(), rows, columns, slow.plain.data(), slow.mixed.data());
        ASSERT_EQ(fast.plain, slow.plain);
        ASSERT_EQ(fast.mixed, slow.mixed);
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// The bits are part of the model file's meaning.
TEST(ColumnHash, DoesNotChange) {
  std::vector<double> values;
  for (std::size_t r = 0; r < kBlockRows; ++r) values.push_back(0.25 * static_cast<double>(r) - 7);
  const Sums sums = sums_of(values, 1);
  EXPECT_EQ(sums.plain[0], 0xf040c00000000000ULL);
  EXPECT_EQ(sums.mixed[0], 0x676232d070bca798ULL);
}

// What tables are full of: zeros and ones, small whole numbers, a column in another order, two cells changed
// so that their sum is the same.
TEST(ColumnHash, TellsColumnsApart) {
  test::Random random(2);
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  std::size_t columns = 0;
  const auto add = [&](const std::vector<double>& values) {
    const Sums sums = sums_of(values, 1);
    seen.emplace(sums.plain[0], sums.mixed[0]);
    ++columns;
  };
  // Every pair of places for two ones among zeros, and every single one.
  std::vector<double> cells(kBlockRows, 0.0);
  for (std::size_t a = 0; a < kBlockRows; ++a) {
    cells[a] = 1;
    add(cells);
    for (std::size_t b = a + 1; b < kBlockRows; ++b) {
      cells[b] = 1;
      add(cells);
      cells[b] = 0;
    }
    cells[a] = 0;
  }
  // Swaps and opposite changes in a column of whole numbers.
  for (std::size_t r = 0; r < kBlockRows; ++r) cells[r] = static_cast<double>(r);
  for (std::size_t a = 0; a < kBlockRows; ++a) {
    for (std::size_t b = a + 1; b < kBlockRows; ++b) {
      std::swap(cells[a], cells[b]);
      add(cells);
      std::swap(cells[a], cells[b]);
      cells[a] += 0.5;
      cells[b] -= 0.5;
      add(cells);
      cells[a] -= 0.5;
      cells[b] += 0.5;
    }
  }
  for (int trial = 0; trial < 200000; ++trial) {
    for (double& cell : cells) cell = random.coin() ? 1 : 0;
    add(cells);
  }
  EXPECT_EQ(seen.size(), columns);
}

}  // namespace
}  // namespace talweg
