// SPDX-License-Identifier: Apache-2.0
// What the kernel of plain_kernel.h and its reference share.
#pragma once

#include "talweg/objective/plain_kernel.h"

namespace talweg {

inline void prepare(const PlainInput& in, PlainSums& out) {
  out.stride = (in.columns + kPlainPanel - 1) / kPlainPanel * kPlainPanel;
  out.origin.resize(out.stride);
  out.total.resize(out.stride);
  out.widest.resize(out.stride);
  out.sum.resize(out.stride * out.stride);
}

/// Whether every column's origin is near enough to its mean.
inline bool well_centred(const PlainInput& in, const PlainSums& sums) {
  for (std::size_t j = 0; j < in.columns; ++j) {
    const double square = sums.sum[j * sums.stride + j];
    // Not finite, or vanished: told elsewhere, and no better in any other way.
    if (sums.total[j] * (sums.total[j] / in.weight) > square / 2) return false;
  }
  return true;
}

}  // namespace talweg
