// SPDX-License-Identifier: Apache-2.0
// Learning rates of a quadratic cost, known before the first step. L and m: largest and smallest positive
// eigenvalue of the Hessian, B the momentum.
//   largest stable rate   gd 2/L    momentum 2(1+B)/L    nesterov (2+2B)/((1+2B)L)    (every mode's factor
//   below 1) best rate             gd 2/(L+m); momentum and nesterov: where the slowest mode is fastest for
//   the B given
// Sources: Polyak, Introduction to Optimization, 1987, section 1.4 and 3.2; the limits follow from the modes'
// recurrences
//   momentum z'' = (1 + B - r) z' - B z,   nesterov z'' = (1 - r)((1 + B) z' - B z),   r = rate * eigenvalue.
#pragma once

#include "talweg/descent/method.h"

namespace talweg {

/// Infinity where the cost has no curvature. For methods without such a limit gd's.
double largest_stable_rate(Optimizer optimizer, double largest_eigenvalue, double momentum);

/// The constant rate with the smallest asymptotic factor; for methods without a rate gd's.
double best_rate(Optimizer optimizer, double largest_eigenvalue, double smallest_eigenvalue, double momentum);

/// By what a mode with r = rate * eigenvalue shrinks (or grows) an epoch in the long run: the largest modulus
/// of the roots of its recurrence.
double mode_factor(Optimizer optimizer, double r, double momentum);

}  // namespace talweg
