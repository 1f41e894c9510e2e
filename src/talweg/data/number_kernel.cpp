// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/number_kernel.h"

#include <bit>

#include "talweg/base/plain_decimal.h"
#include "talweg/data/number_tables.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/data/number_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/data/number_lanes-inl.h"

#ifndef TALWEG_DATA_NUMBER_KERNEL_ONCE
#define TALWEG_DATA_NUMBER_KERNEL_ONCE
namespace talweg {
namespace {

constexpr std::size_t kChars = 16;

HWY_INLINE const char* begin_of(const NumberFields& fields, std::size_t k) {
  return fields.text + static_cast<std::uint32_t>(fields.before[k] + 1);
}

}  // namespace
}  // namespace talweg
#endif

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_TARGET <= HWY_SSE4

HWY_INLINE __m128i load_bytes(const void* at) {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

// As parse_long_decimal.
HWY_INLINE bool parse_long_field(const char* begin, const char* end, char decimal, double& value) {
#if HWY_TARGET <= HWY_AVX2
  const bool negative = *begin == '-';
  begin += negative ? 1 : 0;
  const auto length = static_cast<std::size_t>(end - begin);
  if (length - 1 >= kPlainDecimalChars) return false;
  const auto load = [](const void* at)
                        HWY_ATTR { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); };
  const __m256i zeros = _mm256_set1_epi8('0');
  const __m256i in_field = load(kNumberTables.zeros_then_ones.data() + length);
  const __m256i chars = _mm256_and_si256(_mm256_xor_si256(load(end - 32), zeros), in_field);
  const auto marks = static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(chars, _mm256_set1_epi8(static_cast<char>(decimal ^ '0')))));
  __m256i digits = chars;
  std::size_t fraction = 0;
  if (marks != 0) {
    const auto mark = static_cast<std::size_t>(std::countr_zero(marks));
    fraction = 31 - mark;
    // What stands before the mark moves up by one; the byte that comes in at the front is no part of the
    // field.
    const __m256i moved = _mm256_xor_si256(load(end - 33), zeros);
    const __m256i kept = load(kNumberTables.zeros_then_ones.data() + fraction);
    const __m256i behind = load(kNumberTables.zeros_then_ones.data() + length - 1);
    digits = _mm256_and_si256(_mm256_blendv_epi8(moved, chars, kept), behind);
    if (length == 1 || fraction > kPlainDecimalFraction) return false;
  }
  const __m256i no_digits = _mm256_subs_epu8(digits, _mm256_set1_epi8(9));
  if (_mm256_testz_si256(no_digits, no_digits) == 0) return false;
  const __m256i twos = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010A));
  const __m256i fours = _mm256_madd_epi16(twos, _mm256_set1_epi32(0x00010064));
  const __m256i eights = _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(0x00012710));
  const auto high = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm256_castsi256_si128(eights)));
  const auto low = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm256_extracti128_si256(eights, 1)));
  // Four numbers of eight digits; at most 19 digits in all.
  if ((high & 0xFFFFFFFFULL) != 0 || (high >> 32U) >= 1000) return false;
  const std::uint64_t significand =
      (high >> 32U) * 10000000000000000ULL + (low & 0xFFFFFFFFULL) * 100000000ULL + (low >> 32U);
  value = scale_decimal(significand, fraction);
  if (negative) value = -value;
  return true;
#else
  return parse_long_decimal(begin, end, decimal, value);
#endif
}

// As parse_plain_decimal.
HWY_INLINE bool parse_field(const char* begin, const char* end, char decimal, double& value) {
  const bool negative = *begin == '-';
  const char* const start = begin + (negative ? 1 : 0);
  const auto length = static_cast<std::size_t>(end - start);
  if (length - 1 >= kChars) return parse_long_field(begin, end, decimal, value);
  __m128i digits = _mm_xor_si128(load_bytes(end - kChars), _mm_set1_epi8('0'));
  const __m128i no_digit = _mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits);
  // Bit 0 is the field's first character.
  const unsigned bad = static_cast<unsigned>(_mm_movemask_epi8(no_digit)) >> (kChars - length);
  std::size_t without = kChars;
  if (bad != 0) {
    const auto mark = static_cast<std::size_t>(std::countr_zero(bad));
    if ((bad & (bad - 1)) != 0 || start[mark] != decimal || length == 1) return false;
    without = kChars - length + mark;
  }
  digits = _mm_and_si128(digits, load_bytes(kNumberTables.zeros_then_ones.data() + kChars + length));
  digits = _mm_shuffle_epi8(digits, load_bytes(kNumberTables.without[without].data()));
  const __m128i twos = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));  // 10 a + b
  const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(0x00010064));  // 100 a + b
  const __m128i packed = _mm_packus_epi32(fours, fours);
  const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(0x00012710));  // 10,000 a + b
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  const std::uint64_t significand = (both & 0xFFFFFFFFULL) * 100000000ULL + (both >> 32U);
  if (significand > (std::uint64_t{1} << 53U)) return parse_long_field(begin, end, decimal, value);
  const auto whole = static_cast<double>(static_cast<std::int64_t>(significand));
  value = (negative ? -whole : whole) / kNumberTables.power_at[without];
  return true;
}

HWY_INLINE std::size_t one_by_one(const NumberFields& fields, std::size_t first, std::size_t count,
                                  double* HWY_RESTRICT values) {
  for (std::size_t k = first; k < count; ++k) {
    double value = 0;
    if (!parse_field(begin_of(fields, k), fields.text + fields.ends[k], fields.decimal, value)) return k;
    values[k] = value + 0.0;
  }
  return count;
}

#endif

#if HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2

HWY_INLINE __m256i constant(const VectorBytes& bytes) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes.data()));
}
// Eight characters before each of two places.
HWY_INLINE __m128i load_eights(const char* a, const char* b) {
  const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(a - 8));
  return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(low), reinterpret_cast<const double*>(b - 8)));
}
HWY_INLINE __m256i join(__m128i low, __m128i high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

// What is left of a vector of characters less '0': zeros outside of the fields, no sign.
struct Masked {
  __m256i field;  // the field without its sign
  __m256i chars;
  __m256i minus;  // all ones at a sign that stands first
  __m256i marks;  // all ones at decimal marks
};

// `lengths`: in every byte of a lane the length of its field + 1.
HWY_INLINE Masked mask_fields(__m256i text, __m256i lengths, __m256i mark, const VectorBytes& to_end,
                              const VectorBytes& past_end) {
  const NumberTables& tables = kNumberTables;
  const __m256i all = _mm256_cmpgt_epi8(lengths, constant(to_end));
  const __m256i first = _mm256_cmpeq_epi8(lengths, constant(past_end));
  const __m256i chars = _mm256_xor_si256(text, constant(tables.zeros));
  Masked out;
  out.minus = _mm256_and_si256(_mm256_cmpeq_epi8(chars, constant(tables.minus)), first);
  out.field = _mm256_andnot_si256(out.minus, all);
  out.chars = _mm256_and_si256(chars, out.field);
  out.marks = _mm256_cmpeq_epi8(out.chars, mark);
  return out;
}

// Pairs of digits, then pairs of those: four digits in every 32 bits.
HWY_INLINE __m256i four_digits(__m256i digits) {
  const __m256i twos = _mm256_maddubs_epi16(digits, constant(kNumberTables.tens));
  return _mm256_madd_epi16(twos, constant(kNumberTables.hundreds));
}

// Eight fields of at most 8 characters, the sign among them; false where one is not plain, or ends in its
// mark. Two vectors with four fields each, of 64 bits: 0, 1, 4, 5 and 2, 3, 6, 7.
HWY_INLINE bool parse_eight_short(const char* text, const std::uint32_t* ends, __m256i lengths, __m256i mark,
                                  double* values) {
  const NumberTables& tables = kNumberTables;
  Masked masked[2];
  __m256i digits[2];
  __m256i places[2];
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint32_t* const e = ends + 2 * half;
    const __m256i chars = join(load_eights(text + e[0], text + e[1]), load_eights(text + e[4], text + e[5]));
    masked[half] = mask_fields(chars, _mm256_shuffle_epi8(lengths, constant(tables.spread_8[half])), mark,
                               tables.to_end_8, tables.past_end_8);
    // All ones before the first mark, and everywhere where there is none. What stands behind the mark moves
    // down by one: ten times the significand, to be divided by ten times the power.
    const __m256i marks = masked[half].marks;
    const __m256i before = _mm256_andnot_si256(marks, _mm256_add_epi64(marks, constant(tables.ones)));
    digits[half] = _mm256_blendv_epi8(_mm256_srli_epi64(masked[half].chars, 8), masked[half].chars, before);
    // 255 times the number of characters before the mark: modulo 8, the exponent of the power.
    places[half] = _mm256_sad_epu8(before, _mm256_setzero_si256());
  }
  // The last character is a digit of the field, the first of the lane no mark, and all are digits.
  const __m256i no_digits = _mm256_subs_epu8(_mm256_max_epu8(digits[0], digits[1]), constant(tables.nines));
  const __m256i marks_at_edge =
      _mm256_and_si256(_mm256_or_si256(masked[0].marks, masked[1].marks), constant(tables.edges_8));
  const __m256i without_end =
      _mm256_andnot_si256(_mm256_and_si256(masked[0].field, masked[1].field), constant(tables.last_8));
  const __m256i wrong = _mm256_or_si256(_mm256_or_si256(no_digits, marks_at_edge), without_end);
  if (_mm256_testz_si256(wrong, wrong) == 0) return false;

  const __m256i packed = _mm256_packus_epi32(four_digits(digits[0]), four_digits(digits[1]));
  const __m256i whole = _mm256_madd_epi16(packed, constant(tables.myriads));
  const __m256i no_minus =
      _mm256_cmpeq_epi32(_mm256_packs_epi16(masked[0].minus, masked[1].minus), _mm256_setzero_si256());
  const __m256 signs = _mm256_castsi256_ps(_mm256_andnot_si256(no_minus, constant(tables.sign_words)));
  const __m256 exponents =
      _mm256_shuffle_ps(_mm256_castsi256_ps(places[0]), _mm256_castsi256_ps(places[1]), 0x88);
  const __m256 table = _mm256_load_ps(tables.powers_8.data());
  const __m256 powers = _mm256_or_ps(_mm256_permutevar8x32_ps(table, _mm256_castps_si256(exponents)), signs);
  const __m256d low = _mm256_div_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(whole)),
                                    _mm256_cvtps_pd(_mm256_castps256_ps128(powers)));
  const __m256d high = _mm256_div_pd(_mm256_cvtepi32_pd(_mm256_extracti128_si256(whole, 1)),
                                     _mm256_cvtps_pd(_mm256_extractf128_ps(powers, 1)));
  _mm256_storeu_pd(values, _mm256_add_pd(low, _mm256_setzero_pd()));
  _mm256_storeu_pd(values + 4, _mm256_add_pd(high, _mm256_setzero_pd()));
  return true;
}

// Eight fields of at most 16 characters, the sign among them, and of at most 15 digits; false as above. Four
// vectors with two fields each: j and j + 4.
HWY_INLINE bool parse_eight(const char* text, const std::uint32_t* ends, __m256i lengths, __m256i mark,
                            double* values) {
  const NumberTables& tables = kNumberTables;
  __m256i fours[4];
  __m256i minus[4];
  __m256i widest = _mm256_setzero_si256();
  __m256i last = constant(tables.ones);
  std::size_t places[8];
  for (std::size_t j = 0; j < 4; ++j) {
    const __m256i chars = join(load_bytes(text + ends[j] - kChars), load_bytes(text + ends[j + 4] - kChars));
    const Masked masked = mask_fields(chars, _mm256_shuffle_epi8(lengths, constant(tables.spread_16[j])),
                                      mark, tables.to_end_16, tables.past_end_16);
    minus[j] = masked.minus;
    last = _mm256_and_si256(last, _mm256_andnot_si256(masked.marks, masked.field));
    const auto marks = static_cast<std::uint32_t>(_mm256_movemask_epi8(masked.marks));
    places[j] = static_cast<std::size_t>(std::countr_zero(marks | 0x10000U));
    places[j + 4] = static_cast<std::size_t>(std::countr_zero((marks >> 16U) | 0x10000U));
    const __m256i without =
        join(load_bytes(tables.without[places[j]].data()), load_bytes(tables.without[places[j + 4]].data()));
    const __m256i digits = _mm256_shuffle_epi8(masked.chars, without);
    widest = _mm256_max_epu8(widest, digits);
    fours[j] = four_digits(digits);
  }
  const __m256i wrong = _mm256_or_si256(_mm256_subs_epu8(widest, constant(tables.limits_16)),
                                        _mm256_andnot_si256(last, constant(tables.last_16)));
  if (_mm256_testz_si256(wrong, wrong) == 0) return false;

  __m256d signed_whole[2];  // fields 0, 1, 4, 5 and 2, 3, 6, 7
  for (std::size_t half = 0; half < 2; ++half) {
    const __m256i packed = _mm256_packus_epi32(fours[2 * half], fours[2 * half + 1]);
    const __m256i eights = _mm256_madd_epi16(packed, constant(tables.myriads));
    const __m256i whole = _mm256_add_epi64(_mm256_mul_epu32(eights, constant(tables.hundred_millions)),
                                           _mm256_srli_epi64(eights, 32));
    // Below 2^52: the bits of 2^52 + whole.
    const __m256i magic = constant(tables.magic);
    const __m256d value =
        _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(whole, magic)), _mm256_castsi256_pd(magic));
    const __m256i no_minus =
        _mm256_cmpeq_epi64(_mm256_packs_epi16(minus[2 * half], minus[2 * half + 1]), _mm256_setzero_si256());
    const __m256i signs = _mm256_andnot_si256(no_minus, constant(tables.sign_longs));
    signed_whole[half] = _mm256_or_pd(value, _mm256_castsi256_pd(signs));
  }
  const auto powers = [&](const std::size_t* at) HWY_ATTR {
    const double* const power = tables.power_at.data();
    const __m128d low = _mm_loadh_pd(_mm_load_sd(power + at[0]), power + at[1]);
    const __m128d high = _mm_loadh_pd(_mm_load_sd(power + at[2]), power + at[3]);
    return _mm256_insertf128_pd(_mm256_castpd128_pd256(low), high, 1);
  };
  const __m256d low =
      _mm256_div_pd(_mm256_permute2f128_pd(signed_whole[0], signed_whole[1], 0x20), powers(places));
  const __m256d high =
      _mm256_div_pd(_mm256_permute2f128_pd(signed_whole[0], signed_whole[1], 0x31), powers(places + 4));
  _mm256_storeu_pd(values, _mm256_add_pd(low, _mm256_setzero_pd()));
  _mm256_storeu_pd(values + 4, _mm256_add_pd(high, _mm256_setzero_pd()));
  return true;
}

// False where a field has more than 16 characters, too.
HWY_INLINE bool parse_group(__m256i mark, const char* text, const std::uint32_t* before,
                            const std::uint32_t* ends, double* values) {
  const __m256i lengths = _mm256_sub_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(ends)),
                                           _mm256_loadu_si256(reinterpret_cast<const __m256i*>(before)));
  const __m256i over_8 = _mm256_cmpgt_epi32(lengths, constant(kNumberTables.past_8));
  if (HWY_LIKELY(_mm256_testz_si256(over_8, over_8) != 0)) {
    return parse_eight_short(text, ends, lengths, mark, values);
  }
  const __m256i over_16 = _mm256_cmpgt_epi32(lengths, constant(kNumberTables.past_16));
  if (_mm256_testz_si256(over_16, over_16) == 0) return false;
  return parse_eight(text, ends, lengths, mark, values);
}

#endif

#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_TARGET <= HWY_AVX2

std::size_t parse_target(const NumberFields& fields, std::size_t first, std::size_t count,
                         double* HWY_RESTRICT values) {
#if HWY_TARGET <= HWY_AVX3
  const LaneConstants constants(fields.decimal);
#else
  const __m256i constants = _mm256_set1_epi8(static_cast<char>(fields.decimal ^ '0'));
#endif
  std::size_t k = first;
  while (k < count) {
    if (count - k >= 8) {
      if (HWY_LIKELY(parse_group(constants, fields.text, fields.before + k, fields.ends + k, values + k))) {
        k += 8;
        continue;
      }
    } else {
      // The last few, filled up with repetitions.
      std::uint32_t before[8];
      std::uint32_t ends[8];
      double out[8];
      for (std::size_t i = 0; i < 8; ++i) {
        const std::size_t from = k + i < count ? k + i : k;
        before[i] = fields.before[from];
        ends[i] = fields.ends[from];
      }
      if (HWY_LIKELY(parse_group(constants, fields.text, before, ends, out))) {
        for (std::size_t i = 0; k + i < count; ++i) values[k + i] = out[i];
        return count;
      }
    }
    const std::size_t end = count - k >= 8 ? k + 8 : count;
    k = one_by_one(fields, k, end, values);
    if (k < end) return k;
  }
  return count;
}

#elif HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_TARGET <= HWY_SSE4

std::size_t parse_target(const NumberFields& fields, std::size_t first, std::size_t count,
                         double* HWY_RESTRICT values) {
  return one_by_one(fields, first, count, values);
}

#else

std::size_t parse_target(const NumberFields& fields, std::size_t first, std::size_t count, double* values) {
  return parse_numbers_reference(fields, first, count, values);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(parse_target);

std::size_t parse_numbers(const NumberFields& fields, std::size_t first, std::size_t count, double* values) {
  return HWY_DYNAMIC_DISPATCH(parse_target)(fields, first, count, values);
}

std::size_t parse_numbers_reference(const NumberFields& fields, std::size_t first, std::size_t count,
                                    double* values) {
  for (std::size_t k = first; k < count; ++k) {
    double value = 0;
    if (!parse_plain_decimal(begin_of(fields, k), fields.text + fields.ends[k], fields.decimal, value)) {
      return k;
    }
    values[k] = value + 0.0;
  }
  return count;
}

}  // namespace talweg
#endif
