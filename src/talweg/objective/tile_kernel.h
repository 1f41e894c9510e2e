// SPDX-License-Identifier: Apache-2.0
// Products of tall, narrow strips: the inner loop of matrix products and of a blocked Cholesky factor
// (symmetric_solve.h). A strip holds kStripWidth columns of `depth` rows, row after row:
//
//   out[j * kStripWidth + i] = sum_k a[k][i] b[k][j]      i, j < kStripWidth
//
// Each sum is one chain of fused multiply-adds in the order of k, so its bits do not depend on the length of
// a vector; where vectors have none `std::fma` takes their place.
#pragma once

#include <cstddef>

namespace talweg {

inline constexpr std::size_t kStripWidth = 24;

/// a, b: depth * kStripWidth numbers each, out: kStripWidth^2.
void multiply_strips(const double* a, const double* b, std::size_t depth, double* out);
/// The same in plain code, as a reference.
void multiply_strips_reference(const double* a, const double* b, std::size_t depth, double* out);

}  // namespace talweg
