// SPDX-License-Identifier: Apache-2.0
// A formula with another loss than squared error, over rows in memory: what the formula gives is f of the
// loss (logistic: the log odds; poisson: the logarithm of the mean). Newton's method with the Gauss-Newton
// curvature, which is the whole curvature where the formula is affine in its parameters; a loss with a kink
// is descended on smoothed, over a width that shrinks.
#pragma once

#include "talweg/model/fit.h"
#include "talweg/model/formula_data.h"
#include "talweg/model/labels.h"

namespace talweg {

/// Errors: those of make_row_problem; a target outside the loss's domain, with its row (labels.h).
Result<Problem> make_formula_loss_problem(FormulaData data, const FitRequest& request);

/// Labels become -1 and +1; absent where the loss asks nothing of its targets. Errors: a target outside the
/// loss's domain, with its row.
Result<std::optional<Classes>> take_loss_targets(FormulaData& data, const FitRequest& request);

/// problem.rows is there, with losses.
Result<Fit> fit_formula_loss(Problem problem, const FitRequest& request);

}  // namespace talweg
