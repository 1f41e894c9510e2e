// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/quadratic_rows.h"

#include "talweg/base/dot.h"

namespace talweg {

QuadraticRows::QuadraticRows(LinearCost& cost)
    : cost_(cost), curvature_(curvature_bound(cost.loss()).value_or(0)), product_(cost.size()) {}

double QuadraticRows::evaluate(const Point& point, std::span<double> gradient) {
  product_ready_ = false;
  since_fresh_ = 0;
  last_cost_ = fresh_cost_ = cost_.evaluate(point, gradient);
  return last_cost_;
}

std::optional<double> QuadraticRows::curvature_along(std::span<const double> direction) {
  cost_.multiply_hessian(direction, curvature_, product_);
  product_ready_ = true;
  return dot(direction, product_);
}

double QuadraticRows::advance(const Point& point, std::span<const double> direction, double length,
                              std::span<double> gradient) {
  if (!product_ready_ || since_fresh_ + 1 >= kFreshEvery) return evaluate(point, gradient);
  product_ready_ = false;
  const double cost =
      last_cost_ + length * (dot(gradient, direction) + length / 2 * dot(direction, product_));
  if (!(cost > kShare * fresh_cost_)) return evaluate(point, gradient);
  ++since_fresh_;
  last_cost_ = cost;
  for (std::size_t j = 0; j < product_.size(); ++j) gradient[j] += length * product_[j];
  return last_cost_;
}

}  // namespace talweg
