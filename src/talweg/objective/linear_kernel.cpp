// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/linear_kernel.h"

#include <cmath>

#include "talweg/objective/lanes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/linear_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using Tag = hn::CappedTag<double, 8>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
constexpr std::size_t kVectors = 8 / kLanes;

// Four columns at a time keep four streams from memory going and the predictions in the nearest cache.
void predict_target(const double* HWY_RESTRICT cells, std::size_t stride, std::size_t columns,
                    const double* HWY_RESTRICT k, double c, double* HWY_RESTRICT f) {
  const Tag d;
  std::size_t j = 0;
  bool first = true;
  for (; j + 4 <= columns; j += 4) {
    const double* const z0 = cells + j * stride;
    const double* const z1 = z0 + stride;
    const double* const z2 = z1 + stride;
    const double* const z3 = z2 + stride;
    const auto k0 = hn::Set(d, k[j]);
    const auto k1 = hn::Set(d, k[j + 1]);
    const auto k2 = hn::Set(d, k[j + 2]);
    const auto k3 = hn::Set(d, k[j + 3]);
    for (std::size_t r = 0; r < stride; r += kLanes) {
      auto sum = first ? hn::Set(d, c) : hn::LoadU(d, f + r);
      sum = hn::MulAdd(hn::LoadU(d, z0 + r), k0, sum);
      sum = hn::MulAdd(hn::LoadU(d, z1 + r), k1, sum);
      sum = hn::MulAdd(hn::LoadU(d, z2 + r), k2, sum);
      sum = hn::MulAdd(hn::LoadU(d, z3 + r), k3, sum);
      hn::StoreU(sum, d, f + r);
    }
    first = false;
  }
  for (; j < columns; ++j) {
    const double* const z = cells + j * stride;
    const auto kj = hn::Set(d, k[j]);
    for (std::size_t r = 0; r < stride; r += kLanes) {
      const auto sum = first ? hn::Set(d, c) : hn::LoadU(d, f + r);
      hn::StoreU(hn::MulAdd(hn::LoadU(d, z + r), kj, sum), d, f + r);
    }
    first = false;
  }
  for (std::size_t r = 0; first && r < stride; ++r) f[r] = c;
}

// kCount columns at once, each with its eight lanes.
template <std::size_t kCount>
HWY_INLINE void project_columns(const double* HWY_RESTRICT cells, std::size_t stride,
                                const double* HWY_RESTRICT u, double* HWY_RESTRICT g) {
  const Tag d;
  hn::Vec<Tag> sum[kCount][kVectors];
  for (auto& column : sum) {
    for (auto& lane : column) lane = hn::Zero(d);
  }
  for (std::size_t r = 0; r < stride; r += 8) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto slope = hn::LoadU(d, u + r + v * kLanes);
      for (std::size_t q = 0; q < kCount; ++q)
        sum[q][v] = hn::MulAdd(hn::LoadU(d, cells + q * stride + r + v * kLanes), slope, sum[q][v]);
    }
  }
  for (std::size_t q = 0; q < kCount; ++q) {
    alignas(64) double lane[8];
    for (std::size_t v = 0; v < kVectors; ++v) hn::Store(sum[q][v], d, lane + v * kLanes);
    g[q] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
}

void project_target(const double* HWY_RESTRICT cells, std::size_t stride, std::size_t columns,
                    const double* HWY_RESTRICT u, double* HWY_RESTRICT g) {
  std::size_t j = 0;
  for (; j + 4 <= columns; j += 4) project_columns<4>(cells + j * stride, stride, u, g + j);
  for (; j < columns; ++j) project_columns<1>(cells + j * stride, stride, u, g + j);
}

#else

void predict_target(const double* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                    double* f) {
  predict_block_reference(cells, stride, columns, k, c, f);
}

void project_target(const double* cells, std::size_t stride, std::size_t columns, const double* u,
                    double* g) {
  project_block_reference(cells, stride, columns, u, g);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(predict_target);
HWY_EXPORT(project_target);

void predict_block(const double* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                   double* f) {
  HWY_DYNAMIC_DISPATCH(predict_target)(cells, stride, columns, k, c, f);
}

void project_block(const double* cells, std::size_t stride, std::size_t columns, const double* u, double* g) {
  HWY_DYNAMIC_DISPATCH(project_target)(cells, stride, columns, u, g);
}

void predict_block_reference(const double* cells, std::size_t stride, std::size_t columns, const double* k,
                             double c, double* f) {
  for (std::size_t r = 0; r < stride; ++r) {
    double sum = c;
    for (std::size_t j = 0; j < columns; ++j) sum = std::fma(cells[j * stride + r], k[j], sum);
    f[r] = sum;
  }
}

void project_block_reference(const double* cells, std::size_t stride, std::size_t columns, const double* u,
                             double* g) {
  for (std::size_t j = 0; j < columns; ++j) {
    double lane[8] = {};
    for (std::size_t r = 0; r < stride; ++r) lane[r % 8] = std::fma(cells[j * stride + r], u[r], lane[r % 8]);
    g[j] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
}

}  // namespace talweg
#endif
