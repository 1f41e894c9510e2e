// SPDX-License-Identifier: Apache-2.0
// The number parser's short cut: plain decimals of at most 16 characters after the sign (`-0.123456`, `42`,
// `1.`, `.5`), all digits of a field at once in one or two 64-bit words.
//
// A word holds eight characters, the first in its lowest byte. XOR with '0' turns digits into 0..9; the one
// byte that is no digit may be the decimal mark, and is squeezed out by moving the characters before it up
// one place. Eight digits become a number by three multiplications (D. Lemire, "Parsing eight digits at
// once", 2018/2022). The significand M is below 2^53 and the power of ten at most 10^16, both exact doubles,
// so M / 10^k is the correctly rounded value (W. Clinger, "How to read floating point numbers accurately",
// 1990).
//
// Anything else (an exponent, blanks, a plus sign, more digits) is refused, and read by parse_number. Where
// this function answers, it gives the bits that parse_number gives.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace talweg {

/// Bytes before the field that may be loaded (and are ignored).
inline constexpr std::size_t kShortDecimalHeadroom = 16;

namespace short_decimal_detail {

inline constexpr std::uint64_t kZeros = 0x3030303030303030ULL;
inline constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

inline std::uint64_t load(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// The bytes above 9 have their high bit set in the result.
inline std::uint64_t no_digits(std::uint64_t word) {
  return ((word + 0x7676767676767676ULL) | word) & kHighBits;
}

inline std::uint64_t eight_digits(std::uint64_t word) {
  word = word * 10 + (word >> 8U);
  return (((word & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
          (((word >> 16U) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >>
         32U;
}

inline constexpr double kPowers[] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7, 1e8,
                                     1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};

}  // namespace short_decimal_detail

/// Reads all of [begin, end) as `signed_significand / power`, both exact; kShortDecimalHeadroom bytes before
/// `end` must be readable. False where it does not answer. `mark`: decimal_mark(). (A caller with many fields
/// divides vectors of them.)
inline bool parse_short_decimal(const char* begin, const char* end, std::uint64_t mark,
                                double& signed_significand, double& power) {
  using namespace short_decimal_detail;
  const bool negative = begin != end && *begin == '-';
  begin += negative ? 1 : 0;
  const auto length = static_cast<std::size_t>(end - begin);
  if (length - 1 >= 16) return false;
  std::uint64_t low = load(end - 8) ^ kZeros;  // the last eight characters
  std::uint64_t significand = 0;
  std::size_t fraction = 0;
  if (length <= 8) {
    const std::size_t unused = 64 - 8 * length;
    low = low >> unused << unused;
    if (const std::uint64_t bad = no_digits(low); bad != 0) {
      const auto at = static_cast<unsigned>(std::countr_zero(bad)) & ~7U;
      if ((bad & (bad - 1)) != 0 || ((low >> at) & 0xFFU) != mark || length == 1) return false;
      const std::uint64_t before = (std::uint64_t{1} << at) - 1;
      low = ((low & before) << 8U) | (low & (~before << 8U));
      fraction = 7 - at / 8;
    }
    significand = eight_digits(low);
  } else {
    const std::size_t unused = 128 - 8 * length;
    std::uint64_t high = load(end - 16) ^ kZeros;
    high = high >> unused << unused;
    const std::uint64_t bad_low = no_digits(low);
    const std::uint64_t bad_high = no_digits(high);
    if ((bad_low | bad_high) != 0) {
      const bool in_low = bad_low != 0;
      const std::uint64_t bad = in_low ? bad_low : bad_high;
      if ((in_low && bad_high != 0) || (bad & (bad - 1)) != 0) return false;
      const auto at = static_cast<unsigned>(std::countr_zero(bad)) & ~7U;
      if ((((in_low ? low : high) >> at) & 0xFFU) != mark) return false;
      const std::uint64_t before = (std::uint64_t{1} << at) - 1;
      if (in_low) {
        low = ((low & before) << 8U) | (high >> 56U) | (low & (~before << 8U));
        high <<= 8U;
        fraction = 7 - at / 8;
      } else {
        high = ((high & before) << 8U) | (high & (~before << 8U));
        fraction = 15 - at / 8;
      }
    }
    significand = eight_digits(high) * 100000000ULL + eight_digits(low);
    if (significand > (std::uint64_t{1} << 53U)) return false;
  }
  const auto whole = static_cast<double>(static_cast<std::int64_t>(significand));
  signed_significand = negative ? -whole : whole;
  power = kPowers[fraction];
  return true;
}

inline std::uint64_t decimal_mark(char decimal) {
  return static_cast<unsigned char>(decimal) ^ 0x30U;
}

/// The value itself.
inline bool parse_short_decimal(const char* begin, const char* end, char decimal, double& value) {
  double significand = 0;
  double power = 1;
  if (!parse_short_decimal(begin, end, decimal_mark(decimal), significand, power)) return false;
  value = significand / power;
  return true;
}

}  // namespace talweg
