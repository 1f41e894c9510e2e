// SPDX-License-Identifier: Apache-2.0
// Nesterov's accelerated gradient with a constant momentum (Sutskever, Martens, Dahl, Hinton, ICML 2013, eq.
// 3-4):
//   v <- B v - rate g(x + B v),   x <- x + v,   v = 0 at the start
// Where the cost is quadratic its gradient is affine, so g(x + B v) = g(x) + B (g(x) - g(x before)) needs no
// second visit. Where it is asked to, it restarts (v = 0) after an epoch in which the cost rose (O'Donoghue
// and Candes, "Adaptive restart for accelerated gradient schemes", Found. Comput. Math. 15, 2015).
//
// Without a rate, on a cost that is not quadratic: the rate grows by a twentieth an epoch and is halved until
// the cost falls from y = x + B v by at least half of what the slope there foretells (Beck and Teboulle, SIAM
// J. Imaging Sciences 2(1), 2009, section 4); an epoch that would end above its start is made again from v =
// 0.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "talweg/descent/line_search.h"
#include "talweg/descent/method.h"
#include "talweg/descent/rate_search.h"

namespace talweg {
namespace {

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

class Nesterov final : public Method {
 public:
  explicit Nesterov(const MethodSettings& settings)
      : rate_(settings.learning_rate), b_(settings.momentum), restarts_(settings.restart) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    const std::size_t n = at.gradient.size();
    if (velocity_.empty()) {
      velocity_.assign(n, 0.0);
      previous_ = at.gradient;
    }
    ahead_.resize(n);
    if (!rate_) return search(at, objective, evaluations);
    if (restarts_ && at.cost > last_cost_) {
      velocity_.assign(n, 0.0);
      previous_ = at.gradient;
    }
    last_cost_ = at.cost;
    if (objective.gap()) {
      for (std::size_t j = 0; j < n; ++j) ahead_[j] = at.gradient[j] + b_ * (at.gradient[j] - previous_[j]);
    } else {
      look_ahead(at, objective, evaluations);
    }
    previous_ = at.gradient;
    for (std::size_t j = 0; j < n; ++j) velocity_[j] = b_ * velocity_[j] - *rate_ * ahead_[j];
    Step step;
    step.direction = velocity_;
    step.length = 1;
    step.learning_rate = rate_;
    return step;
  }

 private:
  // The cost at x + B v; the gradient there in ahead_.
  double look_ahead(const Iterate& at, Objective& objective, std::uint64_t& evaluations) {
    Point point = at.point;
    point.move(velocity_, b_);
    ++evaluations;
    return objective.evaluate(point, ahead_);
  }

  Step search(const Iterate& at, Objective& objective, std::uint64_t& evaluations) {
    constexpr double kQuickGrowth = 2;
    constexpr double kGrowth = 1.05;
    length_ = length_ > 0 ? length_ * (bounded_ ? kGrowth : kQuickGrowth) : cautious_length(at.gradient);
    const bool moving = std::any_of(velocity_.begin(), velocity_.end(), [](double v) { return v != 0; });
    if (moving) {
      const double cost = look_ahead(at, objective, evaluations);
      if (std::isfinite(cost) && all_finite(ahead_) && descend(at, cost, objective, evaluations) &&
          found_cost_ <= at.cost)
        return finished();
      velocity_.assign(velocity_.size(), 0.0);
    }
    ahead_ = at.gradient;
    if (descend(at, at.cost, objective, evaluations)) return finished();
    Step step;
    step.stuck = true;
    return step;
  }

  // From y = x + B v, where the cost is `cost` and the gradient ahead_: the step of a rate that brings it
  // down.
  bool descend(const Iterate& at, double cost, Objective& objective, std::uint64_t& evaluations) {
    constexpr double kShare = 0.5;
    constexpr int kMostHalvings = 200;
    const std::size_t n = velocity_.size();
    const double square = std::inner_product(ahead_.begin(), ahead_.end(), ahead_.begin(), 0.0);
    if (!(square > 0)) return false;
    next_.resize(n);
    found_gradient_.resize(n);
    const double before = length_;
    for (int halvings = 0; halvings < kMostHalvings && length_ > 0; ++halvings) {
      for (std::size_t j = 0; j < n; ++j) next_[j] = b_ * velocity_[j] - length_ * ahead_[j];
      Point point = at.point;
      point.move(next_, 1);
      found_cost_ = objective.evaluate(point, found_gradient_);
      ++evaluations;
      const double there = std::inner_product(ahead_.begin(), ahead_.end(), found_gradient_.begin(), 0.0);
      if (std::isfinite(found_cost_) && all_finite(found_gradient_) &&
          falls_enough(cost, found_cost_, -length_ * square, -length_ * there, kShare))
        return true;
      bounded_ = true;
      length_ /= 2;
    }
    length_ = before;
    return false;
  }

  Step finished() {
    velocity_ = next_;
    Step step;
    step.direction = velocity_;
    step.length = 1;
    step.learning_rate = length_;
    step.cost = found_cost_;
    step.gradient = found_gradient_;
    return step;
  }

  std::optional<double> rate_;
  double b_;
  bool restarts_;
  double last_cost_ = std::numeric_limits<double>::infinity();
  std::vector<double> velocity_;
  std::vector<double> previous_;
  std::vector<double> ahead_;
  double length_ = 0;  // the rate found
  bool bounded_ = false;
  std::vector<double> next_;
  std::vector<double> found_gradient_;
  double found_cost_ = 0;
};

}  // namespace

std::unique_ptr<Method> make_nesterov(const MethodSettings& settings) {
  return std::make_unique<Nesterov>(settings);
}

}  // namespace talweg
