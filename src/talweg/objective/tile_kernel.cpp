// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/tile_kernel.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/tile_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Tag>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
constexpr std::size_t kVectors = 3;  // of a's columns at once
// Of b's columns at once: with a's vectors and one for b they fill the registers.
constexpr std::size_t kColumns = HWY_TARGET == HWY_AVX2 ? 4 : 8;
constexpr std::size_t kAtOnce = kVectors * kLanes;
static_assert(kStripWidth % kAtOnce == 0 && kStripWidth % kColumns == 0);

HWY_INLINE void multiply_part(const double* HWY_RESTRICT a, const double* HWY_RESTRICT b, std::size_t depth,
                              double* HWY_RESTRICT out) {
  const Tag d;
  Vector sum[kColumns][kVectors];
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kColumns; ++j) {
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v) sum[j][v] = hn::Zero(d);
  }
  for (std::size_t k = 0; k < depth; ++k, a += kStripWidth, b += kStripWidth) {
    Vector left[kVectors];
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v) left[v] = hn::LoadU(d, a + v * kLanes);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kColumns; ++j) {
      const Vector right = hn::Set(d, b[j]);
#pragma GCC unroll 3
      for (std::size_t v = 0; v < kVectors; ++v) sum[j][v] = hn::MulAdd(left[v], right, sum[j][v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kColumns; ++j) {
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[j][v], d, out + j * kStripWidth + v * kLanes);
  }
}

void multiply(const double* a, const double* b, std::size_t depth, double* out) {
  for (std::size_t j = 0; j < kStripWidth; j += kColumns) {
    for (std::size_t i = 0; i < kStripWidth; i += kAtOnce)
      multiply_part(a + i, b + j, depth, out + j * kStripWidth + i);
  }
}

#else

void multiply(const double* a, const double* b, std::size_t depth, double* out) {
  multiply_strips_reference(a, b, depth, out);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(multiply);

void multiply_strips(const double* a, const double* b, std::size_t depth, double* out) {
  HWY_DYNAMIC_DISPATCH(multiply)(a, b, depth, out);
}

void multiply_strips_reference(const double* a, const double* b, std::size_t depth, double* out) {
  for (std::size_t j = 0; j < kStripWidth; ++j) {
    for (std::size_t i = 0; i < kStripWidth; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < depth; ++k)
        sum = std::fma(a[k * kStripWidth + i], b[k * kStripWidth + j], sum);
      out[j * kStripWidth + i] = sum;
    }
  }
}

}  // namespace talweg
#endif
