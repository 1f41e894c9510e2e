// SPDX-License-Identifier: Apache-2.0
// Cholesky factor of a symmetric positive semidefinite matrix given in double-double: A = L L' on the columns
// that are linearly independent, found from left to right; the others are aliased, and a null vector is given
// for each. Factored in double-double (so columns that differ in their 12th digit are still told apart), then
// rounded to double.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "talweg/base/double_double.h"

namespace talweg {

class CholeskyFactor {
 public:
  CholeskyFactor() = default;
  /// `matrix`: packed lower triangle of an n x n matrix. A column whose remainder (its pivot) is at most
  /// `threshold[j]` is aliased. O(n^3 / 6) double-double operations.
  CholeskyFactor(const std::vector<DoubleDouble>& matrix, std::size_t n, std::span<const double> threshold);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t rank() const { return kept_.size(); }
  [[nodiscard]] const std::vector<std::size_t>& kept() const { return kept_; }
  [[nodiscard]] const std::vector<std::size_t>& aliased() const { return aliased_; }
  /// One for each aliased column, n numbers: 1 there, minus its coefficients on the kept columns before it; A
  /// v = 0.
  [[nodiscard]] const std::vector<std::vector<double>>& null_vectors() const { return null_vectors_; }

  /// The remainder of each aliased column, never below 0.
  [[nodiscard]] const std::vector<double>& aliased_pivots() const { return aliased_pivots_; }

  /// |L^-1 b|^2 over the kept columns: b' A^+ b for any b in the range of A.
  [[nodiscard]] double squared_norm(std::span<const double> b) const;
  /// The basic solution of A x = b (zero in aliased columns).
  void solve(std::span<const double> b, std::span<double> x) const;
  /// L^-1 b over the kept columns.
  [[nodiscard]] std::vector<double> forward(std::span<const double> b) const;
  /// Diagonal of the inverse over the kept columns; zero in aliased ones. O(n^3 / 3).
  [[nodiscard]] std::vector<double> inverse_diagonal() const;

 private:
  std::size_t size_ = 0;
  std::vector<std::size_t> kept_;
  std::vector<std::size_t> aliased_;
  std::vector<double> aliased_pivots_;
  std::vector<std::vector<double>> null_vectors_;
  std::vector<double> lower_;  // rank x rank, packed lower triangle by rows
};

}  // namespace talweg
