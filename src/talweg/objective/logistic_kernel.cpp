// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/logistic_kernel.h"

#include <algorithm>
#include <cmath>

#include "talweg/formula/row_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/logistic_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/formula/exp_log-inl.h"

#ifndef TALWEG_OBJECTIVE_LOGISTIC_SERIES
#define TALWEG_OBJECTIVE_LOGISTIC_SERIES
namespace talweg {
// Of 2 atanh(s) = 2s + 2s s^2 (1/3 + s^2/5 + ...)
constexpr double kSeries[16] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
                                1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25,
                                1.0 / 27, 1.0 / 29, 1.0 / 31, 1.0 / 33};
}  // namespace talweg
#endif

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::ScalableTag<double>;
using Vector = hn::Vec<Tag>;

struct Logistic {
  Vector value, slope, curvature;
};

HWY_INLINE Vector log_of_one_plus(Vector t) {
  const Tag d;
  const Vector s = hn::Div(t, hn::Add(hn::Set(d, 2), t));
  const Vector z = hn::Mul(s, s);
  const auto pair = [&](std::size_t i) {
    return hn::MulAdd(hn::Set(d, kSeries[i + 1]), z, hn::Set(d, kSeries[i]));
  };
  const Vector z2 = hn::Mul(z, z);
  const Vector z4 = hn::Mul(z2, z2);
  const auto four = [&](std::size_t i) { return hn::MulAdd(pair(i + 2), z2, pair(i)); };
  const Vector low = hn::MulAdd(four(4), z4, four(0));
  const Vector high = hn::MulAdd(four(12), z4, four(8));
  const Vector sum = hn::MulAdd(high, hn::Mul(z4, z4), low);
  const Vector twice = hn::Add(s, s);
  return hn::MulAdd(hn::Mul(twice, z), sum, twice);
}

template <bool kValue, bool kCurvature>
HWY_INLINE Logistic logistic_of(Vector f, Vector y) {
  const Tag d;
  const Vector one = hn::Set(d, 1);
  const Vector z = hn::Mul(y, f);
  const Vector t = exp_vector(d, hn::Neg(hn::Abs(f)));
  const Vector u = hn::Add(one, t);
  Logistic out{};
  if constexpr (kValue) out.value = hn::Add(hn::Max(hn::Neg(z), hn::Zero(d)), log_of_one_plus(t));
  const Vector share = hn::Div(hn::IfThenElse(hn::Ge(z, hn::Zero(d)), t, one), u);
  out.slope = hn::Mul(hn::Neg(y), share);
  if constexpr (kCurvature) out.curvature = hn::Div(hn::Div(t, u), u);
  return out;
}

template <bool kValue, bool kCurvature>
void each_row(const double* f, const double* y, std::size_t rows, double* value, double* slope,
              double* curvature) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t r = 0;
  for (; r + lanes <= rows; r += lanes) {
    const Logistic out = logistic_of<kValue, kCurvature>(hn::LoadU(d, f + r), hn::LoadU(d, y + r));
    if constexpr (kValue) hn::StoreU(out.value, d, value + r);
    hn::StoreU(out.slope, d, slope + r);
    if constexpr (kCurvature) hn::StoreU(out.curvature, d, curvature + r);
  }
  if (r == rows) return;
  const auto last = hn::FirstN(d, rows - r);
  const Logistic out =
      logistic_of<kValue, kCurvature>(hn::MaskedLoad(last, d, f + r), hn::MaskedLoad(last, d, y + r));
  if constexpr (kValue) hn::BlendedStore(out.value, last, d, value + r);
  hn::BlendedStore(out.slope, last, d, slope + r);
  if constexpr (kCurvature) hn::BlendedStore(out.curvature, last, d, curvature + r);
}

void logistic_target(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                     double* curvature) {
  if (value != nullptr && curvature != nullptr)
    return each_row<true, true>(f, y, rows, value, slope, curvature);
  if (value != nullptr) return each_row<true, false>(f, y, rows, value, slope, curvature);
  if (curvature != nullptr) return each_row<false, true>(f, y, rows, value, slope, curvature);
  each_row<false, false>(f, y, rows, value, slope, curvature);
}

#else

void logistic_target(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                     double* curvature) {
  logistic_reference(f, y, rows, value, slope, curvature);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(logistic_target);

namespace {

double log_of_one_plus(double t) {
  const double s = t / (2 + t);
  const double z = s * s;
  const auto pair = [z](std::size_t i) { return std::fma(kSeries[i + 1], z, kSeries[i]); };
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const auto four = [&](std::size_t i) { return std::fma(pair(i + 2), z2, pair(i)); };
  const double low = std::fma(four(4), z4, four(0));
  const double high = std::fma(four(12), z4, four(8));
  const double sum = std::fma(high, z4 * z4, low);
  return std::fma((s + s) * z, sum, s + s);
}

}  // namespace

void logistic_rows(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                   double* curvature) {
  HWY_DYNAMIC_DISPATCH(logistic_target)(f, y, rows, value, slope, curvature);
}

void logistic_reference(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                        double* curvature) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double z = y[i] * f[i];
    const double t = exp_reference(-std::abs(f[i]));
    const double u = 1 + t;
    if (value != nullptr) value[i] = std::max(-z, 0.0) + log_of_one_plus(t);
    slope[i] = -y[i] * ((z >= 0 ? t : 1) / u);
    if (curvature != nullptr) curvature[i] = (t / u) / u;
  }
}

}  // namespace talweg
#endif
