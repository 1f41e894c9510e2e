// SPDX-License-Identifier: Apache-2.0
// The fold's kernel for the bulk of a large table: centred products of the columns of one block in plain
// double, one fused multiply-add a product, near the machine's arithmetic peak.
//
//   m_j   an origin near the column's mean (over a quarter of the rows of a whole block, spread irregularly;
//         weighted over all of them)
//   z_rj  = x_rj - m_j, rounded once
//   t_j   = sum_r w_r z_rj             in chunks of kPlainChunk rows
//   C_ij  = sum_r (w_r z_ri) z_rj - t_i t_j / W
//
// Each sum runs in row order with the same operations in every lane: the bits do not depend on the
// instruction set, and those of two columns not on the others. If t_j^2 / W exceeds half of sum_r w_r z_rj^2
// for some column, its origin was a poor one: it is centred again on m_j + t_j / W; where that does not do
// either, the column is told.
//
// Error. With u = 2^-53 and G_ij = sum_r w_r z_ri z_rj: z and w z are off by u each, and a sum of n fused
// multiply-adds by n u of the sum of the sizes of its terms (Higham, Accuracy and Stability of Numerical
// Algorithms, 3.1), which is at most sqrt(G_ii G_jj): |dG_ij| <= (n + 3) u sqrt(G_ii G_jj). G_jj <= 2 C_jj by
// the check above. The sum t_j is off by (kPlainChunk + n / kPlainChunk + 1) u of sum w |z_j| <=
// sqrt(W G_jj), and |t_i| <= sqrt(W G_ii / 2), so that its part is below 2 * 41 u sqrt(G_ii G_jj); together,
// with n = 256, 2 (259 + 82 + 2) u sqrt(C_ii C_jj) <= 7.7e-14 sqrt(C_ii C_jj). Over blocks these bounds add
// up to the same of the whole, by the inequality of Cauchy and Schwarz, since C of the whole is the sum of
// the blocks' C and of what lies between their means. In practice 1e-16.
#pragma once

#include <cstddef>
#include <vector>

#include "talweg/base/aligned.h"

namespace talweg {

/// Columns are padded to a multiple of this: the longest vector that the kernel takes.
inline constexpr std::size_t kPlainPadding = 8;
/// Rows in one partial sum of t_j.
inline constexpr std::size_t kPlainChunk = 32;

struct PlainInput {
  const double* values = nullptr;   ///< rows x columns, row-major, finite
  const double* weights = nullptr;  ///< rows, or null where every weight is 1
  double weight = 0;                ///< their sum, or the number of rows
  std::size_t rows = 0;             ///< 1 .. 256
  std::size_t columns = 0;
};

/// Buffers and results; kept from block to block.
struct PlainSums {
  std::size_t stride = 0;         ///< columns rounded up to a multiple of kPlainPadding
  AlignedVector<double> origin;   ///< per column: m
  AlignedVector<double> total;    ///< per column: t
  AlignedVector<double> widest;   ///< per column: the largest |z|
  AlignedVector<double> sum;      ///< stride x stride: G_ij for j <= i; others are unspecified
  AlignedVector<double> panels;   // per panel and row: z of its columns
  AlignedVector<double> left;     // with weights: w z
  std::vector<std::size_t> poor;  ///< columns that cannot be centred well enough
};

/// Whether row r of a block of `rows` rows without weights takes part in the origin: all do in a short block,
/// else one of every four, spread so that no period of the rows is preferred.
inline bool is_sampled(std::size_t r, std::size_t rows) {
  if (rows < 256) return true;
  const std::size_t group = r / 4;
  return r % 4 == ((group * 2654435761U) >> 9U & 3U);
}

/// Origins, totals and G.
void plain_gram(const PlainInput& input, PlainSums& sums);
/// The same in plain C++ with std::fma.
void plain_gram_reference(const PlainInput& input, PlainSums& sums);

/// One row of centred products: out_j = fma(minus_mean, total_j, sum_j), j < count.
void plain_centre(const double* sum, double minus_mean, const double* total, std::size_t count, double* out);

/// One row of merged products: left_j = fma(scaled, delta_j, left_j + right_j), j < count.
void plain_merge(double* left, const double* right, double scaled, const double* delta, std::size_t count);

}  // namespace talweg
