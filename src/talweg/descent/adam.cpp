// SPDX-License-Identifier: Apache-2.0
// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1):
//   m <- B1 m + (1 - B1) g          v <- B2 v + (1 - B2) g^2          (each coordinate for itself, both 0 at
//   the start)
//   x <- x - rate * m/(1 - B1^k) / (sqrt(v/(1 - B2^k)) + 1e-8)
// Without a rate: rate_search.h; its restart makes m the memory of this gradient alone, (1 - B1) g.
#include <cmath>

#include "talweg/descent/method.h"
#include "talweg/descent/rate_search.h"

namespace talweg {
namespace {

class Adam final : public Method {
 public:
  explicit Adam(const MethodSettings& settings)
      : rate_(settings.learning_rate), b1_(settings.adam_first), b2_(settings.adam_second) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    const std::size_t n = at.gradient.size();
    mean_.resize(n, 0.0);
    square_.resize(n, 0.0);
    direction_.resize(n);
    first_power_ *= b1_;
    second_power_ *= b2_;
    for (std::size_t j = 0; j < n; ++j) {
      const double g = at.gradient[j];
      mean_[j] = b1_ * mean_[j] + (1 - b1_) * g;
      square_[j] = b2_ * square_[j] + (1 - b2_) * (g * g);
    }
    turn();
    if (rate_) return at_rate(direction_, *rate_);
    const auto restart = [&] {
      for (std::size_t j = 0; j < n; ++j) mean_[j] = (1 - b1_) * at.gradient[j];
      turn();
    };
    return search_.step(at, objective, direction_, restart, evaluations);
  }

 private:
  void turn() {
    constexpr double kEpsilon = 1e-8;
    for (std::size_t j = 0; j < direction_.size(); ++j)
      direction_[j] =
          -(mean_[j] / (1 - first_power_)) / (std::sqrt(square_[j] / (1 - second_power_)) + kEpsilon);
  }

  std::optional<double> rate_;
  double b1_;
  double b2_;
  double first_power_ = 1;
  double second_power_ = 1;
  std::vector<double> mean_;
  std::vector<double> square_;
  std::vector<double> direction_;
  RateSearch search_;
};

}  // namespace

std::unique_ptr<Method> make_adam(const MethodSettings& settings) {
  return std::make_unique<Adam>(settings);
}

}  // namespace talweg
