// SPDX-License-Identifier: Apache-2.0
// Newton's method: gradient descent in the metric of the cost's own curvature, d = -H^-1 g, with the
// curvature of every point reached (Nocedal and Wright, Numerical Optimization, 2006, chapter 3). The length
// comes from a line search with the strong Wolfe conditions that tries 1 first; where the curvature says
// nothing the step goes straight downhill.
//
// Near the lowest point the error after a step is about the square of the step, relative to the parameters:
// where the last step shows that convergence (the gradient fell to a twentieth or less) and was not yet
// small, one more is wanted, so that directions of little curvature are settled, too, when the gradient is
// small.
#include <algorithm>
#include <cmath>

#include "talweg/base/dot.h"
#include "talweg/descent/line_search.h"
#include "talweg/descent/method.h"
#include "talweg/descent/wolfe_search.h"

namespace talweg {
namespace {

class Newton final : public Method {
 public:
  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    direction_.resize(at.gradient.size());
    ++evaluations;
    bool curved = objective.newton_direction(at.point, at.gradient, direction_);
    curved = curved && dot(direction_, at.gradient) < 0;
    Step step = along(at, objective, curved, evaluations);
    if (step.stuck && curved) step = along(at, objective, false, evaluations);
    return step;
  }

  [[nodiscard]] bool wants_more() const override { return wants_more_; }

 private:
  static constexpr double kFallOfQuadratic = 0.05;
  static constexpr double kSmallStep = 1e-6;

  Step along(const Iterate& at, Objective& objective, bool curved, std::uint64_t& evaluations) {
    Step step;
    wants_more_ = false;
    if (!curved) {
      for (std::size_t j = 0; j < direction_.size(); ++j) direction_[j] = -at.gradient[j];
    }
    step.direction = direction_;
    step.stuck = !(dot(direction_, at.gradient) < 0);
    if (step.stuck) return step;
    const auto found =
        search_.search(at, objective, direction_, curved ? 1 : cautious_length(at.gradient), evaluations);
    step.stuck = !found;
    if (!found) return step;
    step.length = found->length;
    step.learning_rate = found->length;
    step.cost = found->cost;
    step.gradient = search_.gradient();
    double change = 0;
    double size = 0;
    for (std::size_t j = 0; j < direction_.size(); ++j) {
      change = std::max(change, std::abs(found->length * direction_[j]));
      size = std::max(size, std::abs(at.point.high[j]));
    }
    const double fall = std::sqrt(dot(step.gradient, step.gradient) / dot(at.gradient, at.gradient));
    wants_more_ = curved && fall <= kFallOfQuadratic && change > kSmallStep * size;
    return step;
  }

  bool wants_more_ = false;
  std::vector<double> direction_;
  WolfeSearch search_;
};

}  // namespace

std::unique_ptr<Method> make_newton(const MethodSettings&) {
  return std::make_unique<Newton>();
}

}  // namespace talweg
