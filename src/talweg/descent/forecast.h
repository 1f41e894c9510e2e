// SPDX-License-Identifier: Apache-2.0
// How many epochs a descent on a quadratic cost will take, told before the first step.
//
// In the basis of the Hessian's eigenvectors the gap is a sum over modes, gap(k) = sum_i gap_i z_i(k)^2,
// where z_i(0) = 1 and
//   gd        z(k) = (1 - r)^k                              r = rate * eigenvalue
//   momentum  z(k+1) = (1 + B - r) z(k) - B z(k-1)          z(-1) = 1
//   nesterov  z(k+1) = (1 - r) ((1 + B) z(k) - B z(k-1))
// gd's gap falls monotonically: bisection over k, with logarithms. The others oscillate: the modes are
// simulated and the first crossing is taken; where that would take too long, or the modes are not known (see
// kFullSpectrum), the envelope (slowest mode's factor) gives "about". cg: gap(k) <= 4 q^(2k) gap(0), q =
// (sqrt(K)-1)/(sqrt(K)+1), K the condition number (Saad, Iterative Methods, 2003, 6.11.3): an upper bound.
#pragma once

#include <cstdint>
#include <optional>

#include "talweg/descent/method.h"
#include "talweg/objective/curvature.h"

namespace talweg {

enum class ForecastQuality {
  exact,        ///< at most one epoch off
  approximate,  ///< rounding decides the last epochs (tolerances below 1e-10)
  upper_bound,  ///< cg
  about,        ///< from the slowest mode's factor alone
};

struct Forecast {
  std::optional<std::uint64_t> epochs;  ///< absent: the gap never gets there (an unstable rate)
  ForecastQuality quality = ForecastQuality::exact;
};

/// `start_gap`: cost - lowest cost at the start; `limit_gap`: where the run ends; `tolerance`: what it came
/// from.
Forecast forecast_epochs(const Curvature& curvature, const MethodSettings& settings, double start_gap,
                         double limit_gap, double tolerance);

std::string_view quality_name(ForecastQuality quality);

}  // namespace talweg
