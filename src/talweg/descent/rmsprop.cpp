// SPDX-License-Identifier: Apache-2.0
// RMSProp (Tieleman and Hinton, "Neural networks for machine learning", Coursera, 2012, lecture 6.5):
//   v <- 0.9 v + 0.1 g^2          (each coordinate for itself, 0 at the start)
//   x <- x - rate * g / (sqrt(v) + 1e-8)
// Without a rate: rate_search.h.
#include <cmath>

#include "talweg/descent/method.h"
#include "talweg/descent/rate_search.h"

namespace talweg {
namespace {

class Rmsprop final : public Method {
 public:
  explicit Rmsprop(const MethodSettings& settings) : rate_(settings.learning_rate) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    constexpr double kMemory = 0.9;
    constexpr double kEpsilon = 1e-8;
    const std::size_t n = at.gradient.size();
    square_.resize(n, 0.0);
    direction_.resize(n);
    for (std::size_t j = 0; j < n; ++j) {
      const double g = at.gradient[j];
      square_[j] = kMemory * square_[j] + (1 - kMemory) * (g * g);
      direction_[j] = -g / (std::sqrt(square_[j]) + kEpsilon);
    }
    if (rate_) return at_rate(direction_, *rate_);
    return search_.step(
        at, objective, direction_, [] {}, evaluations);
  }

 private:
  std::optional<double> rate_;
  std::vector<double> square_;
  std::vector<double> direction_;
  RateSearch search_;
};

}  // namespace

std::unique_ptr<Method> make_rmsprop(const MethodSettings& settings) {
  return std::make_unique<Rmsprop>(settings);
}

}  // namespace talweg
