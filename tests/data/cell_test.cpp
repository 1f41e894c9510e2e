// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/cell.h"

#include <gtest/gtest.h>

#include <limits>

namespace talweg {
namespace {

TEST(Cell, MissingWordsAreExact) {
  const CellReader reader;
  for (const char* const word : {"", "NA", "NaN", "nan", "null", "NULL"})
    EXPECT_TRUE(reader.is_missing(word)) << word;
  for (const char* const word :
       {" ", "na", "N/A", "NAN", "Null", " NA", "NA ", "N", "None", "?", "-", "nul"}) {
    EXPECT_FALSE(reader.is_missing(word)) << word;
  }
}

TEST(Cell, MissingWordsCanBeReplaced) {
  const CellReader reader({"-999", "?"});
  EXPECT_TRUE(reader.is_missing("-999"));
  EXPECT_TRUE(reader.is_missing("?"));
  EXPECT_FALSE(reader.is_missing(""));
  EXPECT_FALSE(reader.is_missing("NA"));
  EXPECT_FALSE(reader.is_missing("-99"));
  EXPECT_FALSE(reader.is_missing("-9990"));
}

TEST(Cell, Numbers) {
  struct Case {
    const char* text;
    double value;
    NumberStatus status;
  };
  constexpr auto kOk = NumberStatus::ok;
  constexpr auto kNot = NumberStatus::not_a_number;
  constexpr auto kRange = NumberStatus::out_of_range;
  const Case cases[] = {
      {"0", 0, kOk},
      {"-0", 0, kOk},
      {"1", 1, kOk},
      {"+1.", 1, kOk},
      {".5", 0.5, kOk},
      {" 7 ", 7, kOk},
      {"\t8\t", 8, kOk},
      {"-1.5E+3", -1500, kOk},
      {"1e-400", 0, kOk},
      {"1e5", 1e5, kOk},
      {"0.1", 0.1, kOk},
      {"1e999", 0, kRange},
      {"-1e999", 0, kRange},
      {"inf", 0, kRange},
      {"-Inf", 0, kRange},
      {"infinity", 0, kRange},
      {"", 0, kNot},
      {" ", 0, kNot},
      {"abc", 0, kNot},
      {"1,5", 0, kNot},
      {"1 000", 0, kNot},
      {"0x10", 0, kNot},
      {"1e", 0, kNot},
      {"--1", 0, kNot},
      {"+-1", 0, kNot},
      {".", 0, kNot},
      {"1_000", 0, kNot},
      {"1;", 0, kNot},
      {"nan", 0, kNot},
      {"12abc", 0, kNot},
      {"5e-324", std::numeric_limits<double>::denorm_min(), kOk},
  };
  const CellReader reader;
  for (const Case& c : cases) {
    const ParsedNumber parsed = reader.number(c.text);
    EXPECT_EQ(parsed.status, c.status) << "'" << c.text << "'";
    EXPECT_EQ(parsed.value, c.value) << "'" << c.text << "'";
  }
}

TEST(Cell, DecimalComma) {
  const CellReader point;
  EXPECT_TRUE(point.is_decimal_comma("1,5"));
  EXPECT_TRUE(point.is_decimal_comma(" -,5e2"));
  EXPECT_FALSE(point.is_decimal_comma("1.5"));
  EXPECT_FALSE(point.is_decimal_comma("15"));
  EXPECT_FALSE(point.is_decimal_comma("1,5,0"));
  EXPECT_FALSE(point.is_decimal_comma("a,b"));
  const CellReader comma(kMissingWords, ',');
  EXPECT_EQ(comma.number("1,5").value, 1.5);
  EXPECT_EQ(comma.number("1.5").status, NumberStatus::not_a_number);
  EXPECT_FALSE(comma.is_decimal_comma("1,5"));
}

TEST(Cell, Messages) {
  const CellReader reader;
  const auto text = [&](const char* cell) {
    return reader.not_a_number(cell, reader.number(cell).status).text();
  };
  EXPECT_EQ(text("abc"),
            "'abc' is not a number; take the column as text with --categorical, or name the word for a "
            "missing value "
            "with --na");
  EXPECT_EQ(text("1,5"), "'1,5' is not a number; if the comma is a decimal comma, give --decimal ,");
  EXPECT_EQ(
      text("inf"),
      "'inf' is not a finite number; mend the cell, or name it as a word for a missing value with --na");
  EXPECT_EQ(
      text("1e999"),
      "'1e999' is too large for a number; mend the cell, or name it as a word for a missing value with --na");
  EXPECT_EQ(text(""),
            "an empty cell is not a number; take the column as text with --categorical, or name the word for "
            "a missing "
            "value with --na");
}

}  // namespace
}  // namespace talweg
