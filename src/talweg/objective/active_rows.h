// SPDX-License-Identifier: Apache-2.0
// Newton's directions of a linear model with so many parameters that the Hessian is not to be kept as a
// matrix of all of them. With rows z_r, curvatures c_r >= 0 (the weights and 1/W included) and the penalty's
// D,
//
//   H = sum_r c_r z_r z_r' + D          x = -H^-1 g
//
// only rows with c_r > 0 count: of a loss with a kink those within its width, fewer and fewer. Let k be their
// number, p that of the parameters. Three ways, chosen by what they cost:
//
//   rows        k <= p and a penalty: with Z the k rows and C their curvatures, m = C Z x solves
//                 (C^-1 + Z D^-1 Z') m - 1 x_0 = -Z D^-1 g,   1'm = -g_0,   x = -D^-1 (g + Z'm)
//               (the matrix inversion lemma; x_0 the intercept, which is not penalised)
//   columns     Z'CZ + D as a matrix, damped by kDamping of its diagonal where there is no penalty
//   products    conjugate gradients (Hestenes and Stiefel 1952) on passes over all rows, scaled by an
//               estimate of the diagonal, as many as kMostProducts: a truncated Newton step (Dembo and
//               Steihaug 1983)
//
// A matrix of more than kMostDimension rows, or made of more than kMostCells numbers, is not made; one that
// takes longer than kPatientPasses passes only after products did not suffice. Seconds are estimated from the
// counts alone, so the way, and with it every bit, does not depend on the machine or on threads.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "talweg/objective/linear_cost.h"

namespace talweg {

class ActiveRows {
 public:
  static constexpr double kDamping = 1e-10;
  static constexpr std::size_t kMostDimension = 6000;
  static constexpr std::size_t kMostCells = std::size_t{1} << 27U;
  static constexpr double kMultiplyAdds = 1.2e10;  ///< a second, of the products and the factor
  static constexpr double kBytesPerSecond = 1e10;  ///< of a pass
  static constexpr double kPatientPasses = 100;
  static constexpr int kMostProducts = 100;

  enum class Way { rows, columns, products };

  /// `always`: of directions that need not be exact, whatever they cost.
  explicit ActiveRows(LinearCost& cost, std::optional<Way> always = {});

  /// x into `out`; with `moved` the gradient is g + sum_r c_r moved_r z_r, as of rows whose predictions are
  /// off by that much, which keeps its digits however large c_r is. `residual`: |H x + g| / |g| at which
  /// products end. False where no row counts or the matrix is not positive definite. `exact`: only by a
  /// matrix.
  bool direction(std::span<const double> curvature, std::span<const double> gradient,
                 std::span<const double> moved, double residual, bool exact, std::span<double> out);
  /// The x nearest to zero (columns in units of their deviation) with z_r x = right_r for every row; absent
  /// where a matrix of all rows is too large or singular.
  std::optional<std::vector<double>> fitting(std::span<const double> right);
  /// How the last direction was found.
  [[nodiscard]] Way last_way() const { return way_; }

 private:
  bool by_rows(std::span<const double> curvature, std::span<const double> gradient,
               std::span<const double> moved, std::span<double> out);
  bool by_columns(std::span<const double> curvature, std::span<const double> gradient, std::span<double> out);
  bool by_products(std::span<const double> curvature, std::span<const double> gradient, double residual,
                   std::span<double> out);
  // Z' u of the rows that count, without shifts: z_r m_r summed.
  [[nodiscard]] std::vector<double> gathered(const std::vector<double>& u);
  // Z D^-1 Z' of these rows, D without the intercept's.
  Eigen::MatrixXd row_products(std::span<const std::size_t> rows, std::span<const double> metric);
  // g in the coordinates in which the intercept takes the shifts, and x back from them.
  [[nodiscard]] std::vector<double> unshifted(std::span<const double> gradient) const;
  void shift_back(std::span<double> x) const;
  [[nodiscard]] bool is_intercept(std::size_t j) const { return cost_.has_intercept() && j + 1 == p_; }

  LinearCost& cost_;
  std::size_t p_;
  std::vector<double> factors_;  // w_r / W
  std::vector<double> size_;     // of a coordinate's column, root mean square about its mean
  std::optional<Way> always_;
  bool impatient_ = true;  // products have sufficed so far
  Way way_ = Way::products;
  Eigen::MatrixXd all_;  // row_products of all rows, in the penalty's metric
};

}  // namespace talweg
