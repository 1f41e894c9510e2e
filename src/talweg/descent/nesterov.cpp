// SPDX-License-Identifier: Apache-2.0
// Nesterov's accelerated gradient with a constant momentum (Sutskever, Martens, Dahl, Hinton, ICML 2013, eq.
// 3-4):
//   v <- B v - rate g(x + B v),   x <- x + v,   v = 0 at the start
// Where the cost is quadratic its gradient is affine, so g(x + B v) = g(x) + B (g(x) - g(x before)) needs no
// second visit.
#include "talweg/descent/method.h"

namespace talweg {
namespace {

class Nesterov final : public Method {
 public:
  explicit Nesterov(const MethodSettings& settings)
      : rate_(settings.learning_rate.value_or(0)), b_(settings.momentum) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    const std::size_t n = at.gradient.size();
    if (velocity_.empty()) {
      velocity_.assign(n, 0.0);
      previous_ = at.gradient;
    }
    ahead_.resize(n);
    if (objective.gap()) {
      for (std::size_t j = 0; j < n; ++j) ahead_[j] = at.gradient[j] + b_ * (at.gradient[j] - previous_[j]);
    } else {
      Point point = at.point;
      point.move(velocity_, b_);
      objective.evaluate(point, ahead_);
      ++evaluations;
    }
    previous_ = at.gradient;
    for (std::size_t j = 0; j < n; ++j) velocity_[j] = b_ * velocity_[j] - rate_ * ahead_[j];
    Step step;
    step.direction = velocity_;
    step.length = 1;
    step.learning_rate = rate_;
    return step;
  }

 private:
  double rate_;
  double b_;
  std::vector<double> velocity_;
  std::vector<double> previous_;
  std::vector<double> ahead_;
};

}  // namespace

std::unique_ptr<Method> make_nesterov(const MethodSettings& settings) {
  return std::make_unique<Nesterov>(settings);
}

}  // namespace talweg
