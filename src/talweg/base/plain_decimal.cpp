// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/plain_decimal.h"

#include <fast_float/fast_float.h>

namespace talweg {
namespace {

constexpr std::size_t kMostDigits = 19;  // below 2^64

}  // namespace

double scale_decimal(std::uint64_t significand, std::size_t fraction) {
  const fast_float::adjusted_mantissa scaled = fast_float::compute_float<fast_float::binary_format<double>>(
      -static_cast<std::int64_t>(fraction), significand);
  double value = 0;
  fast_float::to_float(false, scaled, value);
  return value;
}

bool parse_long_decimal(const char* begin, const char* end, char decimal, double& value) {
  const bool negative = begin != end && *begin == '-';
  if (negative) ++begin;
  const auto length = static_cast<std::size_t>(end - begin);
  if (length - 1 >= kPlainDecimalChars) return false;
  std::uint64_t significand = 0;
  std::size_t significant = 0;
  std::size_t digits = 0;
  const char* mark = nullptr;
  for (const char* at = begin; at != end; ++at) {
    if (*at == decimal && mark == nullptr) {
      mark = at;
      continue;
    }
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(*at)) - '0';
    if (digit > 9) return false;
    ++digits;
    if (significand != 0 || digit != 0) ++significant;
    if (significant > kMostDigits) return false;
    significand = significand * 10 + digit;
  }
  const std::size_t fraction = mark == nullptr ? 0 : static_cast<std::size_t>(end - mark - 1);
  if (digits == 0 || fraction > kPlainDecimalFraction) return false;
  value = scale_decimal(significand, fraction);
  if (negative) value = -value;
  return true;
}

}  // namespace talweg
