// SPDX-License-Identifier: Apache-2.0
// The step of a trust region on a linearised sum of squares: d minimises |r + J d| with |D d| <= radius,
// within a tenth of it. Either the Gauss-Newton step, or the solution of (J'J + par D^2) d = -J'r with |D d|
// close to the radius, par found by at most 10 Newton corrections on |D d| (Hebden; More, "The
// Levenberg-Marquardt algorithm: implementation and theory", Lecture Notes in Mathematics 630, 1978, section
// 5).
#pragma once

#include <span>
#include <vector>

#include "talweg/objective/residuals.h"

namespace talweg {

struct TrustStep {
  std::vector<double> direction;
  double length = 0;   ///< |D d|
  double damping = 0;  ///< par; 0: the Gauss-Newton step
};

/// `scale`: D, all above 0. `damping`: par of the last step, a first guess.
TrustStep trust_region_step(const Linearised& at, std::span<const double> scale, double radius,
                            double damping);

/// -R^-1 q; empty where R is singular or the step is not finite.
std::vector<double> gauss_newton_step(const Linearised& at);

double euclidean_norm(std::span<const double> values);

}  // namespace talweg
