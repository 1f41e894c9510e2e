// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_kernel.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/row_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/objective/row_cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

// Numbers at `from`, of which `left` are there; zeros behind them.
HWY_INLINE RowVector load_part(const double* HWY_RESTRICT from, std::size_t left) {
  const RowTag d;
  return left >= kLanes ? hn::LoadU(d, from) : hn::MaskedLoad(hn::FirstN(d, left), d, from);
}

template <class Row>
void dot_rows_of(const RowCells& cells, const std::uint32_t* HWY_RESTRICT index, std::size_t count,
                 const double* HWY_RESTRICT t, double* HWY_RESTRICT f) {
  const RowTag d;
  const std::size_t columns = cells.columns;
  const std::size_t whole = columns / 8 * 8;
  constexpr std::size_t kAhead = 16;
  for (std::size_t k = 0; k < count; ++k) {
    // Rows lie anywhere in memory: those of the next few turns are asked for now.
    if (k + kAhead < count) fetch_row(cells, index[k + kAhead]);
    const Row x(cells, index[k]);
    RowVector sum[kVectors];
    for (auto& lane : sum) lane = hn::Zero(d);
    for (std::size_t j = 0; j < whole; j += 8) {
      for (std::size_t v = 0; v < kVectors; ++v)
        sum[v] = hn::MulAdd(x.load(j + v * kLanes), hn::LoadU(d, t + j + v * kLanes), sum[v]);
    }
    for (std::size_t v = 0; v < kVectors && whole + v * kLanes < columns; ++v) {
      const std::size_t j = whole + v * kLanes;
      const auto there = hn::FirstN(d, columns - j);
      sum[v] = hn::MulAdd(hn::IfThenElseZero(there, x.load(j)), load_part(t + j, columns - j), sum[v]);
    }
    f[k] = sum_of_lanes<kVectors>(sum);
  }
}

template <class Row>
void add_rows_of(const RowCells& cells, const std::uint32_t* HWY_RESTRICT index, std::size_t count,
                 const double* HWY_RESTRICT a, double* HWY_RESTRICT g) {
  const RowTag d;
  const std::size_t columns = cells.columns;
  for (std::size_t k = 0; k < count; ++k) {
    const Row x(cells, index[k]);
    const auto factor = hn::Set(d, a[k]);
    std::size_t j = 0;
    for (; j + kLanes <= columns; j += kLanes)
      hn::StoreU(hn::MulAdd(x.load(j), factor, hn::LoadU(d, g + j)), d, g + j);
    if (j < columns) {
      const auto last = hn::FirstN(d, columns - j);
      const auto sum = hn::MulAdd(x.load(j), factor, hn::MaskedLoad(last, d, g + j));
      hn::BlendedStore(sum, last, d, g + j);
    }
  }
}

void dot_rows_target(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* t,
                     double* f) {
  cells.floats == nullptr ? dot_rows_of<RowOfDoubles>(cells, index, count, t, f)
                          : dot_rows_of<RowOfFloats>(cells, index, count, t, f);
}

void add_rows_target(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* a,
                     double* g) {
  cells.floats == nullptr ? add_rows_of<RowOfDoubles>(cells, index, count, a, g)
                          : add_rows_of<RowOfFloats>(cells, index, count, a, g);
}

#else

void dot_rows_target(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* t,
                     double* f) {
  dot_rows_reference(cells, index, count, t, f);
}

void add_rows_target(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* a,
                     double* g) {
  add_rows_reference(cells, index, count, a, g);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(dot_rows_target);
HWY_EXPORT(add_rows_target);

void dot_rows(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* t,
              double* f) {
  HWY_DYNAMIC_DISPATCH(dot_rows_target)(cells, index, count, t, f);
}

void add_rows(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* a,
              double* g) {
  HWY_DYNAMIC_DISPATCH(add_rows_target)(cells, index, count, a, g);
}

namespace {

double cell(const RowCells& cells, std::size_t row, std::size_t j) {
  if (cells.floats == nullptr) return cells.doubles[row * cells.stride + j];
  return std::fma(static_cast<double>(cells.floats[row * cells.stride + j]), cells.unit[j], cells.shift[j]);
}

}  // namespace

void dot_rows_reference(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* t,
                        double* f) {
  for (std::size_t k = 0; k < count; ++k) {
    double lane[8] = {};
    for (std::size_t j = 0; j < cells.columns; ++j)
      lane[j % 8] = std::fma(cell(cells, index[k], j), t[j], lane[j % 8]);
    f[k] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
}

void add_rows_reference(const RowCells& cells, const std::uint32_t* index, std::size_t count, const double* a,
                        double* g) {
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t j = 0; j < cells.columns; ++j) g[j] = std::fma(cell(cells, index[k], j), a[k], g[j]);
  }
}

}  // namespace talweg
#endif
