// SPDX-License-Identifier: Apache-2.0
// A line search for quasi-Newton methods: a length t that satisfies the strong Wolfe conditions
//   f(x + t d) <= f(x) + 1e-4 t g.d          |g(x + t d).d| <= 0.9 |g.d|
// by bracketing and zooming with safeguarded cubic interpolation (Nocedal and Wright, Numerical Optimization,
// 2006, algorithms 3.5 and 3.6). Where the cost no longer tells two lengths apart, the first condition is
// judged by the slopes (Hager and Zhang, SIAM J. Optim. 16(1), 2005, "approximate Wolfe"). A cost or gradient
// that is not finite counts as too far.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "talweg/descent/method.h"

namespace talweg {

class WolfeSearch {
 public:
  struct Found {
    double length = 0;
    double cost = 0;
  };
  /// Absent if there is no such length within 50 evaluations, and none that lowers the cost at all. The
  /// gradient at the new point is in gradient().
  std::optional<Found> search(const Iterate& at, Objective& objective, std::span<const double> direction,
                              double first_length, std::uint64_t& evaluations);
  [[nodiscard]] std::span<const double> gradient() const { return best_gradient_; }

 private:
  struct Sample {
    double length = 0;
    double cost = 0;
    double slope = 0;
    bool finite = true;
  };
  Sample sample(double length);
  [[nodiscard]] bool low_enough(const Sample& s) const;
  [[nodiscard]] bool flat_enough(const Sample& s) const;
  bool zoom(Sample low, Sample high);
  void keep(const Sample& s);

  const Iterate* at_ = nullptr;
  Objective* objective_ = nullptr;
  std::span<const double> direction_;
  std::uint64_t* evaluations_ = nullptr;
  double start_slope_ = 0;
  int left_ = 0;
  std::optional<Found> best_;  // the lowest cost that is low enough
  std::vector<double> gradient_;
  std::vector<double> best_gradient_;
};

}  // namespace talweg
