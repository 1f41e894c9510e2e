// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/first_look.h"

#include "data/testing.h"

namespace talweg::testing {
namespace {

std::string rows(std::size_t count, const std::string& row) {
  std::string text;
  for (std::size_t r = 0; r < count; ++r) text += row + "\n";
  return text;
}

bool plain(const std::string& text, std::vector<std::size_t> judged = {0, 1, 2},
           const CellReader& cells = CellReader(), TextShape shape = {',', '.', 3}) {
  return are_plainly_numeric(text, shape, judged, cells);
}

TEST(FirstLook, PlainDecimalsInAllColumns) {
  EXPECT_TRUE(plain(rows(kSettlingRows, "1,-2.5,0.125")));
  EXPECT_TRUE(plain(rows(kSettlingRows, "1,-2.5,0.125\r")));
  EXPECT_TRUE(plain(rows(kSettlingRows, "1,-2.5,0.125") + "anything, at all"));
  EXPECT_TRUE(plain(rows(kSettlingRows, "1;2;3"), {0, 1, 2}, CellReader(), {';', '.', 3}));
  EXPECT_TRUE(
      plain(rows(kSettlingRows, "1,5;2;3"), {0, 1, 2}, CellReader(kMissingWords, ','), {';', ',', 3}));
}

TEST(FirstLook, WhatIsNotPlainIsNotKnown) {
  EXPECT_FALSE(plain(""));
  EXPECT_FALSE(plain(rows(kSettlingRows - 1, "1,2,3")));
  EXPECT_FALSE(plain(rows(kSettlingRows - 1, "1,2,3") + "1,2,3"));  // whole records only
  const std::string most = rows(kSettlingRows - 1, "1,2,3");
  for (const std::string last :
       {"1,2", "1,2,3,4", "1,,3", "1,NA,3", "1,x,3", "1,\"2\",3", "", "1,2,", " 1,2,3", "1,2,1e3"}) {
    EXPECT_FALSE(plain(most + last + "\n" + most)) << last;
    EXPECT_FALSE(plain(last + "\n" + most + most)) << last;
  }
  EXPECT_FALSE(plain(most + "1,2,3\0\n"s + most));
  // A number that stands for a missing cell.
  EXPECT_FALSE(plain(rows(kSettlingRows, "1,2,3"), {0, 1, 2}, CellReader({"", "-999"})));
}

TEST(FirstLook, OnlyTheJudgedColumnsCount) {
  const std::string text = rows(kSettlingRows, "1,red,3\r");
  EXPECT_FALSE(plain(text));
  EXPECT_TRUE(plain(text, {0, 2}));
  EXPECT_TRUE(plain(text, {}));
}

TEST(FirstLook, BytesAreThoseOfEnoughLines) {
  EXPECT_EQ(bytes_of_settling_rows("no line end"), 0U);
  EXPECT_GE(bytes_of_settling_rows("1,2,3\n1,2,3\n"), 6 * kSettlingRows);
  EXPECT_LT(bytes_of_settling_rows("1,2,3\n1,2,3\n"), 8 * kSettlingRows);
  EXPECT_EQ(bytes_of_settling_rows(std::string(60000, '1') + "\n"), 0U);
}

// The same table, its first field in quotes, is read record by record before its kinds are known.
TEST(FirstLook, KindsAndRowsAreThoseOfTheVote) {
  std::mt19937 random(71);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> lines;
    const std::size_t plain_rows = kSettlingRows - 3 + random() % 6;
    for (std::size_t r = 0; r < 1200; ++r) {
      std::string second = std::to_string(random() % 100);
      if (r >= plain_rows && random() % 3 > 0) second = random() % 2 == 0 ? "word" : "";
      lines.push_back("7," + second + "," + std::to_string(random() % 9) + ".5");
    }
    const auto text = [&](const std::string& first) {
      std::string out = "a,b,y\n" + first + lines[0].substr(1) + "\n";
      for (std::size_t r = 1; r < lines.size(); ++r) out += lines[r] + "\n";
      return out;
    };
    ColumnRequest request = target("y");
    request.bad_rows = BadRowPolicy::skip;
    request.missing = MissingPolicy::drop;
    const auto looked = read_table({file("t.csv", text("7"))}, request);
    const auto held = read_table({file("t.csv", text("\"7\""))}, request);
    ASSERT_TRUE(looked && held);
    ASSERT_EQ(looked->features.size(), held->features.size());
    for (std::size_t i = 0; i < held->features.size(); ++i) {
      EXPECT_EQ(looked->features[i].kind, held->features[i].kind);
      EXPECT_EQ(looked->features[i].missing, held->features[i].missing);
    }
    EXPECT_EQ(looked->rows(), held->rows());
    EXPECT_EQ(looked->audit.rows_rejected, held->audit.rows_rejected);
    EXPECT_EQ(looked->fingerprint, held->fingerprint);
    request.bad_rows = BadRowPolicy::error;
    EXPECT_EQ(error_of({file("t.csv", text("7"))}, request),
              error_of({file("t.csv", text("\"7\""))}, request));
  }
}

}  // namespace
}  // namespace talweg::testing
