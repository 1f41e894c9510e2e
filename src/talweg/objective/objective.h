// SPDX-License-Identifier: Apache-2.0
// What descent sees of a cost: parameters in, value and gradient out. No data, no columns.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace talweg {

/// Parameters kept as high + low (two doubles), so that steps far smaller than a parameter's last digit are
/// not lost. `high` is the parameter itself, rounded; the sum is what the descent has really reached.
struct Point {
  std::vector<double> high;
  std::vector<double> low;

  Point() = default;
  explicit Point(std::vector<double> values) : high(std::move(values)), low(high.size(), 0.0) {}
  [[nodiscard]] std::size_t size() const { return high.size(); }
  /// Adds `length * direction`, keeping the rounding in `low`.
  void move(std::span<const double> direction, double length);
  /// Adds `direction`; a coordinate of which it is exactly the opposite becomes exactly zero.
  void move_to_zeros(std::span<const double> direction);
};

class ResidualObjective;

class Objective {
 public:
  virtual ~Objective() = default;

  [[nodiscard]] virtual std::size_t size() const = 0;

  /// Cost and gradient (size() numbers) at `point`. Non-finite results are allowed: the descent does not
  /// accept them.
  virtual double evaluate(const Point& point, std::span<double> gradient) = 0;

  /// The same after a step: `point` is the point of the last evaluate or advance moved by `length *
  /// direction`, and `gradient` holds the gradient there. A quadratic cost carries its gradient along (g +
  /// length H direction).
  virtual double advance(const Point& point, std::span<const double> direction, double length,
                         std::span<double> gradient) {
    (void)direction;
    (void)length;
    return evaluate(point, gradient);
  }

  /// For a quadratic cost: direction' H direction at the last point; absent for others.
  virtual std::optional<double> curvature_along(std::span<const double> direction) {
    (void)direction;
    return std::nullopt;
  }

  /// For a quadratic cost: cost - lowest cost at the last point, 1/2 g' H^+ g; absent for others.
  [[nodiscard]] virtual std::optional<double> gap() const { return std::nullopt; }

  /// For a quadratic cost that knows its factor: H^+ gradient into `out`; false for others.
  virtual bool precondition(std::span<const double> gradient, std::span<double> out) {
    (void)gradient;
    (void)out;
    return false;
  }

  /// For a cost that knows its curvature: the direction of Newton's step, -(Hessian at `point`)^-1 gradient;
  /// false for others, and where the Hessian says nothing.
  virtual bool newton_direction(const Point& point, std::span<const double> gradient, std::span<double> out) {
    (void)point;
    (void)gradient;
    (void)out;
    return false;
  }

  /// For a cost with a part sum_j l_j |t_j|: its l_j, which the gradient leaves out; empty for others.
  [[nodiscard]] virtual std::span<const double> l1_weights() const { return {}; }

  /// For a cost with a part 1/2 sum_j q_j t_j^2: its q_j, in which the gradient has its share; empty for
  /// others.
  [[nodiscard]] virtual std::span<const double> l2_weights() const { return {}; }

  /// For a cost that knows its curvature: -(Hessian of the smooth part among `support`)^-1 slope, zero
  /// elsewhere; false for others, and where the Hessian is singular.
  virtual bool support_direction(const Point& point, std::span<const double> slope,
                                 std::span<const std::size_t> support, std::span<double> out) {
    (void)point;
    (void)slope;
    (void)support;
    (void)out;
    return false;
  }

  /// For a cost that knows a dual one: the duality gap at the last point, over the cost; absent for others.
  [[nodiscard]] virtual std::optional<double> relative_gap() const { return std::nullopt; }

  /// For a sum of squares that knows its residuals (residuals.h); null for others.
  virtual ResidualObjective* residuals() { return nullptr; }
};

}  // namespace talweg
