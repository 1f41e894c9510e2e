// SPDX-License-Identifier: Apache-2.0
// exp and log of row_kernels.h for vectors of any length, to be inlined into kernels of other rooms: included
// once for every instruction set, as Highway's own "-inl.h" files are. Below 1 ulp; needs fused multiply-add.
#if defined(TALWEG_FORMULA_EXP_LOG_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TALWEG_FORMULA_EXP_LOG_INL_H
#undef TALWEG_FORMULA_EXP_LOG_INL_H
#else
#define TALWEG_FORMULA_EXP_LOG_INL_H
#endif

#include <hwy/highway.h>

#include "talweg/formula/exp_log.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA

// 2^k for whole k from -1022 to 1023.
template <class Tag, class Vector = hn::Vec<Tag>>
HWY_INLINE Vector power_of_two(Tag d, hn::Vec<hn::RebindToSigned<Tag>> k) {
  const hn::RebindToSigned<Tag> whole;
  return hn::BitCast(d, hn::ShiftLeft<52>(hn::Add(k, hn::Set(whole, 1023))));
}

/// e^(x + low), low a correction of x.
template <class Tag, class Vector = hn::Vec<Tag>>
HWY_INLINE Vector exp_of_pair(Tag d, Vector x, Vector low) {
  using namespace exp_log;
  const hn::RebindToSigned<Tag> integers;
  const Vector inside = hn::Min(hn::Max(x, hn::Set(d, kLeastExponent)), hn::Set(d, kMostExponent));
  const Vector shifted = hn::MulAdd(inside, hn::Set(d, kLog2E), hn::Set(d, kRounder));
  const Vector k = hn::Sub(shifted, hn::Set(d, kRounder));
  Vector r = hn::NegMulAdd(k, hn::Set(d, kLn2High), inside);
  r = hn::Add(hn::NegMulAdd(k, hn::Set(d, kLn2Low), r), low);
  const auto pair = [&](std::size_t i) {
    return hn::MulAdd(hn::Set(d, kExp[i]), r, hn::Set(d, kExp[i + 1]));
  };
  const Vector r2 = hn::Mul(r, r);
  const Vector r4 = hn::Mul(r2, r2);
  const Vector rest = hn::MulAdd(hn::MulAdd(pair(3), r2, pair(5)), r4, hn::MulAdd(pair(7), r2, pair(9)));
  const Vector high = hn::MulAdd(hn::Set(d, kExp[0]), r2, pair(1));
  // The largest terms last: the sum of pairs alone would cost a tenth of an ulp.
  const Vector q = hn::MulAdd(hn::MulAdd(high, hn::Mul(r4, r4), rest), r, hn::Set(d, kExp[11]));
  const Vector e = hn::Add(hn::MulAdd(r2, q, r), hn::Set(d, 1));
  const auto whole = hn::Sub(hn::BitCast(integers, shifted), hn::Set(integers, kRounderBits));
  const auto half = hn::ShiftRight<1>(whole);
  return hn::Mul(hn::Mul(e, power_of_two(d, half)), power_of_two(d, hn::Sub(whole, half)));
}

template <class Tag, class Vector = hn::Vec<Tag>>
HWY_INLINE Vector exp_vector(Tag d, Vector x) {
  return hn::IfThenElse(hn::IsNaN(x), x, exp_of_pair(d, x, hn::Zero(d)));
}

template <class Tag, class Vector = hn::Vec<Tag>>
HWY_INLINE Vector log_vector(Tag d, Vector x) {
  using namespace exp_log;
  const hn::RebindToSigned<Tag> integers;
  const auto tiny = hn::Lt(x, hn::Set(d, kLeastNormal));
  const Vector up = hn::IfThenElse(tiny, hn::Mul(x, hn::Set(d, kTwo54)), x);
  const auto bits = hn::BitCast(integers, up);
  const auto shifted = hn::Sub(bits, hn::Set(integers, kSqrtHalfBits));
  const auto k = hn::ShiftRight<52>(shifted);
  const Vector m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<52>(k)));
  // The whole number as a double: its bits on top of 1.5 * 2^52.
  Vector exponent =
      hn::Sub(hn::BitCast(d, hn::Add(k, hn::Set(integers, kRounderBits))), hn::Set(d, kRounder));
  exponent = hn::Sub(exponent, hn::IfThenElseZero(tiny, hn::Set(d, 54)));
  const Vector f = hn::Sub(m, hn::Set(d, 1));
  const Vector s = hn::Div(f, hn::Add(f, hn::Set(d, 2)));
  const Vector z = hn::Mul(s, s);
  const auto pair = [&](std::size_t i) {
    return hn::MulAdd(hn::Set(d, kLog[i]), z, hn::Set(d, kLog[i + 1]));
  };
  const Vector z2 = hn::Mul(z, z);
  const Vector z4 = hn::Mul(z2, z2);
  const Vector low = hn::MulAdd(hn::MulAdd(pair(2), z2, pair(4)), z4, hn::MulAdd(pair(6), z2, pair(8)));
  const Vector q = hn::MulAdd(pair(0), hn::Mul(z4, z4), low);
  const Vector half_square = hn::Mul(hn::Mul(hn::Set(d, 0.5), f), f);
  const Vector inner = hn::MulAdd(s, hn::MulAdd(z, q, half_square), hn::Mul(exponent, hn::Set(d, kLn2Low)));
  const Vector out = hn::MulAdd(exponent, hn::Set(d, kLn2High), hn::Sub(f, hn::Sub(half_square, inner)));
  // Zero, below zero, infinite or no number.
  const auto regular = hn::And(hn::Gt(x, hn::Set(d, 0)), hn::Lt(x, hn::Set(d, kInfinity)));
  const Vector odd = hn::IfThenElse(hn::Eq(x, hn::Set(d, 0)), hn::Set(d, -kInfinity),
                                    hn::IfThenElse(hn::Gt(x, hn::Set(d, 0)), x, hn::Set(d, kNone)));
  return hn::IfThenElse(regular, out, odd);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
