// SPDX-License-Identifier: Apache-2.0
// Squared error of a linear model over folded moments, with a ridge penalty: a quadratic cost, exact in every
// respect.
//
//   prediction  f = b + sum_j w_j x_j
//   cost        k/2 * [ 1/W sum_r w_r (y_r - f_r)^2 ] + l2/2 sum_j p_j^2      k = 2 (mse), 1 (half-mse), 2 W
//   (sse)
//               p_j = w_j (raw penalty) or w_j times the column's population standard deviation
//
// Coordinates of the descent: u = (v_1 ... v_d, c), f = c + sum_j v_j (x_j - o_j)/t_j.
//   scale none:      o = 0, t = 1                          (u are the user's parameters)
//   scale standard:  o = mean, t = standard deviation      (without an intercept: o = 0, t = root mean
//   square)
// With mu_j = (m_j - o_j)/t_j, A = C/(W t t') + diag(penalty/k) (without an intercept (C/W + m m')/(t t')), s
// likewise against the target, and the mean residual rbar = c + mu.v - mean_y:
//   q = A v - s      gradient = k (q + mu rbar, rbar)      cost - lowest = k/2 (q' A^+ q + rbar^2)
// (q, rbar) are carried along with the steps and recomputed in double-double every kFreshEvery steps: nothing
// cancels, the cost is a sum of squares above the lowest cost and cannot be negative.
//
// A column with one single value (with an intercept), or with zeros alone (without), has no curvature of its
// own: it keeps its start value and is not part of u. Columns that are linear combinations of others stay in
// u; the optimum is then the minimiser nearest to the start in u.
#pragma once

#include <optional>
#include <string>

#include "talweg/base/error.h"
#include "talweg/objective/cholesky.h"
#include "talweg/objective/loss.h"
#include "talweg/objective/moments.h"
#include "talweg/objective/objective.h"

namespace talweg {

enum class Scale { none, standard };

struct LeastSquaresSettings {
  bool intercept = true;
  CostKind cost = CostKind::mse;
  Scale scale = Scale::none;
  double l2 = 0;
  bool penalty_on_standard_scale = false;
};

/// A bound on how far parameters are from the optimum, with what it rests on.
struct GapBound {
  std::optional<double> cost_gap;  ///< >= cost - lowest cost; absent where nothing can be proven
  std::string reason;              ///< why it is absent
};

class LeastSquares final : public Objective {
 public:
  static constexpr int kFreshEvery = 32;
  /// Beyond this factor_condition() every gradient is computed afresh: the rounding of a carried one, small
  /// as it is, would be large against the curvature of the flattest direction.
  static constexpr double kCarriedCondition = 1e4;

  /// `moments`: the features, then the target as the last column; all finite. `start`: the user's parameters,
  /// features then (with an intercept) the intercept.
  LeastSquares(const Moments& moments, const LeastSquaresSettings& settings, std::span<const double> start);

  // The cost, in the coordinates u.
  [[nodiscard]] std::size_t size() const override { return active_.size() + (settings_.intercept ? 1 : 0); }
  double evaluate(const Point& point, std::span<double> gradient) override;
  double advance(const Point& point, std::span<const double> direction, double length,
                 std::span<double> gradient) override;
  std::optional<double> curvature_along(std::span<const double> direction) override;
  [[nodiscard]] std::span<const double> l2_weights() const override { return l2_weights_; }
  [[nodiscard]] std::optional<double> gap() const override;
  bool precondition(std::span<const double> gradient, std::span<double> out) override;

  /// The Hessian in u, row-major, size() x size().
  [[nodiscard]] std::vector<double> hessian() const;
  /// Gradient at the start.
  [[nodiscard]] std::vector<double> start_gradient() const;
  [[nodiscard]] const Point& start() const { return start_; }
  [[nodiscard]] double lowest_cost() const { return lowest_; }
  /// The gap that rounding the optimum's parameters to double makes: finer progress cannot show in the
  /// parameters.
  [[nodiscard]] double rounding_gap() const { return rounding_gap_; }
  /// Cost of the best constant prediction, the target's mean; without the penalty.
  [[nodiscard]] double constant_cost() const;
  /// Bound on the condition number of A's equilibrated factor, from its inverse's diagonal.
  [[nodiscard]] double factor_condition() const { return factor_condition_; }
  /// Bound on the errors of the products, as Moments::error.
  [[nodiscard]] double moment_error() const { return moment_error_; }

  // Between u and the user's parameters (features..., intercept).
  [[nodiscard]] std::size_t user_size() const { return columns_ + (settings_.intercept ? 1 : 0); }
  [[nodiscard]] std::vector<double> to_user(const Point& point) const;
  [[nodiscard]] Point from_user(std::span<const double> parameters) const;
  /// t and o of the header, per active feature.
  [[nodiscard]] std::span<const double> units() const { return unit_; }
  [[nodiscard]] const std::vector<DoubleDouble>& origins() const { return origin_; }
  [[nodiscard]] const Point& optimum_point() const { return optimum_; }

  // The answer in closed form and what goes with it, in the user's units.
  [[nodiscard]] std::vector<double> optimum() const { return to_user(optimum_); }
  /// Standard errors as R's lm: sqrt(RSS/(rows - rank) (X'WX)^-1_jj); absent where they do not exist (a
  /// constant or aliased column, no degrees of freedom, a penalty).
  [[nodiscard]] std::vector<std::optional<double>> standard_errors() const;
  /// sqrt((H^+)_jj) of the user's parameters; absent for constant and aliased ones.
  [[nodiscard]] std::vector<std::optional<double>> inverse_curvature_roots() const;
  /// Weighted mean squared error at the user's parameters (0 where it is below the rounding of the data).
  [[nodiscard]] double mean_squared_error(std::span<const double> parameters) const;
  /// Cost at the user's parameters: lowest cost + gap.
  [[nodiscard]] double cost_at(std::span<const double> parameters) const;
  /// Total mean square of the target about its mean (without an intercept about 0).
  [[nodiscard]] double total_mean_square() const;
  [[nodiscard]] GapBound gap_bound(std::span<const double> parameters) const;

  /// Features (indices) that keep their start value.
  [[nodiscard]] const std::vector<std::size_t>& constant_features() const { return constant_; }
  /// For each aliased feature: it and the features that it is a combination of.
  [[nodiscard]] std::vector<std::vector<std::size_t>> aliased_features() const;
  [[nodiscard]] std::size_t rank() const { return factor_.rank() + (settings_.intercept ? 1 : 0); }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  /// k of the header.
  [[nodiscard]] double cost_factor() const { return factor_k_; }
  [[nodiscard]] double weight() const { return weight_.value(); }
  [[nodiscard]] const std::vector<std::size_t>& active_features() const { return active_; }

 private:
  struct Residual {  // (q, rbar) in double-double
    std::vector<DoubleDouble> q;
    DoubleDouble mean;
  };
  [[nodiscard]] Residual residual(const Point& point) const;
  void fill_gradient(std::span<double> gradient) const;
  void find_optimum();
  [[nodiscard]] double gap_of(std::span<const double> q, double mean) const;
  [[nodiscard]] double noise() const;
  /// direction' H direction without cancellation, for nearly dependent columns.
  [[nodiscard]] double exact_curvature_along(std::span<const double> direction) const;
  void multiply(std::span<const double> direction, std::vector<double>& out, double& mean) const;
  /// Which features take part in a null vector.
  [[nodiscard]] std::vector<bool> in_null_space() const;

  LeastSquaresSettings settings_;
  std::size_t columns_ = 0;  // features
  std::uint64_t rows_ = 0;
  DoubleDouble weight_;
  double moment_error_ = kProductError;  // Moments::error
  double factor_k_ = 2;
  std::vector<std::size_t> active_;
  std::vector<std::size_t> constant_;
  std::vector<double> user_start_;
  std::vector<DoubleDouble>
      origin_;                // o of the active features: a mean rounded to double would couple them to c
  std::vector<double> unit_;  // t of the active features
  std::vector<DoubleDouble> raw_mean_;  // m of the active features
  std::vector<DoubleDouble> mu_;        // (m - o)/t
  std::vector<DoubleDouble> penalty_;   // penalty/k on the diagonal of A
  std::vector<double> l2_weights_;      // k penalty_, then 0 for the intercept
  std::vector<DoubleDouble> matrix_;    // A, packed
  std::vector<DoubleDouble> right_;     // s
  DoubleDouble target_mean_;            // less what constant features contribute
  DoubleDouble target_square_;          // C_yy/W, without an intercept plus mean^2
  CholeskyFactor factor_;
  std::vector<double> inverse_diagonal_;
  double factor_condition_ = 1;
  std::vector<double> null_basis_;    // size() x aliased columns, orthonormal, column-major
  std::vector<double> plain_matrix_;  // A rounded, full, row-major
  std::vector<double> plain_mu_;
  Point start_;
  Point optimum_;
  double lowest_ = 0;
  double rounding_gap_ = 0;

  // The last point.
  std::vector<double> q_;
  double mean_residual_ = 0;
  int since_fresh_ = 0;
  // A direction times A, kept between curvature_along and the advance that follows it.
  std::vector<double> product_;
  double product_mean_ = 0;
  bool product_ready_ = false;
};

}  // namespace talweg
