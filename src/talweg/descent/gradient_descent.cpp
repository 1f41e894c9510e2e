// SPDX-License-Identifier: Apache-2.0
// Gradient descent (Cauchy 1847):  x <- x - rate g
// with a constant rate; without one, exact along the line on a quadratic cost, else at a rate found on the
// way (rate_search.h); preconditioned,  x <- x - rate H^+ g,  which is gradient descent in the coordinates of
// the Hessian's Cholesky factor (there the Hessian is the identity, the best rate 1).
#include <cmath>
#include <limits>
#include <numeric>

#include "talweg/descent/method.h"
#include "talweg/descent/rate_search.h"

namespace talweg {
namespace {

class GradientDescent final : public Method {
 public:
  explicit GradientDescent(const MethodSettings& settings) : settings_(settings) {}

  [[nodiscard]] bool wants_more() const override {
    return settings_.precondition && settings_.polish && falling_;
  }

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    direction_.resize(at.gradient.size());
    if (!settings_.precondition || !objective.precondition(at.gradient, direction_)) direction_ = at.gradient;
    bool zero = true;
    for (double& d : direction_) {
      zero = zero && d == 0;
      d = -d;
    }
    Step step;
    step.direction = direction_;
    if (wants_more()) {
      // In that metric |step|^2 is twice the gap. Where it no longer shrinks, rounding is all that is left.
      const double size = -std::inner_product(direction_.begin(), direction_.end(), at.gradient.begin(), 0.0);
      falling_ = size > 0 && size < last_size_ / 4;
      last_size_ = size;
      step.stuck = !falling_;
      if (step.stuck) return step;
      // A gradient carried along would shrink for ever; the one at the point itself says when rounding is
      // reached.
      step.length = settings_.learning_rate.value_or(1);
      step.learning_rate = step.length;
      Point point = at.point;
      point.move(direction_, step.length);
      fresh_.resize(direction_.size());
      step.cost = objective.evaluate(point, fresh_);
      step.gradient = fresh_;
      ++evaluations;
      return step;
    }
    if (settings_.learning_rate) {
      step.length = *settings_.learning_rate;
      step.learning_rate = step.length;
      return step;
    }
    step.stuck = zero;
    if (zero) return step;
    if (const auto bend = objective.curvature_along(direction_)) {
      // Cauchy's step. A search would leave the objective's gap at the point it tried last.
      step.length =
          -std::inner_product(direction_.begin(), direction_.end(), at.gradient.begin(), 0.0) / *bend;
      step.stuck = !(*bend > 0) || !std::isfinite(step.length);
      step.learning_rate = step.length;
      return step;
    }
    return search_.step(
        at, objective, direction_, [] {}, evaluations);
  }

 private:
  MethodSettings settings_;
  std::vector<double> direction_;
  std::vector<double> fresh_;
  RateSearch search_;
  bool falling_ = true;
  double last_size_ = std::numeric_limits<double>::infinity();
};

}  // namespace

std::unique_ptr<Method> make_gradient_descent(const MethodSettings& settings) {
  return std::make_unique<GradientDescent>(settings);
}

}  // namespace talweg
