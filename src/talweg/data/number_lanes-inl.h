// SPDX-License-Identifier: Apache-2.0
// Eight plain decimals at a time where vectors have 64 bytes: field k in lane k of eight bytes, of two
// vectors where one has more than eight characters; what belongs to all bytes of a lane is a mask. Included
// by number_kernel.cpp once for every instruction set.
//
// A field's significand w <= 2^53 and b = 10^k, k <= 15, are exact, and with r = 1 / b rounded,
//   q = w r,   e = w - q b (by a fused multiply-add, exact: fewer than 2^53 units of q's last place),
// q + e r is w / b but for 2^-104 of it. A quotient that is not the middle of two neighbouring doubles keeps
// 2^-54 / 5^k >= 2^-89 of itself away from it (w 2^s - m 5^k is a whole number, not 0), and none is such a
// middle (then 5^k divides w). So q + e r, rounded once, is w / b rounded; two multiply-adds take a fraction
// of a division's time (P. Markstein, "Computation of elementary functions on the IBM RISC System/6000
// processor", 1990).
#if defined(TALWEG_DATA_NUMBER_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TALWEG_DATA_NUMBER_LANES_INL_H
#undef TALWEG_DATA_NUMBER_LANES_INL_H
#else
#define TALWEG_DATA_NUMBER_LANES_INL_H
#endif

#include <hwy/highway.h>

#include <array>
#include <cstdint>

#include "talweg/data/number_tables.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_TARGET <= HWY_AVX3

// Constants that stay in registers: the compiler would make them anew from integers in every round.
struct LaneConstants {
  __m512i zeros, nines, mark, tens, hundreds;  // of bytes and of 16 bits, as in NumberTables
  __m512i less_one, low_byte, minus, myriads;  // of 64 bits
  __m512d powers, reciprocals;                 // 10^k and 1 / 10^k, k < 8

  explicit HWY_INLINE LaneConstants(char decimal)
      : zeros(kept(_mm512_set1_epi8('0'))),
        nines(kept(_mm512_set1_epi8(9))),
        mark(kept(_mm512_set1_epi8(static_cast<char>(decimal ^ '0')))),
        tens(kept(_mm512_set1_epi16(0x010A))),
        hundreds(kept(_mm512_set1_epi32(0x00010064))),
        less_one(kept(_mm512_set1_epi64(-1))),
        low_byte(kept(_mm512_set1_epi64(0xFF))),
        minus(kept(_mm512_set1_epi64('-' ^ '0'))),
        myriads(kept(_mm512_set1_epi64(10000))),
        powers(_mm512_load_pd(kNumberTables.powers_of_ten.data())),
        reciprocals(_mm512_load_pd(kNumberTables.powers_of_tenth.data())) {}

 private:
  static HWY_INLINE __m512i kept(__m512i vector) {
    asm("" : "+v"(vector));
    return vector;
  }
};

// The eight characters before each place, less '0'.
HWY_INLINE __m512i load_lanes(const LaneConstants& c, const char* text, __m256i places) {
  return _mm512_xor_si512(_mm512_i32gather_epi64(places, text - 8, 1), c.zeros);
}

// Eight digits of each lane, the first one the highest: a number.
HWY_INLINE __m512i number_of(const LaneConstants& c, __m512i digits) {
  const __m512i twos = _mm512_maddubs_epi16(digits, c.tens);
  const __m512i fours = _mm512_madd_epi16(twos, c.hundreds);
  return _mm512_add_epi64(_mm512_mul_epu32(fours, c.myriads), _mm512_srli_epi64(fours, 32));
}

// w / b, correctly rounded, of the numbers in `whole`, negative where told; r = 1 / b.
HWY_INLINE __m512d quotient(__m512i whole, __mmask8 negative, __m512d b, __m512d r) {
  const __m512d w = _mm512_cvtepi64_pd(_mm512_mask_sub_epi64(whole, negative, _mm512_setzero_si512(), whole));
  const __m512d q = _mm512_mul_pd(w, r);
  return _mm512_fmadd_pd(_mm512_fnmadd_pd(q, b, w), r, q);
}

// Where the first character is a minus.
HWY_INLINE __mmask8 find_minus(const LaneConstants& c, __m512i front) {
  return _mm512_cmpeq_epi64_mask(_mm512_and_si512(front, c.low_byte), c.minus);
}

// Fields of 1 to 8 characters, the sign among them; false where one is not plain, or begins or ends in its
// mark. `without`: the bits of a lane that are not the field's.
HWY_INLINE bool parse_short_lanes(const LaneConstants& c, const char* text, __m256i ends, __m512i without,
                                  double* HWY_RESTRICT values) {
  const __m512i front = _mm512_srlv_epi64(load_lanes(c, text, ends), without);
  const __mmask8 minus = find_minus(c, front);
  const __mmask8 minus_alone = _mm512_mask_cmpeq_epi64_mask(minus, front, c.minus);
  const __m512i chars = _mm512_sllv_epi64(_mm512_mask_xor_epi64(front, minus, front, c.minus), without);
  const __mmask64 marks = _mm512_cmpeq_epi8_mask(chars, c.mark);
  // All ones before the first mark, and everywhere where there is none. What stands behind the mark moves
  // down by one: ten times the significand, to be divided by ten times the power.
  const __m512i at_marks = _mm512_movm_epi8(marks);
  const __m512i before = _mm512_andnot_si512(at_marks, _mm512_add_epi64(at_marks, c.less_one));
  const __m512i digits = _mm512_ternarylogic_epi64(before, chars, _mm512_srli_epi64(chars, 8), 0xCA);
  const __mmask64 no_digits = _mm512_cmpgt_epu8_mask(digits, c.nines);
  if (HWY_UNLIKELY((no_digits | (marks & 0x8181818181818181ULL) | minus_alone) != 0)) return false;
  // 255 times the number of characters before the mark: modulo 8, the exponent of the power.
  const __m512i exponents = _mm512_sad_epu8(before, _mm512_setzero_si512());
  _mm512_storeu_pd(values, quotient(number_of(c, digits), minus, _mm512_permutexvar_pd(exponents, c.powers),
                                    _mm512_permutexvar_pd(exponents, c.reciprocals)));
  return true;
}

// Fields of 1 to 16 characters, the sign among them; false as above, and where the significand exceeds 2^53.
// `without`: the bits of two lanes that are not the field's.
HWY_INLINE bool parse_lanes(const LaneConstants& c, const char* text, __m256i ends, __m512i without,
                            double* HWY_RESTRICT values) {
  const __m512i lane = _mm512_set1_epi64(64);
  const __mmask8 is_long = _mm512_cmplt_epi64_mask(without, lane);
  const __mmask8 is_short = static_cast<__mmask8>(~is_long);
  // A shift by 64 leaves nothing.
  const __m512i without_low = _mm512_maskz_sub_epi64(is_short, without, lane);
  const __m256i before = _mm256_sub_epi32(ends, _mm256_set1_epi32(8));
  const __m512i high = _mm512_srlv_epi64(load_lanes(c, text, before), without);
  const __m512i low = _mm512_srlv_epi64(load_lanes(c, text, ends), without_low);
  const __m512i front = _mm512_mask_mov_epi64(low, is_long, high);
  const __mmask8 minus = find_minus(c, front);
  const __mmask8 minus_alone = _mm512_mask_cmpeq_epi64_mask(minus & is_short, front, c.minus);
  const __m512i high_chars =
      _mm512_sllv_epi64(_mm512_mask_xor_epi64(high, minus & is_long, high, c.minus), without);
  const __m512i low_chars =
      _mm512_sllv_epi64(_mm512_mask_xor_epi64(low, minus & is_short, low, c.minus), without_low);
  const __mmask64 high_marks = _mm512_cmpeq_epi8_mask(high_chars, c.mark);
  const __mmask64 low_marks = _mm512_cmpeq_epi8_mask(low_chars, c.mark);
  // All ones up to the first mark, and nowhere where there is none. What stands before the mark moves up by
  // one, over it; a second mark stays.
  const __m512i at_high = _mm512_movm_epi8(high_marks);
  const __m512i at_low = _mm512_movm_epi8(low_marks);
  const __mmask8 in_high = _mm512_test_epi64_mask(at_high, at_high);
  const __mmask8 in_low = _mm512_test_epi64_mask(at_low, at_low);
  const auto up_to_mark = [&](__m512i at, __mmask8 where) HWY_ATTR {
    const __m512i before_mark = _mm512_andnot_si512(at, _mm512_add_epi64(at, c.less_one));
    return _mm512_maskz_or_epi64(where, _mm512_slli_epi64(before_mark, 8), c.low_byte);
  };
  const __m512i up_to_high = up_to_mark(at_high, in_high | in_low);
  const __m512i up_to_low = up_to_mark(at_low, in_low);
  const __m512i low_moved =
      _mm512_or_si512(_mm512_slli_epi64(low_chars, 8), _mm512_srli_epi64(high_chars, 56));
  const __m512i high_digits =
      _mm512_ternarylogic_epi64(up_to_high, _mm512_slli_epi64(high_chars, 8), high_chars, 0xCA);
  const __m512i low_digits = _mm512_ternarylogic_epi64(up_to_low, low_moved, low_chars, 0xCA);
  const __mmask64 no_digits = _mm512_cmpgt_epu8_mask(_mm512_max_epu8(high_digits, low_digits), c.nines);
  const __m512i whole = _mm512_add_epi64(
      _mm512_mul_epu32(number_of(c, high_digits), _mm512_set1_epi64(100000000)), number_of(c, low_digits));
  const __mmask8 large = _mm512_cmpgt_epi64_mask(whole, _mm512_set1_epi64(std::int64_t{1} << 53U));
  const std::uint64_t wrong =
      no_digits | (low_marks & 0x8080808080808080ULL) | (in_high & in_low) | minus_alone | large;
  if (HWY_UNLIKELY(wrong != 0)) return false;
  // 255 times the number of characters up to the mark: modulo 16, the exponent of the power.
  const __m512i zero = _mm512_setzero_si512();
  const __m512i exponents =
      _mm512_add_epi64(_mm512_sad_epu8(up_to_high, zero), _mm512_sad_epu8(up_to_low, zero));
  const auto power_of = [&](const std::array<double, 16>& table) HWY_ATTR {
    return _mm512_permutex2var_pd(_mm512_load_pd(table.data()), exponents, _mm512_load_pd(&table[8]));
  };
  _mm512_storeu_pd(values, quotient(whole, minus, power_of(kNumberTables.powers_of_ten),
                                    power_of(kNumberTables.powers_of_tenth)));
  return true;
}

// False where a field has more than 16 characters, or none, too.
HWY_INLINE bool parse_group(const LaneConstants& c, const char* text, const std::uint32_t* before,
                            const std::uint32_t* ends, double* HWY_RESTRICT values) {
  const __m256i end = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ends));
  const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(before));
  // Bits of a lane of 64 that are no part of the field: less than 0 where it exceeds the lane, 64 where there
  // is nothing.
  const auto without = [&](int lane) HWY_ATTR {
    return _mm256_slli_epi32(_mm256_sub_epi32(_mm256_set1_epi32(lane + 1), _mm256_sub_epi32(end, start)), 3);
  };
  const __m256i of_eight = without(8);
  if (HWY_LIKELY(_mm256_cmpgt_epu32_mask(of_eight, _mm256_set1_epi32(56)) == 0))
    return parse_short_lanes(c, text, end, _mm512_cvtepu32_epi64(of_eight), values);
  const __m256i of_sixteen = without(16);
  if (_mm256_cmpgt_epu32_mask(of_sixteen, _mm256_set1_epi32(120)) != 0) return false;
  return parse_lanes(c, text, end, _mm512_cvtepu32_epi64(of_sixteen), values);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
