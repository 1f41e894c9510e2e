// SPDX-License-Identifier: Apache-2.0
// What can be proven of squared error over rows (a wide table, wide.h) without its factor, from the gradient
// g at the answer. H is the Hessian, D = diag(l2 q_j^2) the penalty's part of it, H - D positive
// semidefinite; the intercept, which has no penalty, is first put where it is lowest:
//   l2 > 0  cost - lowest <= g_0^2 / (2 H_00) + 1/2 sum_j (g_j - H_j0 g_0 / H_00)^2 / D_jj,
//           and l2/2 p_j^2 (u_j - optimum_j)^2 is no more than that either
//   l1 > 0  the duality gap (l1_cost.h)
//   neither, and no more rows than parameters: the cost itself, since squares are not negative
//   else    nothing: the smallest curvature is not known
// Rounding of g is bounded as in Higham, "Accuracy and Stability of Numerical Algorithms", 2002, chapter 3: a
// sum of m terms is off by at most m u / (1 - m u) of the sum of their sizes.
#pragma once

#include "talweg/model/fit.h"
#include "talweg/objective/l1_cost.h"
#include "talweg/objective/linear_cost.h"

namespace talweg {

/// H e_0 for the intercept, the last coordinate; empty without one.
std::vector<double> intercept_column(LinearCost& cost, bool intercept);

/// A bound that no point of a smooth loss with a penalty sum_j l_j |t_j| (and l2) is below: with the slopes
/// s_r at `at`, c_r in [0, 1] as in LinearCost::lower_bound, v = 1/W sum_r w_r c_r s_r z_r and, where there
/// is no l2, k = min(1, min_j l_j/|v_j|),
///   lowest >= 1/W sum_r w_r (k c_r (loss_r - f_r s_r) + (1 - k c_r) lowest loss of row r)
///             - sum_j max(|v_j| - l_j, 0)^2 / (2 l2 q_j^2)
/// `l1`: l_j per coordinate of the descent, 0 for the intercept and for constant columns.
LowerBound l1_lower_bound(LinearCost& cost, std::span<const double> l1, const Point& at);

/// Writes fit.certificate and, where there is none, the reason into fit.warnings. fit.parameters, fit.cost
/// and the penalties are known; `kinked`: of an l1 penalty.
void certify_rows(LinearCost& cost, L1Cost* kinked, bool intercept, Fit& fit);

}  // namespace talweg
