// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/numbers.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "talweg/base/plain_decimal.h"

namespace talweg {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// fast_float 3.9 reports both overflow and underflow by the value it leaves behind: infinity or zero.
ParsedNumber from_library(std::string_view text, char decimal) {
  double value = 0;
  const fast_float::parse_options options(fast_float::chars_format::general, decimal);
  const auto [end, code] =
      fast_float::from_chars_advanced(text.data(), text.data() + text.size(), value, options);
  if (end != text.data() + text.size()) return {0, NumberStatus::not_a_number};
  if (!std::isfinite(value)) return {0, NumberStatus::out_of_range};
  return {value, NumberStatus::ok};
}

// x86 makes negative ones, other processors positive ones.
double without_sign_of_nan(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

bool is_infinity(std::string_view text) {
  const auto same = [&](std::string_view word) {
    if (text.size() != word.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if ((text[i] | 0x20) != word[i]) return false;
    }
    return true;
  };
  return same("inf") || same("infinity");
}

}  // namespace

ParsedNumber parse_number(std::string_view text, char decimal) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.empty()) return {};
  double plain = 0;
  if (parse_long_decimal(text.data(), text.data() + text.size(), decimal, plain)) {
    return {plain, NumberStatus::ok};
  }
  std::string_view magnitude = text;
  if (magnitude.front() == '+' || magnitude.front() == '-') magnitude.remove_prefix(1);
  if (magnitude.empty()) return {};
  if (!is_digit(magnitude.front()) && magnitude.front() != decimal) {
    return {0, is_infinity(magnitude) ? NumberStatus::out_of_range : NumberStatus::not_a_number};
  }
  if (text.front() == '+') text.remove_prefix(1);
  return from_library(text, decimal);
}

std::string shortest(double value) {
  return fmt::format("{}", without_sign_of_nan(value));
}

std::string short_text(double value, int digits) {
  return fmt::format("{:.{}g}", without_sign_of_nan(value), digits);
}

std::string grouped(unsigned long long value) {
  const std::string plain = fmt::format("{}", value);
  std::string out;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (i > 0 && (plain.size() - i) % 3 == 0) out += ',';
    out += plain[i];
  }
  return out;
}

}  // namespace talweg
