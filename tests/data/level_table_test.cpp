// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/level_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "support/random.h"

namespace talweg {
namespace {

// Texts of all lengths around those that are kept whole, many of them nearly the same, in several columns.
TEST(LevelTable, NumbersTextsInOrderOfAppearance) {
  test::Random random(31);
  for (int trial = 0; trial < 40; ++trial) {
    const std::size_t columns = 1 + random.below(40);
    LevelTable table(columns);
    std::map<std::pair<std::size_t, std::string>, std::uint32_t> expected;
    std::vector<std::size_t> counts(columns, 0);
    const std::size_t letters = 1 + random.below(3);
    for (int k = 0; k < 3000; ++k) {
      const std::size_t column = random.below(columns);
      std::string text(random.below(trial % 2 == 0 ? 5 : 36), 'a');
      for (std::size_t changes = 0; !text.empty() && changes < 3; ++changes)
        text[random.below(text.size())] = "ab\0"[random.below(letters)];
      const auto [found, fresh] =
          expected.try_emplace({column, text}, static_cast<std::uint32_t>(expected.size()));
      counts[column] += fresh ? 1 : 0;
      ASSERT_EQ(table.number(column, text), found->second) << column << ' ' << text;
    }
    ASSERT_EQ(table.levels().size(), expected.size());
    for (const auto& [key, number] : expected) {
      EXPECT_EQ(table.levels()[number].column, key.first);
      EXPECT_EQ(table.levels()[number].text, key.second);
    }
    for (std::size_t j = 0; j < columns; ++j) EXPECT_EQ(table.count(j), counts[j]);
    table.clear();
    EXPECT_TRUE(table.levels().empty());
    EXPECT_EQ(table.gap(0), 0U);
    EXPECT_EQ(table.number(0, "a"), 1U);
    EXPECT_EQ(table.number(0, ""), 2U);
    EXPECT_EQ(table.gap(0), 0U);
  }
}

}  // namespace
}  // namespace talweg
