// SPDX-License-Identifier: Apache-2.0
// A cost of a loss with a kink (mae, quantile, hinge), smoothed over a width that can be changed: what a
// descent on a shrinking width needs beside value and gradient (loss.h has the smoothing).
#pragma once

#include <optional>
#include <span>

#include "talweg/objective/objective.h"

namespace talweg {

/// A lower bound of a cost, and what rounding may add to the difference from a cost as it was computed.
struct LowerBound {
  double value = 0;
  double rounding = 0;
  bool from_slopes = false;  ///< as close as the slopes make it; else only that no loss is negative
};

class KinkedObjective : public Objective {
 public:
  virtual void set_width(double width) = 0;
  /// The dual value that the slopes at `point` stand for, the cost plus h/2 times the mean of their squares.
  /// Where the gradient is zero it is at most the lowest cost of the loss itself; minus infinity for a cost
  /// that is not convex.
  [[nodiscard]] virtual double dual_value(const Point& point) = 0;
  /// The cost without smoothing.
  [[nodiscard]] virtual double sharp_cost(const Point& point) = 0;
  /// The lowest point for a narrower width if the rows within the width stay the same, seen from `point`,
  /// where the cost of the width used is lowest; absent where that is not determined.
  [[nodiscard]] virtual std::optional<Point> narrowed(const Point& point, double width) = 0;
  /// A bound that no point of the loss itself is below, from the slopes at `point`, whatever the gradient
  /// there; absent where there is none.
  [[nodiscard]] virtual std::optional<LowerBound> lower_bound(const Point& point) {
    (void)point;
    return std::nullopt;
  }
  /// Where there are as many parameters as rows and no penalty: the point near `point` that fits all rows, if
  /// there is one; absent elsewhere.
  [[nodiscard]] virtual std::optional<Point> interpolated(const Point& point) {
    (void)point;
    return std::nullopt;
  }
};

/// Gradient and Hessian (p x p) of the quadratic that the rows within the width h of a loss with a kink would
/// make at the width h' if they stayed the same: given those at h, the part `inside` of the gradient that
/// these rows make, and the penalty's diagonal,
///
///   g' = g + (h/h' - 1) inside        H' = h/h' (H - D) + D
void freeze_rows(double ratio, std::span<const double> inside, std::span<const double> l2_weights,
                 std::span<double> gradient, std::span<double> hessian);

}  // namespace talweg
