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

/// Writes fit.certificate and, where there is none, the reason into fit.warnings. fit.parameters, fit.cost
/// and the penalties are known; `kinked`: of an l1 penalty.
void certify_rows(LinearCost& cost, L1Cost* kinked, bool intercept, Fit& fit);

}  // namespace talweg
