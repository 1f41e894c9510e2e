// SPDX-License-Identifier: Apache-2.0
// The sum of eight lanes in the order of lanes.h, for vectors of any length, and cells of either type as
// vectors of doubles; included once for every instruction set.
#if defined(TALWEG_OBJECTIVE_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TALWEG_OBJECTIVE_LANES_INL_H
#undef TALWEG_OBJECTIVE_LANES_INL_H
#else
#define TALWEG_OBJECTIVE_LANES_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if !HWY_HAVE_SCALABLE && HWY_TARGET != HWY_SCALAR

// ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)), whatever the length of a vector.
template <std::size_t kCount, class V>
HWY_INLINE double sum_of_lanes(const V* sum) {
  const hn::CappedTag<double, 2> pair;
  const auto halves = [](auto whole) {
    const hn::Half<hn::DFromV<decltype(whole)>> half;
    return hn::Add(hn::LowerHalf(half, whole), hn::UpperHalf(half, whole));
  };
  if constexpr (kCount == 1) {
    const auto four = halves(sum[0]);
    const auto two = halves(four);
    return hn::GetLane(two) + hn::GetLane(hn::Reverse2(pair, two));
  } else if constexpr (kCount == 2) {
    const auto two = halves(hn::Add(sum[0], sum[1]));
    return hn::GetLane(two) + hn::GetLane(hn::Reverse2(pair, two));
  } else {
    const auto two = hn::Add(hn::Add(sum[0], sum[2]), hn::Add(sum[1], sum[3]));
    return hn::GetLane(two) + hn::GetLane(hn::Reverse2(pair, two));
  }
}

template <class D>
HWY_INLINE hn::Vec<D> load_cells(D d, const double* from) {
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE hn::Vec<D> load_cells(D d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), from));
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
