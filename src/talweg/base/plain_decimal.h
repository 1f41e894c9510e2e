// SPDX-License-Identifier: Apache-2.0
// Plain decimals: an optional minus, digits with at most one decimal mark, at least one digit; no exponent,
// no blanks. At most kPlainDecimalChars characters after the sign, 19 digits from the first that is not 0 on,
// and 27 behind the mark. What is longer or written otherwise is refused, and read by parse_number; where
// these functions answer, they give the bits that parse_number gives.
//
// Short ones are a quotient of two exact doubles (short_decimal.h); for the others the significand fits in 64
// bits, and its product with a power of five to 128 bits decides the rounding (D. Lemire, "Number parsing at
// a gigabyte per second", Software: Practice and Experience 51(8), 2021; with at most 27 digits behind the
// mark it always does).
#pragma once

#include <cstddef>
#include <cstdint>

#include "talweg/base/short_decimal.h"

namespace talweg {

inline constexpr std::size_t kPlainDecimalChars = 31;
inline constexpr std::size_t kPlainDecimalFraction = 27;
/// Bytes before the field that may be loaded (and are ignored).
inline constexpr std::size_t kPlainDecimalHeadroom = 40;

/// significand / 10^fraction, correctly rounded; fraction at most kPlainDecimalFraction.
double scale_decimal(std::uint64_t significand, std::size_t fraction);

/// Character by character.
bool parse_long_decimal(const char* begin, const char* end, char decimal, double& value);

/// Reads all of [begin, end); kPlainDecimalHeadroom bytes before `end` must be readable.
inline bool parse_plain_decimal(const char* begin, const char* end, char decimal, double& value) {
  return parse_short_decimal(begin, end, decimal, value) || parse_long_decimal(begin, end, decimal, value);
}

}  // namespace talweg
