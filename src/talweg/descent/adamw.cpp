// SPDX-License-Identifier: Apache-2.0
// Adam with decoupled decay (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019): the
// penalty 1/2 sum q_j x_j^2 enters neither memory. With h the gradient of the loss alone, g less q x,
//   m <- B1 m + (1 - B1) h          v <- B2 v + (1 - B2) h^2          (each coordinate for itself, both 0 at
//   the start)
//   D = 1 / (sqrt(v/(1 - B2^k)) + 1e-8)
//   x <- (x - rate * D m/(1 - B1^k)) / (1 + rate * D q)
// The paper decays by rate * q x without the D: its steps rest where D h = -q x, which is the optimum of no
// cost known beforehand. The step here is the proximal one in the metric of the method (Zhuang, Liu,
// Cutkosky, Orabona, "Understanding AdamW through proximal methods and scale-freeness", TMLR 2022); it rests
// where h + q x = 0, at the lowest point of the objective that is printed, and no penalty is too large for
// it. Without a penalty it is adam. Without a rate: rate_search.h along that step for the rate of the epoch
// before; its restart makes the step that of this gradient alone.
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
    turn(weights);
    if (rate_) return at_rate(direction_, *rate_);
    const auto restart = [&] {
      // (m/(1 - B1^k) + q x) = (1 - B1)/(1 - B1^k) g
      for (std::size_t j = 0; j < n; ++j)
        mean_[j] = (1 - b1_) * at.gradient[j] - (1 - first_power_) * decay_[j];
      turn(weights);
    };
    return search_.step(at, objective, direction_, restart, evaluations);
  }

 private:
  // (step - x) / rate
  void turn(std::span<const double> weights) {
    constexpr double kEpsilon = 1e-8;
    const double rate = rate_.value_or(search_.rate());
    for (std::size_t j = 0; j < direction_.size(); ++j) {
      const double root = std::sqrt(square_[j] / (1 - second_power_)) + kEpsilon;
      direction_[j] =
          -(mean_[j] / (1 - first_power_) + decay_[j]) / (root + (weights.empty() ? 0 : rate * weights[j]));
    }
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
