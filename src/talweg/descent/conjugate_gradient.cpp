// SPDX-License-Identifier: Apache-2.0
// Conjugate gradients (Hestenes and Stiefel 1952) with Polak and Ribiere's factor, restarted where it is
// negative:
//   d <- -g + max(0, g.(g - g before) / |g before|^2) d,   x <- x + t d
// t is exact for a quadratic cost, -g.d / d'Hd; for others it comes from the line search.
#include <algorithm>
#include <cmath>

#include "talweg/base/dot.h"
#include "talweg/descent/line_search.h"
#include "talweg/descent/method.h"

namespace talweg {
namespace {

class ConjugateGradient final : public Method {
 public:
  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    turn(at);
    Step step;
    step.direction = direction_;
    const double slope = dot(at.gradient, direction_);
    step.stuck = !(slope < 0);
    if (step.stuck) return step;
    if (const auto bend = objective.curvature_along(direction_)) {
      step.length = -slope / *bend;
      step.stuck = !(*bend > 0) || !std::isfinite(step.length);
      step.learning_rate = step.length;
      return step;
    }
    if (length_ == 0) length_ = cautious_length(at.gradient);
    const auto found = search_.search(at, objective, direction_, length_, evaluations);
    step.stuck = !found;
    if (!found) return step;
    length_ = found->length;
    step.length = found->length;
    step.learning_rate = found->length;
    step.cost = found->cost;
    step.gradient = search_.gradient();
    return step;
  }

 private:
  void turn(const Iterate& at) {
    const std::size_t n = at.gradient.size();
    double factor = 0;
    if (!previous_.empty()) {
      const double before = dot(previous_, previous_);
      factor = before > 0
                   ? std::max(0.0, (dot(at.gradient, at.gradient) - dot(at.gradient, previous_)) / before)
                   : 0;
    }
    direction_.resize(n, 0.0);
    for (std::size_t j = 0; j < n; ++j) direction_[j] = factor * direction_[j] - at.gradient[j];
    if (!(dot(direction_, at.gradient) < 0)) {
      for (std::size_t j = 0; j < n; ++j) direction_[j] = -at.gradient[j];
    }
    previous_ = at.gradient;
  }

  std::vector<double> direction_;
  std::vector<double> previous_;
  LineSearch search_;
  double length_ = 0;
};

}  // namespace

std::unique_ptr<Method> make_conjugate_gradient(const MethodSettings&) {
  return std::make_unique<ConjugateGradient>();
}

}  // namespace talweg
