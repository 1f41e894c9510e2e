// SPDX-License-Identifier: Apache-2.0
// What the kernel of plain_kernel.h and its reference share.
#pragma once

#include "talweg/objective/plain_kernel.h"

namespace talweg {

inline void prepare(const PlainInput& in, PlainSums& out) {
  out.stride = (in.columns + kPlainPadding - 1) / kPlainPadding * kPlainPadding;
  out.origin.resize(out.stride);
  out.total.resize(out.stride);
  out.widest.resize(out.stride);
  out.sum.resize(out.stride * out.stride);
}

/// Finds the columns whose origins are too far from their means.
inline void find_poor(const PlainInput& in, PlainSums& sums) {
  sums.poor.clear();
  for (std::size_t j = 0; j < in.columns; ++j) {
    const double square = sums.sum[j * sums.stride + j];
    // Not finite, or vanished: told elsewhere, and no better in any other way.
    if (sums.total[j] * (sums.total[j] / in.weight) > square / 2) sums.poor.push_back(j);
  }
}

/// Moves the origins of those to where their means are now known to be.
inline void move_origins(const PlainInput& in, PlainSums& sums) {
  for (const std::size_t j : sums.poor) sums.origin[j] += sums.total[j] / in.weight;
}

}  // namespace talweg
