// SPDX-License-Identifier: Apache-2.0
// What the kernel of split_kernel.h and its reference share.
#pragma once

#include <cmath>

#include "talweg/objective/split_kernel.h"

namespace talweg {

/// c with (z + c) - c = z rounded to the grid of a column whose largest |z| is `largest`; 0 (no splitting)
/// where that is 0 or where c would not be a normal number: the squares of such cells overflow or vanish,
/// which is told elsewhere.
inline double split_constant(double largest) {
  constexpr int kMostExponent = 900;
  if (!(largest > 0)) return 0;
  const int exponent = std::ilogb(largest);
  if (exponent > kMostExponent || exponent < -kMostExponent) return 0;
  return std::ldexp(1.5, 52 + exponent + 1 - kSplitBits);
}

inline void prepare(const SplitInput& in, SplitSums& out) {
  out.stride = (in.columns + kPanel - 1) / kPanel * kPanel;
  out.origin.assign(out.stride, 0);
  out.widest.assign(out.stride, 0);
  out.total_high.assign(out.stride, 0);
  out.total_low.assign(out.stride, 0);
  out.sum.assign(out.stride * out.stride, 0);
  out.error.assign(out.stride * out.stride, 0);
  out.other.assign(out.stride * out.stride, 0);
}

}  // namespace talweg
