// SPDX-License-Identifier: Apache-2.0
// AdaGrad with a diagonal metric (Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and
// stochastic optimization", J. Machine Learning Research 12, 2011, figure 1):
//   s <- s + g^2          (each coordinate for itself, 0 at the start)
//   x <- x - rate * g / (sqrt(s) + 1e-8)
// Without a rate: rate_search.h.
#include <cmath>

#include "talweg/descent/method.h"
#include "talweg/descent/rate_search.h"

namespace talweg {
namespace {

class Adagrad final : public Method {
 public:
  explicit Adagrad(const MethodSettings& settings) : rate_(settings.learning_rate) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    constexpr double kEpsilon = 1e-8;
    const std::size_t n = at.gradient.size();
    squares_.resize(n, 0.0);
    direction_.resize(n);
    for (std::size_t j = 0; j < n; ++j) {
      const double g = at.gradient[j];
      squares_[j] += g * g;
      direction_[j] = -g / (std::sqrt(squares_[j]) + kEpsilon);
    }
    if (rate_) return at_rate(direction_, *rate_);
    return search_.step(
        at, objective, direction_, [] {}, evaluations);
  }

 private:
  std::optional<double> rate_;
  std::vector<double> squares_;
  std::vector<double> direction_;
  RateSearch search_;
};

}  // namespace

std::unique_ptr<Method> make_adagrad(const MethodSettings& settings) {
  return std::make_unique<Adagrad>(settings);
}

}  // namespace talweg
