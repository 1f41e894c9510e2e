// SPDX-License-Identifier: Apache-2.0
// The largest eigenvalue of a symmetric positive semidefinite matrix known by its products with vectors
// alone, by Lanczos' iteration from a fixed start, every new vector made orthogonal to all before it (Golub
// and Van Loan, Matrix Computations, 2013, chapter 10). The largest Ritz value is never above the largest
// eigenvalue, and some eigenvalue lies within its residual of it; that this is the largest is certain unless
// the start, whose coordinates look random, is nearly orthogonal to its direction (Kuczynski and
// Wozniakowski, SIAM J. Matrix Anal. Appl. 13(4), 1992).
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace talweg {

struct LargestCurvature {
  double ritz = 0;      ///< <= the largest eigenvalue
  double residual = 0;  ///< some eigenvalue is at most so far from it
  int products = 0;

  [[nodiscard]] double upper() const { return ritz + residual; }
};

/// Until the residual is at most `accuracy` of the Ritz value, or `most` products. Zero where the matrix is.
LargestCurvature largest_curvature(
    std::size_t size,
    const std::function<void(std::span<const double> vector, std::span<double> out)>& multiply,
    double accuracy = 1e-2, int most = 100);

}  // namespace talweg
