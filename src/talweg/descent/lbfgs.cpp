// SPDX-License-Identifier: Apache-2.0
// Limited-memory BFGS: d = -H g with H built from the last 10 steps s and changes of gradient y by the
// two-loop recursion, scaled by s.y/y.y (Nocedal, "Updating quasi-Newton matrices with limited storage",
// Math. Comp. 35, 1980; Liu and Nocedal, Math. Programming 45, 1989). The length comes from a line search
// with the strong Wolfe conditions, so s.y > 0; on a quadratic cost it is exact.
#include <algorithm>
#include <cmath>
#include <deque>

#include "talweg/base/dot.h"
#include "talweg/descent/line_search.h"
#include "talweg/descent/method.h"
#include "talweg/descent/wolfe_search.h"

namespace talweg {
namespace {

constexpr std::size_t kMemory = 10;

class Lbfgs final : public Method {
 public:
  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    remember(at);
    Step step = along(at, objective, evaluations);
    if (step.stuck && !pairs_.empty()) {
      // The memory may mislead: once more, straight downhill.
      pairs_.clear();
      step = along(at, objective, evaluations);
    }
    return step;
  }

 private:
  struct Pair {
    std::vector<double> s;
    std::vector<double> y;
    double sy = 0;
  };

  void remember(const Iterate& at) {
    const std::size_t n = at.gradient.size();
    if (!gradient_.empty()) {
      Pair pair{std::vector<double>(n), std::vector<double>(n), 0};
      for (std::size_t j = 0; j < n; ++j) {
        pair.s[j] = step_length_ * direction_[j];
        pair.y[j] = at.gradient[j] - gradient_[j];
      }
      pair.sy = dot(pair.s, pair.y);
      // A pair whose curvature is lost in rounding would make H indefinite.
      if (pair.sy > 1e-14 * std::sqrt(dot(pair.s, pair.s) * dot(pair.y, pair.y)))
        pairs_.push_back(std::move(pair));
      if (pairs_.size() > kMemory) pairs_.pop_front();
    }
    gradient_ = at.gradient;
  }

  void turn() {
    direction_ = gradient_;
    std::vector<double> alpha(pairs_.size());
    for (std::size_t k = pairs_.size(); k-- > 0;) {
      alpha[k] = dot(pairs_[k].s, direction_) / pairs_[k].sy;
      for (std::size_t j = 0; j < direction_.size(); ++j) direction_[j] -= alpha[k] * pairs_[k].y[j];
    }
    if (!pairs_.empty()) {
      const double scale = pairs_.back().sy / dot(pairs_.back().y, pairs_.back().y);
      for (double& d : direction_) d *= scale;
    }
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      const double beta = dot(pairs_[k].y, direction_) / pairs_[k].sy;
      for (std::size_t j = 0; j < direction_.size(); ++j) direction_[j] += (alpha[k] - beta) * pairs_[k].s[j];
    }
    for (double& d : direction_) d = -d;
  }

  Step along(const Iterate& at, Objective& objective, std::uint64_t& evaluations) {
    turn();
    Step step;
    step.direction = direction_;
    const double slope = dot(direction_, at.gradient);
    step.stuck = !(slope < 0);
    if (step.stuck) return step;
    if (const auto bend = objective.curvature_along(direction_)) {
      step.length = step_length_ = -slope / *bend;
      step.stuck = !(*bend > 0) || !std::isfinite(step.length);
      step.learning_rate = step.length;
      return step;
    }
    double first = 1;
    if (pairs_.empty()) first = cautious_length(at.gradient);
    const auto found = search_.search(at, objective, direction_, first, evaluations);
    step.stuck = !found;
    if (!found) return step;
    step.length = step_length_ = found->length;
    step.learning_rate = found->length;
    step.cost = found->cost;
    step.gradient = search_.gradient();
    return step;
  }

  std::deque<Pair> pairs_;
  std::vector<double> gradient_;
  std::vector<double> direction_;
  double step_length_ = 0;
  WolfeSearch search_;
};

}  // namespace

std::unique_ptr<Method> make_lbfgs(const MethodSettings&) {
  return std::make_unique<Lbfgs>();
}

}  // namespace talweg
