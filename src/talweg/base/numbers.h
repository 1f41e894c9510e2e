// SPDX-License-Identifier: Apache-2.0
// Text to double and back. Reading is correctly rounded and knows no locale; writing gives the shortest text
// that reads back to the same bits.
#pragma once

#include <string>
#include <string_view>

namespace talweg {

enum class NumberStatus {
  ok,
  not_a_number,  ///< the text is no number (an empty one included)
  out_of_range,  ///< `inf`, `infinity` and what overflows a double
};

struct ParsedNumber {
  double value = 0;
  NumberStatus status = NumberStatus::not_a_number;
};

/// Reads the whole of `text` as one decimal number: blanks (space, tab) around it, an optional sign, digits
/// with an optional point (`decimal`, which may be ','), an optional exponent: `1`, `+1.`, `.5`, `-1.5E+3`.
/// What underflows is zero (or the nearest subnormal). Hexadecimal digits, digit separators and `nan` are not
/// numbers.
ParsedNumber parse_number(std::string_view text, char decimal = '.');

/// Shortest decimal text that reads back to `value`: `0.1`, `1e-05`, `3`. Never locale-dependent.
std::string shortest(double value);

/// At most `digits` significant digits, for people: `0.454782`, `1.23e-09`, `53940`.
std::string short_text(double value, int digits = 6);

/// With thousands separated by commas: 53,940.
std::string grouped(unsigned long long value);

}  // namespace talweg
