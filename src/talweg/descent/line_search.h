// SPDX-License-Identifier: Apache-2.0
// A backtracking line search for costs that are not quadratic: the largest of the lengths first, first/2,
// first/4, ... (or, where the first length is taken at once, first*2, first*4, ... while the cost still
// falls) that satisfies Armijo's condition  f(x + t d) <= f(x) + 1e-4 t g.d   (Nocedal and Wright, Numerical
// Optimization, 2006, section 3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "talweg/descent/method.h"

namespace talweg {

/// A first length where nothing is known of the cost's curvature: the step is no longer than 1 in any sense.
double cautious_length(std::span<const double> gradient);

class LineSearch {
 public:
  struct Found {
    double length = 0;
    double cost = 0;
  };
  /// Absent if no tried length lowers the cost. The gradient at the new point is in gradient().
  std::optional<Found> search(const Iterate& at, Objective& objective, std::span<const double> direction,
                              double first_length, std::uint64_t& evaluations);
  [[nodiscard]] std::span<const double> gradient() const { return gradient_; }

 private:
  std::optional<double> cost_at(const Iterate& at, Objective& objective, std::span<const double> direction,
                                double length, std::vector<double>& gradient,
                                std::uint64_t& evaluations) const;
  std::vector<double> gradient_;
  std::vector<double> trial_;
};

}  // namespace talweg
