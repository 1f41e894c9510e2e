// SPDX-License-Identifier: Apache-2.0
// A linear model whose cost goes over rows in memory: with a loss that does not fold, or with squared error
// where the table is wide (wide.h). One pass reads the rows and folds them beside it (for means, spreads and
// the audit; of a wide table nothing else), then the rows are standardised and the plan is made: method,
// rates (from the largest curvature of the loss and of the columns), start.
#pragma once

#include <memory>
#include <vector>

#include "talweg/model/problem.h"
#include "talweg/objective/linear_cost.h"

namespace talweg {

/// Up to which newton is the usual method: more would spend most of the time on the Hessian.
inline constexpr std::size_t kNewtonParameters = 500;

struct LossProblem {
  DenseRows rows;
  std::unique_ptr<LinearCost> cost;
  double first_width = 0;    ///< of a loss with a kink: where the smoothing begins; 0: not smoothed
  double constant_cost = 0;  ///< of a good constant prediction
};

/// Reads request.paths. Errors: of reading; a target outside the loss's domain (with the row), one class
/// only, counts that are all zero.
Result<Problem> make_loss_problem(const FitRequest& request);

/// Of squared error over a wide table: `data` are marginal, `rows` all of theirs as they were read. Errors:
/// one row with an intercept; a method that needs the products of all columns.
Result<Problem> make_wide_problem(FoldedData data, DenseRows rows, const FitRequest& request);

/// The loss of one row as text, y the target's name: `|y - f|`.
std::string loss_text(const LossSettings& loss, const std::string& y);
/// ", y = -1 or +1" or ", y = -1 for 'no' and +1 for 'yes'"; empty where there are no classes.
std::string labels_text(const Plan& plan);
/// A constant prediction that is about the best, from the target's mean.
double constant_prediction(CostKind loss, double mean);

}  // namespace talweg
