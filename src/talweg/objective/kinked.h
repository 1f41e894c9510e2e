// SPDX-License-Identifier: Apache-2.0
// A cost of a loss with a kink (mae, quantile, hinge), smoothed over a width that can be changed: what a
// descent on a shrinking width needs beside value and gradient (loss.h has the smoothing).
#pragma once

#include <optional>

#include "talweg/objective/objective.h"

namespace talweg {

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
};

}  // namespace talweg
