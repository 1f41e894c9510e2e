// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/number_kernel.h"

#include <array>
#include <bit>

#include "talweg/base/short_decimal.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/data/number_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef TALWEG_DATA_NUMBER_KERNEL_ONCE
#define TALWEG_DATA_NUMBER_KERNEL_ONCE
namespace talweg {
namespace {

constexpr std::size_t kChars = 16;
using Bytes = std::array<std::uint8_t, kChars>;

// Keeps the last `length` bytes of sixteen.
constexpr std::array<Bytes, kChars + 1> kLast = [] {
  std::array<Bytes, kChars + 1> out{};
  for (std::size_t length = 0; length <= kChars; ++length) {
    for (std::size_t k = 0; k < kChars; ++k) out[length][k] = k + length >= kChars ? 0xFF : 0;
  }
  return out;
}();

// Shuffles that drop byte p, moving up what stands before it; the last one drops nothing.
constexpr std::array<Bytes, kChars + 1> kWithout = [] {
  std::array<Bytes, kChars + 1> out{};
  for (std::size_t p = 0; p <= kChars; ++p) {
    for (std::size_t k = 0; k < kChars; ++k) {
      const std::size_t from = p < kChars && k <= p ? k - 1 : k;
      out[p][k] = from < kChars ? static_cast<std::uint8_t>(from) : 0x80;
    }
  }
  return out;
}();

}  // namespace
}  // namespace talweg
#endif

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_TARGET <= HWY_SSE4

// As parse_short_decimal.
HWY_INLINE bool parse_field(const char* begin, const char* end, char decimal, double& value, double& power) {
  const bool negative = *begin == '-';
  begin += negative ? 1 : 0;
  const auto length = static_cast<std::size_t>(end - begin);
  if (length - 1 >= kChars) return false;
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - kChars));
  __m128i digits = _mm_xor_si128(text, _mm_set1_epi8('0'));
  const __m128i no_digit = _mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits);
  // Bit 0 is the field's first character.
  const unsigned bad = static_cast<unsigned>(_mm_movemask_epi8(no_digit)) >> (kChars - length);
  std::size_t without = kChars;
  std::size_t fraction = 0;
  if (bad != 0) {
    const auto mark = static_cast<std::size_t>(std::countr_zero(bad));
    if ((bad & (bad - 1)) != 0 || begin[mark] != decimal || length == 1) return false;
    without = kChars - length + mark;
    fraction = length - 1 - mark;
  }
  digits = _mm_and_si128(digits, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kLast[length].data())));
  digits =
      _mm_shuffle_epi8(digits, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kWithout[without].data())));
  const __m128i twos = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));  // 10 a + b
  const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(0x00010064));  // 100 a + b
  const __m128i packed = _mm_packus_epi32(fours, fours);
  const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(0x00012710));  // 10,000 a + b
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  const std::uint64_t significand = (both & 0xFFFFFFFFULL) * 100000000ULL + (both >> 32U);
  if (significand > (std::uint64_t{1} << 53U)) return false;
  const auto whole = static_cast<double>(static_cast<std::int64_t>(significand));
  value = negative ? -whole : whole;
  power = short_decimal_detail::kPowers[fraction];
  return true;
}

std::size_t parse_target(const NumberRow& row, const NumberField* HWY_RESTRICT fields, std::size_t first,
                         std::size_t count, double* HWY_RESTRICT values, double* HWY_RESTRICT powers) {
  for (std::size_t k = first; k < count; ++k) {
    const std::uint32_t column = fields[k].column;
    const char* const from = row.text + (column == 0 ? row.begin : row.ends[column - 1] + 1);
    const std::uint32_t index = fields[k].index;
    if (!parse_field(from, row.text + row.ends[column], row.decimal, values[index], powers[index])) return k;
  }
  return count;
}

#else

std::size_t parse_target(const NumberRow& row, const NumberField* fields, std::size_t first,
                         std::size_t count, double* values, double* powers) {
  return parse_numbers_reference(row, fields, first, count, values, powers);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(parse_target);

std::size_t parse_numbers(const NumberRow& row, const NumberField* fields, std::size_t first,
                          std::size_t count, double* values, double* powers) {
  return HWY_DYNAMIC_DISPATCH(parse_target)(row, fields, first, count, values, powers);
}

std::size_t parse_numbers_reference(const NumberRow& row, const NumberField* fields, std::size_t first,
                                    std::size_t count, double* values, double* powers) {
  for (std::size_t k = first; k < count; ++k) {
    const std::uint32_t column = fields[k].column;
    const char* const from = row.text + (column == 0 ? row.begin : row.ends[column - 1] + 1);
    const std::uint32_t index = fields[k].index;
    if (!parse_short_decimal(from, row.text + row.ends[column], decimal_mark(row.decimal), values[index],
                             powers[index])) {
      return k;
    }
  }
  return count;
}

}  // namespace talweg
#endif
