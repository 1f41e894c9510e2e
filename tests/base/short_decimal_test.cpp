// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/short_decimal.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>

#include "support/random.h"
#include "talweg/base/numbers.h"

namespace talweg {
namespace {

// The field as it lies in a row, with neighbours that must not count.
std::optional<double> read(const std::string& field, char decimal = '.', const std::string& before = "7,") {
  const std::string text = std::string(kShortDecimalHeadroom, '9') + before + field + ",8";
  const char* const begin = text.data() + kShortDecimalHeadroom + before.size();
  double value = 0;
  if (!parse_short_decimal(begin, begin + field.size(), decimal, value)) return std::nullopt;
  return value;
}

std::uint64_t bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

TEST(ShortDecimal, ReadsPlainDecimals) {
  const struct {
    const char* text;
    double value;
  } cases[] = {{"0", 0},
               {"7", 7},
               {"42", 42},
               {"-1", -1},
               {"1.", 1},
               {".5", 0.5},
               {"-.5", -0.5},
               {"-12.", -12},
               {"0.123456", 0.123456},
               {"-0.1234567", -0.1234567},
               {"12345678", 12345678},
               {"123456789", 123456789},
               {"1234567.8", 1234567.8},
               {".12345678", .12345678},
               {"12345678.9", 12345678.9},
               {"9007199254740992", 9007199254740992.0},
               {"123456789.123456", 123456789.123456},
               {".123456789012345", .123456789012345},
               {"123456789012345.", 123456789012345.0},
               {"-90071992547409.2", -90071992547409.2},
               {"00000000", 0},
               {"0000000000000001", 1}};
  for (const auto& [text, value] : cases) {
    const auto found = read(text);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(bits(*found), bits(value)) << text;
  }
  EXPECT_EQ(bits(*read("-0")), bits(-0.0));
  EXPECT_EQ(read("1,5", ','), 1.5);
}

TEST(ShortDecimal, RefusesEverythingElse) {
  for (const char* text : {"",
                           "-",
                           ".",
                           "-.",
                           "+1",
                           "1e5",
                           " 1",
                           "1 ",
                           "1.2.3",
                           "--1",
                           "1-",
                           "0x10",
                           "1_000",
                           "1,5",
                           "NaN",
                           "inf",
                           "12345678901234567",
                           "9999999999999999",
                           "1.23456789012345678",
                           "1\x80",
                           "\xFF",
                           "..",
                           "1234567..",
                           "1234567.1.1",
                           "/",
                           ":",
                           "1/2",
                           "12:30",
                           "1\n2"}) {
    EXPECT_FALSE(read(text)) << text;
  }
  EXPECT_FALSE(read("1.5", ','));
}

// Whatever stands before the field.
TEST(ShortDecimal, LooksAtTheFieldAlone) {
  for (const std::string before :
       {"", "-", ".", "1.5,", "\n", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\"", "e,"}) {
    EXPECT_EQ(read("1.25", '.', before), 1.25);
    EXPECT_EQ(read("12345678.25", '.', before), 12345678.25);
  }
}

// Every field of random characters: the bits of std::from_chars, or no answer.
TEST(ShortDecimal, AgreesWithFromCharsOrDoesNotAnswer) {
  test::Random random(1);
  const std::string likely = "0123456789";
  const std::string all = "0123456789.-+eE x,:/";
  std::size_t answered = 0;
  for (int trial = 0; trial < 2'000'000; ++trial) {
    std::string field;
    const std::size_t length = random.below(19);
    const bool wild = random.below(4) == 0;
    const std::size_t point = random.below(24);
    for (std::size_t i = 0; i < length; ++i) {
      const bool strange = wild && random.below(8) == 0;
      field += i == point ? '.' : strange ? all[random.below(all.size())] : likely[random.below(10)];
    }
    if (random.below(3) == 0) field.insert(0, "-");
    const auto found = read(field);
    double expected = 0;
    const auto [end, code] = std::from_chars(field.data(), field.data() + field.size(), expected);
    const bool whole = code == std::errc() && end == field.data() + field.size();
    if (!found) continue;
    ++answered;
    ASSERT_TRUE(whole) << field;
    ASSERT_EQ(bits(*found), bits(expected)) << field;
    const ParsedNumber parsed = parse_number(field);
    ASSERT_EQ(parsed.status, NumberStatus::ok) << field;
    ASSERT_EQ(bits(parsed.value), bits(expected)) << field;
  }
  EXPECT_GT(answered, 1'000'000U);
}

// All that a writer of six significant digits makes is answered: the short cut is the common way.
TEST(ShortDecimal, AnswersWhatIsCommon) {
  test::Random random(2);
  char text[32];
  for (int trial = 0; trial < 100'000; ++trial) {
    const double value = random.normal() * 100;
    const auto written = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 6);
    const auto found = read(std::string(text, written.ptr));
    ASSERT_TRUE(found);
    ASSERT_EQ(*found, std::strtod(std::string(text, written.ptr).c_str(), nullptr));
  }
}

}  // namespace
}  // namespace talweg
