// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/linear_kernel.h"

#include <cmath>
#include <optional>

#include "talweg/objective/lanes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/linear_kernel.cpp"
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

// kCount columns at once keep as many streams from memory going and the predictions in the nearest cache.
template <std::size_t kCount, class Cell>
HWY_INLINE void predict_columns(const Cell* HWY_RESTRICT cells, std::size_t stride,
                                const double* HWY_RESTRICT k, std::optional<double> first,
                                double* HWY_RESTRICT f) {
  const Tag d;
  hn::Vec<Tag> factor[kCount];
  for (std::size_t q = 0; q < kCount; ++q) factor[q] = hn::Set(d, k[q]);
  const auto constant = hn::Set(d, first.value_or(0));
  for (std::size_t r = 0; r < stride; r += kLanes) {
    auto sum = first ? constant : hn::LoadU(d, f + r);
    for (std::size_t q = 0; q < kCount; ++q)
      sum = hn::MulAdd(load_cells(d, cells + q * stride + r), factor[q], sum);
    hn::StoreU(sum, d, f + r);
  }
}

template <class Cell>
void predict_cells(const Cell* HWY_RESTRICT cells, std::size_t stride, std::size_t columns,
                   const double* HWY_RESTRICT k, double c, double* HWY_RESTRICT f) {
  std::optional<double> first = c;
  std::size_t j = 0;
  for (; j + 8 <= columns; j += 8, first.reset())
    predict_columns<8>(cells + j * stride, stride, k + j, first, f);
  for (; j + 4 <= columns; j += 4, first.reset())
    predict_columns<4>(cells + j * stride, stride, k + j, first, f);
  for (; j < columns; ++j, first.reset()) predict_columns<1>(cells + j * stride, stride, k + j, first, f);
  for (std::size_t r = 0; first && r < stride; ++r) f[r] = c;
}

// kCount columns at once, each with its eight lanes.
template <std::size_t kCount, class Cell>
HWY_INLINE void project_columns(const Cell* HWY_RESTRICT cells, std::size_t stride,
                                const double* HWY_RESTRICT u, double* HWY_RESTRICT g, const Cell* next) {
  const Tag d;
  hn::Vec<Tag> sum[kCount][kVectors];
  for (auto& column : sum) {
    for (auto& lane : column) lane = hn::Zero(d);
  }
  for (std::size_t r = 0; r < stride; r += 8) {
    if (kCount == 4 && next != nullptr) __builtin_prefetch(next + r);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto slope = hn::LoadU(d, u + r + v * kLanes);
      for (std::size_t q = 0; q < kCount; ++q)
        sum[q][v] = hn::MulAdd(load_cells(d, cells + q * stride + r + v * kLanes), slope, sum[q][v]);
    }
  }
  for (std::size_t q = 0; q < kCount; ++q) {
    g[q] = sum_of_lanes<kVectors>(sum[q]);
  }
}

template <class Cell>
void project_cells(const Cell* HWY_RESTRICT cells, std::size_t stride, std::size_t columns,
                   const double* HWY_RESTRICT u, double* HWY_RESTRICT g, const Cell* next) {
  std::size_t j = 0;
  for (; j + 4 <= columns; j += 4) {
    project_columns<4>(cells + j * stride, stride, u, g + j, next);
    if (next != nullptr) next += stride;
  }
  for (; j < columns; ++j) project_columns<1, Cell>(cells + j * stride, stride, u, g + j, nullptr);
}

#else

template <class Cell>
void predict_cells(const Cell* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                   double* f) {
  predict_block_reference(cells, stride, columns, k, c, f);
}

template <class Cell>
void project_cells(const Cell* cells, std::size_t stride, std::size_t columns, const double* u, double* g,
                   const Cell*) {
  project_block_reference(cells, stride, columns, u, g);
}

#endif

void predict_doubles(const double* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                     double* f) {
  predict_cells(cells, stride, columns, k, c, f);
}

void predict_floats(const float* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                    double* f) {
  predict_cells(cells, stride, columns, k, c, f);
}

void project_doubles(const double* cells, std::size_t stride, std::size_t columns, const double* u, double* g,
                     const double* ahead) {
  project_cells(cells, stride, columns, u, g, ahead);
}

void project_floats(const float* cells, std::size_t stride, std::size_t columns, const double* u, double* g,
                    const float* ahead) {
  project_cells(cells, stride, columns, u, g, ahead);
}

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(predict_doubles);
HWY_EXPORT(predict_floats);
HWY_EXPORT(project_doubles);
HWY_EXPORT(project_floats);

void predict_block(const double* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                   double* f) {
  HWY_DYNAMIC_DISPATCH(predict_doubles)(cells, stride, columns, k, c, f);
}

void predict_block(const float* cells, std::size_t stride, std::size_t columns, const double* k, double c,
                   double* f) {
  HWY_DYNAMIC_DISPATCH(predict_floats)(cells, stride, columns, k, c, f);
}

void project_block(const double* cells, std::size_t stride, std::size_t columns, const double* u, double* g,
                   const double* ahead) {
  HWY_DYNAMIC_DISPATCH(project_doubles)(cells, stride, columns, u, g, ahead);
}

void project_block(const float* cells, std::size_t stride, std::size_t columns, const double* u, double* g,
                   const float* ahead) {
  HWY_DYNAMIC_DISPATCH(project_floats)(cells, stride, columns, u, g, ahead);
}

template <class Cell>
void predict_block_reference(const Cell* cells, std::size_t stride, std::size_t columns, const double* k,
                             double c, double* f) {
  for (std::size_t r = 0; r < stride; ++r) {
    double sum = c;
    for (std::size_t j = 0; j < columns; ++j)
      sum = std::fma(static_cast<double>(cells[j * stride + r]), k[j], sum);
    f[r] = sum;
  }
}

template <class Cell>
void project_block_reference(const Cell* cells, std::size_t stride, std::size_t columns, const double* u,
                             double* g) {
  for (std::size_t j = 0; j < columns; ++j) {
    double lane[8] = {};
    for (std::size_t r = 0; r < stride; ++r)
      lane[r % 8] = std::fma(static_cast<double>(cells[j * stride + r]), u[r], lane[r % 8]);
    g[j] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
}

template void predict_block_reference(const double*, std::size_t, std::size_t, const double*, double,
                                      double*);
template void predict_block_reference(const float*, std::size_t, std::size_t, const double*, double, double*);
template void project_block_reference(const double*, std::size_t, std::size_t, const double*, double*);
template void project_block_reference(const float*, std::size_t, std::size_t, const double*, double*);

}  // namespace talweg
#endif
