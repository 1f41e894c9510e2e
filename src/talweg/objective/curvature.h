// SPDX-License-Identifier: Apache-2.0
// Eigenvalues of a Hessian and the modes of a start: what decides rates, the number of epochs and divergence.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace talweg {

/// With more parameters than this only the eigenvalues are computed (a sixth of the work), and modes are not
/// known.
inline constexpr std::size_t kFullSpectrum = 1000;

struct Curvature {
  std::vector<double> eigenvalues;  ///< ascending
  std::vector<double>
      eigenvectors;  ///< size x size, row k the eigenvector of eigenvalue k; empty beyond kFullSpectrum
  /// 1/2 (q_k.g)^2 / lambda_k of the start's gradient g; 0 where lambda_k is null; empty beyond
  /// kFullSpectrum.
  std::vector<double> mode_gaps;
  std::vector<double> steepest;    ///< the eigenvector of the largest eigenvalue
  std::size_t first_positive = 0;  ///< eigenvalues from here on exceed size * 2.2e-16 * the largest

  [[nodiscard]] std::size_t size() const { return eigenvalues.size(); }
  [[nodiscard]] double largest() const { return eigenvalues.empty() ? 0 : eigenvalues.back(); }
  [[nodiscard]] double smallest() const { return eigenvalues.empty() ? 0 : eigenvalues[first_positive]; }
  [[nodiscard]] double condition_number() const { return eigenvalues.empty() ? 1 : largest() / smallest(); }
};

/// `hessian`: symmetric positive semidefinite, row-major n x n; `gradient`: at the start. Solved in extended
/// precision for up to 64 parameters. O(n^3).
Curvature curvature(std::span<const double> hessian, std::span<const double> gradient);

}  // namespace talweg
