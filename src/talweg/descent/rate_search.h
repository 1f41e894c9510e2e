// SPDX-License-Identifier: Apache-2.0
// A learning rate that needs no tuning, for methods over all rows whose steps are rate * direction: the cost
// is known after every epoch, so it decides.
//   - The rate grows a little with every epoch: twofold until it has once been too long, then by a twentieth.
//   - A step is taken where the cost falls by a ten-thousandth of what the slope foretells (Armijo 1966);
//     f(x + t p) <= f(x) + 1e-4 t g.p.
//   - Where it does not, the method forgets its momentum (O'Donoghue and Candes, "Adaptive restart for
//     accelerated gradient schemes", Found. Comput. Math. 15, 2015), so that it points downhill, and the rate
//     is halved until it does ("bold driver": Battiti, "Accelerated backpropagation learning", Complex
//     Systems 3, 1989).
// On a smooth convex cost bounded below, with directions -D g whose diagonal D stays between two positive
// numbers, the halving ends at a rate of at least 1/(L max D), so the slopes g.p are summable and the
// gradient vanishes (Zoutendijk; Nocedal and Wright, Numerical Optimization, 2006, theorem 3.2): the run ends
// at the lowest cost. Where the cost no longer tells two points apart, the slopes along the step decide
// (Hager and Zhang, SIAM J. Optim. 16(1), 2005). On a quadratic cost the condition is a bound on the rate, t
// <= 2 (1 - 1e-4) |g.p| / p'Hp, and costs no evaluation.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "talweg/descent/method.h"

namespace talweg {

/// Whether a step has brought the cost down by `share` of what its slope foretold; `slope` and `slope_there`:
/// along the whole step, at its two ends.
bool falls_enough(double cost, double cost_there, double slope, double slope_there, double share);

class RateSearch {
 public:
  /// The step along `direction` from `at`, where the whole gradient is known. `restart` makes the method
  /// forget its momentum and writes a direction that points downhill into the memory of `direction`. Stuck,
  /// if no rate lowers the cost.
  Step step(const Iterate& at, Objective& objective, std::span<const double> direction,
            const std::function<void()>& restart, std::uint64_t& evaluations);

  /// The rate of the step taken last; 0 before the first one.
  [[nodiscard]] double rate() const { return rate_; }

 private:
  bool suits(const Iterate& at, Objective& objective, std::span<const double> direction,
             std::uint64_t& evaluations);

  double rate_ = 0;  // 0: none tried yet
  bool bounded_ = false;
  double cost_ = 0;
  std::vector<double> gradient_;  // at the point tried last
};

}  // namespace talweg
