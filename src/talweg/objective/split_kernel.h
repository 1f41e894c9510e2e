// SPDX-License-Identifier: Apache-2.0
// The fold's kernel for many rows whose columns are nearly dependent: centred products of the columns of one
// block to about 75 bits at the price of three fused multiply-adds, near the machine's arithmetic peak.
//
// A column's cells enter as differences z from an origin near their mean, exactly (high + low). Each is
// split, z = h + l, h on a grid of the column's largest |z| with kSplitBits bits, so that products of two h
// are integers of that grid and their sum over a block is exact in a double:
//   sum   = sum_r h_i h_j                      exact: 2 kSplitBits + log2(rows) <= 53
//   error = sum_r h_i l_j + sum_r l_i z_j      relative rounding 2^-53 on terms 2^-kSplitBits smaller
// (the splitting of Dekker 1971, on a common grid as in Ozaki, Ogita, Oishi, Rump, "Error-free
// transformations of matrix multiplication", Numerical Algorithms 59, 2012). With weights the left factor is
// w z, split likewise. Each sum runs in row order with the same operations in every lane: the bits do not
// depend on the instruction set.
#pragma once

#include <cstddef>

#include "talweg/base/aligned.h"
#include "talweg/base/double_double.h"

namespace talweg {

inline constexpr int kSplitBits = 22;
/// Columns travel in panels of this many.
inline constexpr std::size_t kPanel = 8;

struct SplitInput {
  const double* values = nullptr;      ///< rows x columns, row-major, finite
  const double* values_low = nullptr;  ///< the same shape, or null
  const double* weights = nullptr;     ///< rows, or null where every weight is 1
  std::size_t rows = 0;                ///< 1 .. 2^9
  std::size_t columns = 0;
};

/// Buffers and results; kept from block to block.
struct SplitSums {
  std::size_t stride = 0;            ///< columns rounded up to a multiple of kPanel
  AlignedVector<double> origin;      ///< per column: z = x - origin
  AlignedVector<double> widest;      ///< per column: the largest |x - x of the first row|, high or low parts
  AlignedVector<double> total_high;  ///< per column: sum of (w) z = total_high + total_low
  AlignedVector<double> total_low;
  AlignedVector<double>
      sum;  ///< stride x stride: entry (i, j), j <= i, is sum + error; others are unspecified
  AlignedVector<double> error;
  AlignedVector<double> other;  // the second sum of `error`, until it is added

  AlignedVector<double> panels;  // per panel and row: h, l, z of its columns
  AlignedVector<double> left;    // with weights: h and l of w z
  AlignedVector<double> cells;   // one panel as it stands: high and low parts
};

void split_gram(const SplitInput& input, SplitSums& sums);

/// The same in plain C++ with std::fma.
void split_gram_reference(const SplitInput& input, SplitSums& sums);

/// One row of centred products in double-double: out_j = (sum_j + error_j) - mean * total_j, j < count.
void centre_products(const double* sum, const double* error, DoubleDouble mean, const DoubleDouble* total,
                     std::size_t count, DoubleDouble* out);

/// One row of merged products: left_j = (left_j + right_j) + scaled * delta_j, j < count.
void merge_products(DoubleDouble* left, const DoubleDouble* right, DoubleDouble scaled,
                    const DoubleDouble* delta, std::size_t count);

}  // namespace talweg
