// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "support/random.h"

namespace talweg {
namespace {

using Status = NumberStatus;

double random_finite(test::Random& random) {
  while (true) {
    const auto value = std::bit_cast<double>(random.bits());
    if (std::isfinite(value)) return value;
  }
}

TEST(ParseNumber, AcceptsWhatTheHeaderLists) {
  const struct {
    const char* text;
    double value;
  } cases[] = {
      {"1", 1},
      {"+1.", 1},
      {"1.", 1},
      {".5", 0.5},
      {"+.5", 0.5},
      {"-.5", -0.5},
      {"1e5", 1e5},
      {"1E5", 1e5},
      {"1e+5", 1e5},
      {"1e-5", 1e-5},
      {"-1.5E+3", -1500},
      {" 1 ", 1},
      {"\t 1\t", 1},
      {"0", 0},
      {"007", 7},
      {"1.0000000000000000000000000000001", 1},
      {"123456789012345678901234567890", 123456789012345678901234567890.0},
      {"1e-400", 0},
      {"0e99999999999999999999", 0},
      {"4.9e-324", 4.9e-324},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"1.7976931348623158e308", std::numeric_limits<double>::max()},
      {"9007199254740993", 9007199254740992.0},
      {"0.1", 0.1},
      {"1.e5", 1e5},
  };
  for (const auto& [text, value] : cases) {
    const ParsedNumber parsed = parse_number(text);
    EXPECT_EQ(parsed.status, Status::ok) << text;
    EXPECT_EQ(parsed.value, value) << text;
  }
  EXPECT_TRUE(std::signbit(parse_number("-0").value));
  EXPECT_TRUE(std::signbit(parse_number("-1e-400").value));
}

TEST(ParseNumber, RefusesWhatIsNoNumber) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      " "sv,
                                      "\t"sv,
                                      "+"sv,
                                      "-"sv,
                                      "."sv,
                                      "+."sv,
                                      "-.e5"sv,
                                      "e5"sv,
                                      ".e5"sv,
                                      "1e"sv,
                                      "1e+"sv,
                                      "1e-"sv,
                                      "1 2"sv,
                                      "1,5"sv,
                                      "1_000"sv,
                                      "0x10"sv,
                                      "0x1p3"sv,
                                      "1f"sv,
                                      "1d5"sv,
                                      "abc"sv,
                                      "nan"sv,
                                      "NaN"sv,
                                      "-nan"sv,
                                      "nan(1)"sv,
                                      "--1"sv,
                                      "+-1"sv,
                                      "-+1"sv,
                                      "++1"sv,
                                      "1."
                                      "2.3"sv,
                                      "1\n"sv,
                                      "\n1"sv,
                                      "1\r"sv,
                                      "1\0"sv,
                                      "\0"sv,
                                      "- 1"sv,
                                      "+ 1"sv,
                                      "1 e5"sv,
                                      "1e 5"sv,
                                      "infin"sv,
                                      "infx"sv,
                                      "in"sv,
                                      "inff"sv,
                                      "1inf"sv,
                                      "\x49"
                                      "\x0e"
                                      "f"sv,
                                      "1e5.0"sv,
                                      "1,000"sv,
                                      "\xc2\xa0"
                                      "1"sv,
                                      "$1"sv,
                                      "1%"sv,
                                      "'1'"sv}) {
    EXPECT_EQ(parse_number(text).status, Status::not_a_number) << "'" << text << "'";
  }
}

TEST(ParseNumber, NamesInfinityAndOverflow) {
  for (const char* text : {"inf", "INF", "Inf", "+inf", "-inf", "infinity", "-Infinity", " INFINITY ",
                           "1e400", "-1e400", "1e99999999999999999999", "1.7976931348623159e308"}) {
    EXPECT_EQ(parse_number(text).status, Status::out_of_range) << text;
  }
  EXPECT_EQ(parse_number("1" + std::string(400, '0')).status, Status::out_of_range);
}

TEST(ParseNumber, DecimalComma) {
  EXPECT_EQ(parse_number("1,5", ',').value, 1.5);
  EXPECT_EQ(parse_number("-,5e1", ',').value, -5);
  EXPECT_EQ(parse_number("+1,", ',').value, 1);
  EXPECT_EQ(parse_number("1.5", ',').status, Status::not_a_number);
  EXPECT_EQ(parse_number(".5", ',').status, Status::not_a_number);
  EXPECT_EQ(parse_number("1,5").status, Status::not_a_number);
  EXPECT_EQ(parse_number(",", ',').status, Status::not_a_number);
  EXPECT_EQ(parse_number("inf", ',').status, Status::out_of_range);
}

// Correctly rounded: the C library's strtod reads with arbitrary precision.
TEST(ParseNumber, RoundsAsTheCLibrary) {
  test::Random random(11);
  for (int trial = 0; trial < 100'000; ++trial) {
    std::string text;
    const std::size_t digits = 1 + random.below(25);
    const std::size_t point = random.below(digits + 1);
    for (std::size_t i = 0; i < digits; ++i) {
      if (i == point) text += '.';
      text += static_cast<char>('0' + random.below(10));
    }
    if (random.coin()) text += "e" + std::to_string(static_cast<int>(random.below(640)) - 330);
    const double expected = std::strtod(text.c_str(), nullptr);
    const ParsedNumber parsed = parse_number(text);
    if (std::isinf(expected)) {
      ASSERT_EQ(parsed.status, Status::out_of_range) << text;
    } else {
      ASSERT_EQ(parsed.status, Status::ok) << text;
      ASSERT_EQ(std::bit_cast<std::uint64_t>(parsed.value), std::bit_cast<std::uint64_t>(expected)) << text;
    }
  }
}

// Exactly between two doubles: to the even one; a digit far behind decides otherwise.
TEST(ParseNumber, HalfwayCases) {
  const std::string half = "1.00000000000000011102230246251565404236316680908203125";
  EXPECT_EQ(parse_number(half).value, 1.0);
  EXPECT_EQ(parse_number(half + "0000000000000000000000000000000001").value, 1 + 0x1p-52);
  EXPECT_EQ(parse_number("1.00000000000000033306690738754696212708950042724609375").value, 1 + 0x1p-51);
}

TEST(ParseNumber, SeventeenDigitsComeBack) {
  test::Random random(12);
  for (int trial = 0; trial < 50'000; ++trial) {
    const double value = random_finite(random);
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, 16);
    const ParsedNumber parsed = parse_number({text, static_cast<std::size_t>(end.ptr - text)});
    ASSERT_EQ(parsed.status, Status::ok);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(parsed.value), std::bit_cast<std::uint64_t>(value));
  }
}

std::size_t significant_digits(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == 'e') break;
    if (c >= '0' && c <= '9') digits += c;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits.size();
}

TEST(Shortest, ReadsBackAndIsShortest) {
  test::Random random(13);
  for (int trial = 0; trial < 100'000; ++trial) {
    const double value = trial % 2 == 0 ? random_finite(random) : std::round(random.normal() * 1e4) / 1e3;
    const std::string text = shortest(value);
    double back = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(read.ptr, text.data() + text.size()) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(parse_number(text).value), std::bit_cast<std::uint64_t>(value))
        << text;
    char reference[64];
    const auto end =
        std::to_chars(reference, reference + sizeof reference, value, std::chars_format::scientific);
    const std::string_view shortest_text(reference, static_cast<std::size_t>(end.ptr - reference));
    ASSERT_EQ(significant_digits(text), significant_digits(shortest_text)) << text;
  }
}

TEST(Shortest, KnownTexts) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(1e-05), "1e-05");
  EXPECT_EQ(shortest(3), "3");
  EXPECT_EQ(shortest(-0.0), "-0");
  EXPECT_EQ(shortest(5e-324), "5e-324");
}

TEST(ShortText, ForPeople) {
  EXPECT_EQ(short_text(0.4547819), "0.454782");
  EXPECT_EQ(short_text(1.23e-9), "1.23e-09");
  EXPECT_EQ(short_text(53940), "53940");
  EXPECT_EQ(short_text(1234567), "1.23457e+06");
  EXPECT_EQ(short_text(0), "0");
  EXPECT_EQ(short_text(2.0 / 3.0, 3), "0.667");
}

// The sign of what is no number is an accident of the processor.
TEST(ShortText, NotANumberHasNoSign) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(shortest(nan), "nan");
  EXPECT_EQ(shortest(std::copysign(nan, -1.0)), "nan");
  EXPECT_EQ(short_text(std::copysign(nan, -1.0)), "nan");
  EXPECT_EQ(short_text(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(Grouped, ThousandsByCommas) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(53940), "53,940");
  EXPECT_EQ(grouped(123456), "123,456");
  EXPECT_EQ(grouped(18446744073709551615ULL), "18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace talweg
