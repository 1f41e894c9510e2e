// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/logistic_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "talweg/objective/logistic_constants.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/logistic_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/objective/logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Tag>;
using logistic_constants::kAtanh;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
constexpr std::size_t kRun = 32;
// Asked for with every vector.
constexpr std::size_t kLine = 64;
constexpr std::size_t kAheadBytes = kLine * kLanes / 4;

// Of at most kRun rows, whole vectors of them, in three steps over all of them: one vector's operations wait
// for each other, and all three steps of it are more than a machine looks ahead.
template <bool kValue, bool kCurvature, bool kFetch>
HWY_INLINE void run_of_rows(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                            double* curvature, const char*& ahead) {
  const Tag d;
  const Vector one = hn::Set(d, 1);
  HWY_ALIGN double power[kRun];  // t
  HWY_ALIGN double ratio[kRun];  // s
  const auto fetch = [&] {
    if constexpr (kFetch) {
      for (std::size_t line = 0; line < kAheadBytes; line += kLine) __builtin_prefetch(ahead + line);
      ahead += kAheadBytes;
    }
  };
  for (std::size_t r = 0; r < rows; r += kLanes) {
    fetch();
    hn::Store(exp_below_zero(d, hn::Neg(hn::Abs(hn::LoadU(d, f + r)))), d, power + r);
  }
  for (std::size_t r = 0; r < rows; r += kLanes) {
    fetch();
    const Vector sign = hn::LoadU(d, y + r);
    const Vector z = hn::Mul(sign, hn::LoadU(d, f + r));
    const Vector t = hn::Load(d, power + r);
    const Vector u = hn::Add(one, t);
    // 1/u and 1/(2 + t) by one division.
    const Vector v = hn::Add(u, one);
    const Vector both = hn::Div(one, hn::Mul(u, v));
    const Vector part = hn::Mul(v, both);
    if constexpr (kValue) {
      hn::Store(hn::Mul(hn::Mul(t, u), both), d, ratio + r);
      hn::StoreU(hn::Max(hn::Neg(z), hn::Zero(d)), d, value + r);
    }
    const Vector share = hn::Mul(hn::IfThenElse(hn::Ge(z, hn::Zero(d)), t, one), part);
    hn::StoreU(hn::Mul(hn::Neg(sign), share), d, slope + r);
    if constexpr (kCurvature) hn::StoreU(hn::Mul(hn::Mul(t, part), part), d, curvature + r);
  }
  for (std::size_t r = 0; kValue && r < rows; r += kLanes) {
    fetch();
    const Vector s = hn::Load(d, ratio + r);
    const Vector s2 = hn::Mul(s, s);
    const Vector twice = hn::Add(s, s);
    const Vector log = hn::MulAdd(hn::Mul(twice, s2), logistic_polynomial(d, kAtanh, s2), twice);
    hn::StoreU(hn::Add(hn::LoadU(d, value + r), log), d, value + r);
  }
}

template <bool kValue, bool kCurvature, bool kFetch>
const char* each_row(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                     double* curvature, const char* ahead) {
  std::size_t r = 0;
  for (; r + kRun <= rows; r += kRun) {
    run_of_rows<kValue, kCurvature, kFetch>(f + r, y + r, kRun, kValue ? value + r : nullptr, slope + r,
                                            kCurvature ? curvature + r : nullptr, ahead);
  }
  if (r == rows) return ahead;
  const std::size_t left = (rows - r + kLanes - 1) / kLanes * kLanes;
  double last[5][kRun] = {};
  std::copy(f + r, f + rows, last[0]);
  std::copy(y + r, y + rows, last[1]);
  run_of_rows<kValue, kCurvature, kFetch>(last[0], last[1], left, last[2], last[3], last[4], ahead);
  if constexpr (kValue) std::copy_n(last[2], rows - r, value + r);
  std::copy_n(last[3], rows - r, slope + r);
  if constexpr (kCurvature) std::copy_n(last[4], rows - r, curvature + r);
  return ahead;
}

template <bool kFetch>
const char* logistic_ahead(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                           double* curvature, const char* ahead) {
  if (value != nullptr && curvature != nullptr)
    return each_row<true, true, kFetch>(f, y, rows, value, slope, curvature, ahead);
  if (value != nullptr) return each_row<true, false, kFetch>(f, y, rows, value, slope, curvature, ahead);
  if (curvature != nullptr) return each_row<false, true, kFetch>(f, y, rows, value, slope, curvature, ahead);
  return each_row<false, false, kFetch>(f, y, rows, value, slope, curvature, ahead);
}

const void* logistic_target(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                            double* curvature, const void* ahead) {
  if (ahead == nullptr) return logistic_ahead<false>(f, y, rows, value, slope, curvature, nullptr);
  return logistic_ahead<true>(f, y, rows, value, slope, curvature, static_cast<const char*>(ahead));
}

#else

const void* logistic_target(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                            double* curvature, const void* ahead) {
  logistic_reference(f, y, rows, value, slope, curvature);
  return ahead;
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(logistic_target);

namespace {

using namespace logistic_constants;

double polynomial(const double (&c)[10], double x) {
  const auto pair = [&](std::size_t i) { return std::fma(c[i + 1], x, c[i]); };
  const double x2 = x * x;
  const double x4 = x2 * x2;
  const double low = std::fma(pair(2), x2, pair(0));
  const double middle = std::fma(pair(6), x2, pair(4));
  return std::fma(std::fma(pair(8), x4, middle), x4, low);
}

double exp_below_zero(double x) {
  if (x < kLeast) return 0;
  const double shifted = std::fma(x, exp_log::kLog2E, exp_log::kRounder);
  const double k = shifted - exp_log::kRounder;
  const double r = std::fma(-k, exp_log::kLn2Low, std::fma(-k, exp_log::kLn2High, x));
  const double e = std::fma(r * r, polynomial(kExp, r), r) + 1;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(e) +
                               (std::bit_cast<std::uint64_t>(shifted) << 52U));
}

}  // namespace

const void* logistic_rows(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                          double* curvature, const void* ahead) {
  return HWY_DYNAMIC_DISPATCH(logistic_target)(f, y, rows, value, slope, curvature, ahead);
}

void logistic_reference(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                        double* curvature) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double z = y[i] * f[i];
    const double t = exp_below_zero(-std::abs(f[i]));
    const double u = 1 + t;
    const double v = u + 1;
    const double both = 1 / (u * v);
    const double part = v * both;
    if (value != nullptr) {
      const double s = (t * u) * both;
      const double log = std::fma(((s + s) * (s * s)), polynomial(kAtanh, s * s), s + s);
      value[i] = std::max(-z, 0.0) + log;
    }
    slope[i] = -y[i] * ((z >= 0 ? t : 1) * part);
    if (curvature != nullptr) curvature[i] = (t * part) * part;
  }
}

}  // namespace talweg
#endif
