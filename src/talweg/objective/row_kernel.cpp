// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_kernel.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/row_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/objective/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, 8>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
constexpr std::size_t kVectors = 8 / kLanes;

// Numbers at `from`, of which `left` are there; zeros behind them.
HWY_INLINE hn::Vec<Tag> load_part(const double* HWY_RESTRICT from, std::size_t left) {
  const Tag d;
  return left >= kLanes ? hn::LoadU(d, from) : hn::MaskedLoad(hn::FirstN(d, left), d, from);
}

void dot_rows_target(const double* HWY_RESTRICT cells, std::size_t stride, std::size_t columns,
                     const std::uint32_t* HWY_RESTRICT index, std::size_t count, const double* HWY_RESTRICT t,
                     double* HWY_RESTRICT f) {
  const Tag d;
  const std::size_t whole = columns / 8 * 8;
  constexpr std::size_t kAhead = 8;
  constexpr std::size_t kMost = 64;
  for (std::size_t k = 0; k < count; ++k) {
    // Rows lie anywhere in memory: those of the next few turns are asked for now.
    const double* const next = cells + index[std::min(k + kAhead, count - 1)] * stride;
    for (std::size_t j = 0; k + kAhead < count && j < std::min(stride, kMost); j += 8)
      __builtin_prefetch(next + j);
    const double* const x = cells + index[k] * stride;
    hn::Vec<Tag> sum[kVectors];
    for (auto& lane : sum) lane = hn::Zero(d);
    for (std::size_t j = 0; j < whole; j += 8) {
      for (std::size_t v = 0; v < kVectors; ++v)
        sum[v] = hn::MulAdd(hn::LoadU(d, x + j + v * kLanes), hn::LoadU(d, t + j + v * kLanes), sum[v]);
    }
    for (std::size_t v = 0; v < kVectors && whole + v * kLanes < columns; ++v) {
      const std::size_t j = whole + v * kLanes;
      sum[v] = hn::MulAdd(hn::LoadU(d, x + j), load_part(t + j, columns - j), sum[v]);
    }
    f[k] = sum_of_lanes<kVectors>(sum);
  }
}

void add_rows_target(const double* HWY_RESTRICT cells, std::size_t stride, std::size_t columns,
                     const std::uint32_t* HWY_RESTRICT index, std::size_t count, const double* HWY_RESTRICT a,
                     double* HWY_RESTRICT g) {
  const Tag d;
  for (std::size_t k = 0; k < count; ++k) {
    const double* const x = cells + index[k] * stride;
    const auto factor = hn::Set(d, a[k]);
    std::size_t j = 0;
    for (; j + kLanes <= columns; j += kLanes)
      hn::StoreU(hn::MulAdd(hn::LoadU(d, x + j), factor, hn::LoadU(d, g + j)), d, g + j);
    if (j < columns) {
      const auto last = hn::FirstN(d, columns - j);
      const auto sum = hn::MulAdd(hn::LoadU(d, x + j), factor, hn::MaskedLoad(last, d, g + j));
      hn::BlendedStore(sum, last, d, g + j);
    }
  }
}

#else

void dot_rows_target(const double* cells, std::size_t stride, std::size_t columns, const std::uint32_t* index,
                     std::size_t count, const double* t, double* f) {
  dot_rows_reference(cells, stride, columns, index, count, t, f);
}

void add_rows_target(const double* cells, std::size_t stride, std::size_t columns, const std::uint32_t* index,
                     std::size_t count, const double* a, double* g) {
  add_rows_reference(cells, stride, columns, index, count, a, g);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(dot_rows_target);
HWY_EXPORT(add_rows_target);

void dot_rows(const double* cells, std::size_t stride, std::size_t columns, const std::uint32_t* index,
              std::size_t count, const double* t, double* f) {
  HWY_DYNAMIC_DISPATCH(dot_rows_target)(cells, stride, columns, index, count, t, f);
}

void add_rows(const double* cells, std::size_t stride, std::size_t columns, const std::uint32_t* index,
              std::size_t count, const double* a, double* g) {
  HWY_DYNAMIC_DISPATCH(add_rows_target)(cells, stride, columns, index, count, a, g);
}

void dot_rows_reference(const double* cells, std::size_t stride, std::size_t columns,
                        const std::uint32_t* index, std::size_t count, const double* t, double* f) {
  for (std::size_t k = 0; k < count; ++k) {
    double lane[8] = {};
    for (std::size_t j = 0; j < columns; ++j)
      lane[j % 8] = std::fma(cells[index[k] * stride + j], t[j], lane[j % 8]);
    f[k] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
}

void add_rows_reference(const double* cells, std::size_t stride, std::size_t columns,
                        const std::uint32_t* index, std::size_t count, const double* a, double* g) {
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t j = 0; j < columns; ++j) g[j] = std::fma(cells[index[k] * stride + j], a[k], g[j]);
  }
}

}  // namespace talweg
#endif
