// SPDX-License-Identifier: Apache-2.0
// The exponential of logistic_kernel.h for vectors of any length, and a row's slope by it; included once for
// every instruction set.
#if defined(TALWEG_OBJECTIVE_LOGISTIC_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TALWEG_OBJECTIVE_LOGISTIC_INL_H
#undef TALWEG_OBJECTIVE_LOGISTIC_INL_H
#else
#define TALWEG_OBJECTIVE_LOGISTIC_INL_H
#endif

#include <hwy/highway.h>

#include "talweg/objective/logistic_constants.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA

// sum_i c_i x^i
template <class D, class V = hn::Vec<D>>
HWY_INLINE V logistic_polynomial(D d, const double (&c)[10], V x) {
  const auto pair = [&](std::size_t i) { return hn::MulAdd(hn::Set(d, c[i + 1]), x, hn::Set(d, c[i])); };
  const V x2 = hn::Mul(x, x);
  const V x4 = hn::Mul(x2, x2);
  const V low = hn::MulAdd(pair(2), x2, pair(0));
  const V middle = hn::MulAdd(pair(6), x2, pair(4));
  return hn::MulAdd(hn::MulAdd(pair(8), x4, middle), x4, low);
}

// e^x, x <= 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_below_zero(D d, V x) {
  using namespace logistic_constants;
  const hn::RebindToSigned<D> whole;
  const V shifted = hn::MulAdd(x, hn::Set(d, exp_log::kLog2E), hn::Set(d, exp_log::kRounder));
  const V k = hn::Sub(shifted, hn::Set(d, exp_log::kRounder));
  const V r =
      hn::NegMulAdd(k, hn::Set(d, exp_log::kLn2Low), hn::NegMulAdd(k, hn::Set(d, exp_log::kLn2High), x));
  const V e = hn::Add(hn::MulAdd(hn::Mul(r, r), logistic_polynomial(d, kExp, r), r), hn::Set(d, 1));
  // k stands in the low bits of `shifted`, and is added to the exponent.
  const auto power = hn::ShiftLeft<52>(hn::BitCast(whole, shifted));
  const V out = hn::BitCast(d, hn::Add(hn::BitCast(whole, e), power));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, kLeast)), out);
}

HWY_INLINE double logistic_slope(double f, double y) {
  const hn::CappedTag<double, 2> d;
  const double t = hn::GetLane(exp_below_zero(d, hn::Set(d, -std::abs(f))));
  const double u = 1 + t;
  const double v = u + 1;
  return -y * ((y * f >= 0 ? t : 1) * (v * (1 / (u * v))));
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
