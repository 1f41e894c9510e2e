// SPDX-License-Identifier: Apache-2.0
// A row of RowCells (row_kernel.h) as vectors of doubles, of either type of cell; included once for every
// instruction set.
#if defined(TALWEG_OBJECTIVE_ROW_CELLS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TALWEG_OBJECTIVE_ROW_CELLS_INL_H
#undef TALWEG_OBJECTIVE_ROW_CELLS_INL_H
#else
#define TALWEG_OBJECTIVE_ROW_CELLS_INL_H
#endif

#include "talweg/objective/lanes-inl.h"
#include "talweg/objective/row_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

using RowTag = hn::CappedTag<double, 8>;
using RowVector = hn::Vec<RowTag>;
constexpr std::size_t kLanes = hn::MaxLanes(RowTag());
constexpr std::size_t kVectors = 8 / kLanes;

// load(j): the cells j .. j + kLanes - 1.
class RowOfDoubles {
 public:
  RowOfDoubles(const RowCells& cells, std::size_t row) : x_(cells.doubles + row * cells.stride) {}
  HWY_INLINE RowVector load(std::size_t j) const { return hn::LoadU(RowTag(), x_ + j); }

 private:
  const double* HWY_RESTRICT x_;
};

class RowOfFloats {
 public:
  RowOfFloats(const RowCells& cells, std::size_t row)
      : z_(cells.floats + row * cells.stride), unit_(cells.unit), shift_(cells.shift) {}
  HWY_INLINE RowVector load(std::size_t j) const {
    const RowTag d;
    return hn::MulAdd(load_cells(d, z_ + j), hn::LoadU(d, unit_ + j), hn::LoadU(d, shift_ + j));
  }

 private:
  const float* HWY_RESTRICT z_;
  const double* HWY_RESTRICT unit_;
  const double* HWY_RESTRICT shift_;
};

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
