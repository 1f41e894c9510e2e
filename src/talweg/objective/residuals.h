// SPDX-License-Identifier: Apache-2.0
// A cost that is a sum of squares, seen through its residuals: what Gauss-Newton and Levenberg-Marquardt need
// beside the gradient.
//   r(b) = f(b) - y, rows scaled by the root of their weight; a penalty adds rows of its own
//   cost = c F,  F = r.r         gradient = 2 c J'r         J = dr/db
#pragma once

#include <vector>

#include "talweg/objective/objective.h"

namespace talweg {

/// The residuals to first order about a point: [R q; 0 s] is the triangle of [J r].
struct Linearised {
  std::size_t size = 0;
  std::vector<double> triangle;  ///< R, packed as in triangle.h
  std::vector<double> q;         ///< the part of r that the columns of J reach
  double squares = 0;            ///< F
  double values = 0;             ///< | |f| + |y| |: what rounding in the residuals is measured against
};

class ResidualObjective : public Objective {
 public:
  ResidualObjective* residuals() override { return this; }
  /// False where a residual or a derivative is not finite; `out` is then of no use.
  virtual bool linearise(const Point& point, Linearised& out) = 0;
  /// c.
  [[nodiscard]] virtual double cost_factor() const = 0;
};

}  // namespace talweg
