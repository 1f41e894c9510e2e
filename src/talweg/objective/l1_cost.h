// SPDX-License-Identifier: Apache-2.0
// A smooth cost plus the penalty sum_j l_j |t_j| in the coordinates of the descent. The gradient is that of
// the smooth part; methods that know l1_weights() take proximal steps, which make exact zeros.
//
// Where the smooth part q is least squares (with or without an l2 penalty) the duality gap is known. With g
// the gradient of q and s = min(1, min_j l_j / |g_j|) the residuals times s are feasible in the dual problem:
//   gap = (1 - s)^2 q + sum_j (l_j |t_j| + s t_j g_j)  >=  cost - lowest cost
// (Kim, Koh, Lustig, Boyd, Gorinevsky, "An interior-point method for large-scale l1-regularized least
// squares", IEEE J. Sel. Topics Signal Process. 1(4), 2007). A coordinate without a penalty (the intercept)
// is first put where it is lowest, which takes g_0^2 / (2 H_00) off q and H_j0 g_0 / H_00 off g_j.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "talweg/objective/objective.h"

namespace talweg {

class L1Cost final : public Objective {
 public:
  /// `weights`: l_j >= 0, one per coordinate; `smooth` lives as long as this. `hessian`: of a smooth part
  /// that is least squares, row-major; empty for others, which then have no gap.
  L1Cost(Objective& smooth, std::vector<double> weights, std::vector<double> hessian);
  /// The same of least squares whose Hessian is not known but for the column of the coordinate without a
  /// penalty, `free` (none: no such coordinate). No support_direction of its own.
  L1Cost(Objective& smooth, std::vector<double> weights, std::optional<std::size_t> free,
         std::vector<double> free_column);

  [[nodiscard]] std::size_t size() const override { return smooth_.size(); }
  double evaluate(const Point& point, std::span<double> gradient) override;
  [[nodiscard]] std::span<const double> l1_weights() const override { return weights_; }
  bool support_direction(const Point& point, std::span<const double> slope,
                         std::span<const std::size_t> support, std::span<double> out) override;
  [[nodiscard]] std::optional<double> relative_gap() const override;

  /// A bound on cost - lowest cost at `point`, the rounding of the bound itself included; absent where the
  /// smooth part is not least squares.
  [[nodiscard]] std::optional<double> gap_bound(const Point& point);

 private:
  struct Gap {
    double gap = 0;
    double size = 0;  // of the terms whose sum it is
  };
  [[nodiscard]] Gap duality_gap(const Point& point, double smooth, std::span<const double> gradient) const;

  Objective& smooth_;
  std::vector<double> weights_;
  std::vector<double> hessian_;
  std::optional<std::size_t> free_;  // the coordinate without a penalty
  std::vector<double> free_column_;  // of the Hessian
  bool squares_ = false;             // the smooth part is least squares
  double last_cost_ = 0;
  double last_gap_ = 0;
};

}  // namespace talweg
