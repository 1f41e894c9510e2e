// SPDX-License-Identifier: Apache-2.0
// The heavy ball (Polyak, "Some methods of speeding up the convergence of iteration methods", 1964):
//   v <- B v - rate g(x),   x <- x + v,   v = 0 at the start
// Where it is asked to, it restarts (v = 0) after an epoch in which the cost rose (O'Donoghue and Candes,
// "Adaptive restart for accelerated gradient schemes", Found. Comput. Math. 15, 2015). Without a rate:
// rate_search.h, along p <- B p - g.
#include <limits>

#include "talweg/descent/method.h"
#include "talweg/descent/rate_search.h"

namespace talweg {
namespace {

class Momentum final : public Method {
 public:
  explicit Momentum(const MethodSettings& settings)
      : rate_(settings.learning_rate), b_(settings.momentum), restarts_(settings.restart) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    velocity_.resize(at.gradient.size(), 0.0);
    const double rate = rate_.value_or(1);
    if (rate_ && restarts_ && at.cost > last_cost_) velocity_.assign(velocity_.size(), 0.0);
    last_cost_ = at.cost;
    for (std::size_t j = 0; j < velocity_.size(); ++j)
      velocity_[j] = b_ * velocity_[j] - rate * at.gradient[j];
    if (!rate_) {
      const auto restart = [&] {
        for (std::size_t j = 0; j < velocity_.size(); ++j) velocity_[j] = -at.gradient[j];
      };
      return search_.step(at, objective, velocity_, restart, evaluations);
    }
    Step step;
    step.direction = velocity_;
    step.length = 1;
    step.learning_rate = rate_;
    return step;
  }

 private:
  std::optional<double> rate_;
  double b_;
  bool restarts_;
  double last_cost_ = std::numeric_limits<double>::infinity();
  std::vector<double> velocity_;
  RateSearch search_;
};

}  // namespace

std::unique_ptr<Method> make_momentum(const MethodSettings& settings) {
  return std::make_unique<Momentum>(settings);
}

}  // namespace talweg
