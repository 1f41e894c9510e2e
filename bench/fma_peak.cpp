// SPDX-License-Identifier: Apache-2.0
// What the machine's multiply-adds can do at most, for the benchmark of the fold: twelve independent chains
// in registers.
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/fma_peak.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

double chains_target(std::size_t steps) {
  const hn::ScalableTag<double> d;
  const auto a = hn::Set(d, 0.999999);
  const auto b = hn::Set(d, 1e-6);
  // Different starts: equal chains would be computed once.
  const auto start = [d](double value) HWY_ATTR { return hn::Set(d, value); };
  auto c0 = start(0), c1 = start(1), c2 = start(2), c3 = start(3), c4 = start(4), c5 = start(5);
  auto c6 = start(6), c7 = start(7), c8 = start(8), c9 = start(9), c10 = start(10), c11 = start(11);
  for (std::size_t k = 0; k < steps; ++k) {
    c0 = hn::MulAdd(c0, a, b);
    c1 = hn::MulAdd(c1, a, b);
    c2 = hn::MulAdd(c2, a, b);
    c3 = hn::MulAdd(c3, a, b);
    c4 = hn::MulAdd(c4, a, b);
    c5 = hn::MulAdd(c5, a, b);
    c6 = hn::MulAdd(c6, a, b);
    c7 = hn::MulAdd(c7, a, b);
    c8 = hn::MulAdd(c8, a, b);
    c9 = hn::MulAdd(c9, a, b);
    c10 = hn::MulAdd(c10, a, b);
    c11 = hn::MulAdd(c11, a, b);
  }
  const auto sum = hn::Add(
      hn::Add(hn::Add(c0, c1), hn::Add(c2, c3)),
      hn::Add(hn::Add(hn::Add(c4, c5), hn::Add(c6, c7)), hn::Add(hn::Add(c8, c9), hn::Add(c10, c11))));
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

std::size_t lanes_target() {
  return hn::Lanes(hn::ScalableTag<double>());
}

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {
HWY_EXPORT(chains_target);
HWY_EXPORT(lanes_target);

double fma_chains(std::size_t steps) {
  return HWY_DYNAMIC_DISPATCH(chains_target)(steps);
}

std::size_t fma_lanes() {
  return HWY_DYNAMIC_DISPATCH(lanes_target)();
}

}  // namespace talweg
#endif
