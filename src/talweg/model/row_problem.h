// SPDX-License-Identifier: Apache-2.0
// A formula that is not affine in its parameters, over rows in memory: the cost, the local curvature at the
// start, the plan. Such a cost has no global limit of the learning rate, no closed form and no certificate;
// what is known is known at a point: the Gauss-Newton Hessian 2c J'J there, its eigenvalues L and m, the
// local stable rate 2/L.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "talweg/model/formula_model.h"
#include "talweg/model/plan.h"
#include "talweg/model/problem.h"
#include "talweg/objective/row_cost.h"
#include "talweg/objective/row_squares.h"

namespace talweg {

/// The rows, the model and the cost over them, at one place: of squared error, or of another loss.
struct RowProblem {
  RowProblem(FormulaData data, RowSquaresSettings settings);
  RowProblem(FormulaData data, RowCostSettings settings);

  std::shared_ptr<const BoundFormula> formula;
  RowStore store;
  std::vector<std::size_t> stored;
  RowRecords records;
  FormulaModel model;
  std::unique_ptr<RowSquares> squares;
  std::unique_ptr<RowCost> losses;
  double first_width = 0;    ///< of a loss with a kink: where the smoothing begins; 0: not smoothed
  double constant_cost = 0;  ///< of a good constant prediction; of another loss

  /// Why the cost or its derivatives are not finite at `parameters`: the first row, what is wrong there.
  /// Absent where all are.
  [[nodiscard]] std::optional<Error> why_not_finite(const FitRequest& request,
                                                    std::span<const double> parameters) const;
};

/// Rates from the Gauss-Newton Hessian at a point; absent where it has no curvature or is not finite.
std::optional<LocalRates> local_rates(ResidualObjective& cost, std::span<const double> parameters);

/// Errors: an unknown name in the start; a start where the formula is not finite (with file and row).
Result<Problem> make_row_problem(FormulaData data, const FitRequest& request);

/// Method, rate, batches, epochs and tolerance of a cost over a formula's rows (choose_method in plan.h).
void choose_row_method(const FitRequest& request, UsualMethod usual, Plan& plan);

/// start_values, or standard normal ones where they are to be random.
Result<std::vector<double>> formula_start(const FitRequest& request, const std::vector<Parameter>& parameters,
                                          double fallback);

/// Start values of the given parameters: `start`, where it names values others are `fallback`. Errors: a name
/// that is none of `parameters`.
Result<std::vector<double>> start_values(const FitRequest& request, const std::vector<Parameter>& parameters,
                                         double fallback);

}  // namespace talweg
