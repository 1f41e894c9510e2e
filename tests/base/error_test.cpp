// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/error.h"

#include <gtest/gtest.h>

#include <iomanip>

#include "talweg/base/stop.h"

namespace talweg {
namespace {

using namespace std::string_literals;

std::string shown(std::string_view text, std::size_t limit = 40) {
  return in_quotes(text, limit);
}

TEST(ErrorText, NamesPlaceColumnAndRemedy) {
  Error error{ErrorKind::data, "'abc' is not a number"};
  EXPECT_EQ(error.text(), "'abc' is not a number");
  error.remedy = "use --na abc";
  EXPECT_EQ(error.text(), "'abc' is not a number; use --na abc");
  error.column = "size";
  EXPECT_EQ(error.text(), "column 'size': 'abc' is not a number; use --na abc");
  error.line = 17;
  EXPECT_EQ(error.text(), "line 17: column 'size': 'abc' is not a number; use --na abc");
  error.file = "prices.csv";
  EXPECT_EQ(error.text(), "prices.csv:17: column 'size': 'abc' is not a number; use --na abc");
  error.line = 0;
  EXPECT_EQ(error.text(), "prices.csv: column 'size': 'abc' is not a number; use --na abc");
}

TEST(ErrorText, StaysOnOneLineForAColumnWithALineBreak) {
  Error error{ErrorKind::data, "bad"};
  error.column = "a\nb";
  EXPECT_EQ(error.text(), "column 'a\\nb': bad");
}

TEST(Fail, CarriesKindAndTexts) {
  const Result<int> result = fail(ErrorKind::usage, "what", "remedy");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  EXPECT_EQ(result.error().text(), "what; remedy");
}

TEST(Quoted, EscapesControlBytesAndCuts) {
  EXPECT_EQ(shown(""), "''");
  EXPECT_EQ(shown("abc"), "'abc'");
  EXPECT_EQ(shown("a\nb\rc\td"), "'a\\nb\\rc\\td'");
  EXPECT_EQ(shown("\x1b[31m\x7f"), "'\\x1b[31m\\x7f'");
  EXPECT_EQ(shown("a\0b"s), "'a\\x00b'");
  EXPECT_EQ(shown("gr\xc3\xb6\xc3\x9f"
                  "e"),
            "'gr\xc3\xb6\xc3\x9f"
            "e'");
  EXPECT_EQ(shown(std::string(40, 'x')), "'" + std::string(40, 'x') + "'");
  EXPECT_EQ(shown(std::string(41, 'x')), "'" + std::string(40, 'x') + "...'");
  EXPECT_EQ(shown("abcdef", 3), "'abc...'");
}

// std::quoted, which argument-dependent look-up finds for a std::string, gives no std::string.
TEST(Quoted, TakesAStringAsItTakesAView) {
  const std::string text = "it's";
  EXPECT_EQ(in_quotes(text), shown(text));
  EXPECT_EQ(in_quotes(text, 2), "'it...'");
}

TEST(Quoted, NeverCutsInsideACharacter) {
  const std::string text = "a\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80z";  // 1, 2, 3, 4 and 1 bytes
  const struct {
    std::size_t limit;
    std::string start;
  } cases[] = {{1, "a"},
               {2, "a"},
               {3, text.substr(0, 3)},
               {4, text.substr(0, 3)},
               {5, text.substr(0, 3)},
               {6, text.substr(0, 6)},
               {9, text.substr(0, 6)},
               {10, text.substr(0, 10)}};
  for (const auto& [limit, start] : cases) EXPECT_EQ(shown(text, limit), "'" + start + "...'") << limit;
  EXPECT_EQ(shown(text, 11), "'" + text + "'");
  EXPECT_EQ(shown("\x80\x80\x80\x80", 2), "'...'");
}

TEST(NearestNames, FindsSlipsOfTheHand) {
  const std::vector<std::string> names = {"price", "size", "carat", "Depth", "table"};
  EXPECT_EQ(nearest_names("prise", names), (std::vector<std::string>{"price"}));
  EXPECT_EQ(nearest_names("depth", names), (std::vector<std::string>{"Depth"}));
  EXPECT_EQ(nearest_names("SIZE", names), (std::vector<std::string>{"size"}));
  EXPECT_TRUE(nearest_names("completely different", names).empty());
  EXPECT_TRUE(nearest_names("x", {}).empty());
}

TEST(NearestNames, BestFirstThenInOrderAndLimited) {
  const std::vector<std::string> names = {"aaaaab", "aaaaaa", "aaaabb", "aaaaac", "aaaaad"};
  EXPECT_EQ(nearest_names("aaaaaa", names), (std::vector<std::string>{"aaaaaa", "aaaaab", "aaaaac"}));
  EXPECT_EQ(nearest_names("aaaaaa", names, 1), (std::vector<std::string>{"aaaaaa"}));
  EXPECT_EQ(nearest_names("aaaaaa", names, 9).size(), 5U);
  EXPECT_TRUE(nearest_names(std::string(300, 'a'), {std::string(300, 'a')}).empty());
}

TEST(NameList, JoinsAndCuts) {
  EXPECT_EQ(name_list({}), "");
  EXPECT_EQ(name_list({"a"}), "'a'");
  EXPECT_EQ(name_list({"a", "b"}), "'a' and 'b'");
  EXPECT_EQ(name_list({"a", "b", "c"}, "or"), "'a', 'b' or 'c'");
  EXPECT_EQ(name_list({"a", "b", "c"}, "and", 2), "'a', 'b' and 1 more");
  EXPECT_EQ(name_list({"a", "b", "c"}, "and", 3), "'a', 'b' and 'c'");
}

TEST(StopFlag, RaisesAndLowers) {
  StopFlag flag;
  EXPECT_FALSE(flag.raised());
  flag.raise();
  EXPECT_TRUE(flag.raised());
  flag.lower();
  EXPECT_FALSE(flag.raised());
}

}  // namespace
}  // namespace talweg
