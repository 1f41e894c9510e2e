// SPDX-License-Identifier: Apache-2.0
// Adam with decoupled decay (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019): the
// penalty l2/2 sum q_j x_j^2 enters neither memory; with h the gradient of the loss alone, g less q x,
//   m <- B1 m + (1 - B1) h          v <- B2 v + (1 - B2) h^2          (each coordinate for itself, both 0 at
//   the start)
//   x <- x - rate * (m/(1 - B1^k) + q x) / (sqrt(v/(1 - B2^k)) + 1e-8)
// The paper subtracts rate * q x without the root: its steps rest where h/sqrt(v) = -q x, which is the
// optimum of no cost known beforehand. Here the decay is scaled as the step is (Zhuang, Liu, Cutkosky,
// Orabona, "Understanding AdamW through proximal methods and scale-freeness", TMLR 2022, take it for a
// proximal step), so they rest where h + q x = 0: at the lowest point of the objective that is printed.
// Without a penalty it is adam. Without a rate: rate_search.h; its restart makes m + q x the memory of this
// gradient alone.
#include <cmath>

#include "talweg/descent/method.h"
#include "talweg/descent/rate_search.h"

namespace talweg {
namespace {

class Adamw final : public Method {
 public:
  explicit Adamw(const MethodSettings& settings)
      : rate_(settings.learning_rate), b1_(settings.adam_first), b2_(settings.adam_second) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    const std::size_t n = at.gradient.size();
    mean_.resize(n, 0.0);
    square_.resize(n, 0.0);
    decay_.assign(n, 0.0);
    direction_.resize(n);
    const std::span<const double> weights = objective.l2_weights();
    for (std::size_t j = 0; j < weights.size(); ++j) decay_[j] = weights[j] * at.point.high[j];
    first_power_ *= b1_;
    second_power_ *= b2_;
    for (std::size_t j = 0; j < n; ++j) {
      const double h = at.gradient[j] - decay_[j];
      mean_[j] = b1_ * mean_[j] + (1 - b1_) * h;
      square_[j] = b2_ * square_[j] + (1 - b2_) * (h * h);
    }
    turn();
    if (rate_) return at_rate(direction_, *rate_);
    const auto restart = [&] {
      // (m/(1 - B1^k) + q x) = (1 - B1)/(1 - B1^k) g
      for (std::size_t j = 0; j < n; ++j)
        mean_[j] = (1 - b1_) * at.gradient[j] - (1 - first_power_) * decay_[j];
      turn();
    };
    return search_.step(at, objective, direction_, restart, evaluations);
  }

 private:
  void turn() {
    constexpr double kEpsilon = 1e-8;
    for (std::size_t j = 0; j < direction_.size(); ++j)
      direction_[j] = -(mean_[j] / (1 - first_power_) + decay_[j]) /
                      (std::sqrt(square_[j] / (1 - second_power_)) + kEpsilon);
  }

  std::optional<double> rate_;
  double b1_;
  double b2_;
  double first_power_ = 1;
  double second_power_ = 1;
  std::vector<double> mean_;
  std::vector<double> square_;
  std::vector<double> decay_;  // q x
  std::vector<double> direction_;
  RateSearch search_;
};

}  // namespace

std::unique_ptr<Method> make_adamw(const MethodSettings& settings) {
  return std::make_unique<Adamw>(settings);
}

}  // namespace talweg
