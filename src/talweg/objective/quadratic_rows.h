// SPDX-License-Identifier: Apache-2.0
// Squared error of a linear model over rows in memory, as the quadratic cost that it is: a step along d costs
// one fused pass, which gives H d (linear_cost.h), and with it the exact length of the step and, without
// another pass, what it leads to:
//   g <- g + t H d,   cost <- cost + t g.d + t^2/2 d'H d
// Every kFreshEvery steps cost and gradient are computed afresh, so that rounding does not gather, and so
// they are where the cost has fallen to kShare of what it was then: what is left would be lost in its digits.
#pragma once

#include "talweg/objective/linear_cost.h"

namespace talweg {

class QuadraticRows final : public Objective {
 public:
  static constexpr int kFreshEvery = 32;
  static constexpr double kShare = 1e-3;

  /// `cost`: of mse, half-mse or sse; lives as long as this.
  explicit QuadraticRows(LinearCost& cost);

  [[nodiscard]] std::size_t size() const override { return cost_.size(); }
  double evaluate(const Point& point, std::span<double> gradient) override;
  double advance(const Point& point, std::span<const double> direction, double length,
                 std::span<double> gradient) override;
  std::optional<double> curvature_along(std::span<const double> direction) override;
  [[nodiscard]] std::span<const double> l2_weights() const override { return cost_.l2_weights(); }

 private:
  LinearCost& cost_;
  double curvature_;
  double last_cost_ = 0;
  double fresh_cost_ = 0;
  int since_fresh_ = 0;
  std::vector<double> product_;  // H d of the direction that curvature_along was asked for
  bool product_ready_ = false;
};

}  // namespace talweg
