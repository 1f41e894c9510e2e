// SPDX-License-Identifier: Apache-2.0
// The hot kernels of the fold and of the factor: sums of products in double-double.
//
// gram: sums of products of columns over the rows of one block,
//
//   sum_ij = sum over rows r of a_i(r) * b_j(r),   a = a_high + a_low,  b = b_high + b_low
//
// Each sum runs in row order: p = ah*bh, e = fma(ah, bh, -p) + (ah*bl + al*bh), (s, t) = two_sum(S, p), S =
// s, E += t + e. The vector version computes several columns j at once, each with that very sequence of
// operations, so the bits do not depend on the instruction set. Worst-case relative error of S + E about rows
// * 2^-105 of sum |a_i b_j|.
#pragma once

#include <cstddef>

#include "talweg/base/double_double.h"

namespace talweg {

/// Columns are padded to a multiple of this many doubles.
inline constexpr std::size_t kGramPadding = 8;

struct GramInput {
  const double* a_high = nullptr;  ///< rows x stride, row-major; the padding holds zeros
  const double* a_low = nullptr;   ///< the same shape, or null where every low part is zero (then b_low too)
  const double* b_high = nullptr;
  const double* b_low = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;  ///< columns rounded up to a multiple of kGramPadding
};

/// Writes S and E (columns x stride each): entries (i, j) with j <= i are the sums; the others are
/// unspecified. Runs the widest instruction set that this machine has.
void gram(const GramInput& input, double* sum, double* error);

/// The same in plain C++ with std::fma.
void gram_reference(const GramInput& input, double* sum, double* error);

/// sum_k a_k b_k of two double-double vectors, each as an array of high and one of low parts, padded with
/// zeros to `length`, a multiple of kGramPadding. Eight sums with the steps above, term k to sum k mod 8,
/// added in order at the end: the bits do not depend on the instruction set.
DoubleDouble dot(const double* a_high, const double* a_low, const double* b_high, const double* b_low,
                 std::size_t length);

/// The same in plain C++ with std::fma.
DoubleDouble dot_reference(const double* a_high, const double* a_low, const double* b_high,
                           const double* b_low, std::size_t length);

}  // namespace talweg
