// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/sniff.h"

#include <gtest/gtest.h>

#include <string>

namespace talweg {
namespace {

TEST(Sniff, Delimiters) {
  EXPECT_EQ(sniff_delimiter("a,b\n1,2\n"), ',');
  EXPECT_EQ(sniff_delimiter("a;b\n1;2\n"), ';');
  EXPECT_EQ(sniff_delimiter("a\tb\n1\t2\n"), '\t');
  EXPECT_EQ(sniff_delimiter("a|b\r\n1|2\r\n"), '|');
  EXPECT_EQ(sniff_delimiter("a b\n1 2\n"), ' ');
  EXPECT_EQ(sniff_delimiter(""), ',');
  EXPECT_EQ(sniff_delimiter("a\n1\n2\n"), ',');
}

TEST(Sniff, NumbersDecideThenFields) {
  EXPECT_EQ(sniff_delimiter("2020-01-01 10:00,5\n2020-01-02 11:00,6\n"), ',');
  EXPECT_EQ(sniff_delimiter("x;y\n1,5;2,5\n3,5;4,5\n"), ';');
  EXPECT_EQ(sniff_delimiter("a,b;c,d;e,f\n"), ',');
}

TEST(Sniff, QuotesAreRespected) {
  EXPECT_EQ(sniff_delimiter("a;b\n\"1,2,3\";2\n\"4,5\";3\n"), ';');
  EXPECT_EQ(sniff_delimiter("a,b\n\"x\ny\",2\n\"say \"\"hi, you\"\"\",3\n"), ',');
  EXPECT_EQ(sniff_delimiter("a,b\n\"never closed,2\n"), ',');
}

TEST(Sniff, LastRecordMayBeCutOff) {
  EXPECT_EQ(sniff_delimiter("a;b;c\n1;2;3\n1"), ';');
}

TEST(Sniff, RaggedRecordFurtherDownDoesNotHideIt) {
  std::string text = "a;b\n";
  for (int i = 0; i < 20; ++i) text += "1;2\n";
  EXPECT_EQ(sniff_delimiter(text + "1;2;3\n"), ';');
  EXPECT_EQ(sniff_delimiter("a;b\n1;2\n3;4\n1;2;3\n"), ';');
}

TEST(Sniff, ProseIsOneColumn) {
  EXPECT_EQ(sniff_delimiter("unit price\n1\n2\n3\n"), ',');
}

TEST(Sniff, DecimalCommaIsNoDelimiter) {
  EXPECT_EQ(sniff_delimiter("1,5\n2,5\n", ','), ';');
  EXPECT_EQ(sniff_delimiter("1,5\t2\n2,5\t3\n", ','), '\t');
}

TEST(Sniff, Header) {
  EXPECT_TRUE(looks_like_header({"a", "b"}));
  EXPECT_FALSE(looks_like_header({"a", "1"}));
  EXPECT_FALSE(looks_like_header({"inf", "b"}));
  EXPECT_FALSE(looks_like_header({"1e999"}));
  EXPECT_TRUE(looks_like_header({"1,5"}));
  EXPECT_FALSE(looks_like_header({"1,5"}, ','));
}

}  // namespace
}  // namespace talweg
