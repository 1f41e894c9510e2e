// SPDX-License-Identifier: Apache-2.0
// Equations in the curvature of a linear model of many parameters and more rows,
//
//   H x = b,   H = 1/W sum_r w_r c_r z_r z_r' + D        c_r > 0 in every row, D the l2 penalty's diagonal
//
// where the curvatures differ by many powers of ten, as near a kink: conjugate gradients on passes over the
// rows (Hestenes and Stiefel 1952), preconditioned by the Cholesky factor of the matrix of the rows that have
// most of it. Those are the rows whose w_r c_r is at least a share of the p-th largest; where many products
// were needed the share is lowered. The factor of earlier curvatures goes on to serve while the products that
// it takes cost less than another; seconds are estimated from the counts alone, so that no bit depends on the
// machine. A direction that no row bends is damped by kDamping of what the largest one has.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>
#include <vector>

#include "talweg/objective/linear_cost.h"

namespace talweg {

class RowSystem {
 public:
  static constexpr std::size_t kMostParameters = 16'000;  ///< 2 GiB of matrix
  static constexpr double kDamping = 1e-14;
  static constexpr double kMultiplyAdds = 3e10;    ///< a second, of the matrix and its factor
  static constexpr double kBytesPerSecond = 1e10;  ///< of a pass, and of a solution with the factor

  explicit RowSystem(LinearCost& cost);

  /// Takes curvatures, one per row, neither weighted nor divided; all finite.
  void set(std::span<const double> curvature);
  /// x with |H x - b| <= residual |b| in the metric of the factor, or as near as kMostProducts come.
  /// `give_up` is asked from time to time; false where it said so, or where the matrix is not positive
  /// definite.
  bool solve(std::span<const double> b, double residual, const std::function<bool()>& give_up,
             std::span<double> x);
  /// Rows in the factor.
  [[nodiscard]] std::size_t rows_taken() const { return taken_; }
  /// Factors made so far.
  [[nodiscard]] std::uint64_t factors() const { return made_; }

 private:
  bool factor(const std::function<bool()>& give_up);
  bool add_rows(std::span<const std::size_t> rows, const std::function<bool()>& give_up);
  void precondition(std::span<const double> b, std::span<double> x) const;
  // Whether b - H x came to `enough` in the metric of the factor; goes on from x, whose residual is `left`.
  bool iterate(std::vector<double>& left, double enough, int most, const std::function<bool()>& give_up,
               std::span<double> x, int& products);

  LinearCost& cost_;
  std::size_t p_;
  std::vector<double> factors_;    // w_r / W
  std::vector<double> curvature_;  // as set
  std::vector<std::size_t> rows_;  // of which the next factor is made
  Eigen::MatrixXd matrix_;
  double share_;
  std::size_t taken_ = 0;
  std::uint64_t made_ = 0;
  bool fresh_ = false;   // the factor is that of these curvatures
  bool serves_ = false;  // the factor may serve for the next ones
};

}  // namespace talweg
