// SPDX-License-Identifier: Apache-2.0
// The heavy ball (Polyak, "Some methods of speeding up the convergence of iteration methods", 1964):
//   v <- B v - rate g(x),   x <- x + v,   v = 0 at the start
#include "talweg/descent/method.h"

namespace talweg {
namespace {

class Momentum final : public Method {
 public:
  explicit Momentum(const MethodSettings& settings)
      : rate_(settings.learning_rate.value_or(0)), b_(settings.momentum) {}

  Step propose(const Iterate& at, Objective&, std::uint64_t&) override {
    velocity_.resize(at.gradient.size(), 0.0);
    for (std::size_t j = 0; j < velocity_.size(); ++j)
      velocity_[j] = b_ * velocity_[j] - rate_ * at.gradient[j];
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
};

}  // namespace

std::unique_ptr<Method> make_momentum(const MethodSettings& settings) {
  return std::make_unique<Momentum>(settings);
}

}  // namespace talweg
