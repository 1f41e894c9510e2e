// SPDX-License-Identifier: Apache-2.0
// The rows for stochastic and mini-batch descent, in the coordinates of the cost that the run minimises: of a
// linear model, or of a formula. Squared error keeps its fold beside the rows: cost, gap, closed form and
// certificate come from the moments, the steps from the rows.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "talweg/descent/batch_walk.h"
#include "talweg/model/problem.h"
#include "talweg/model/row_problem.h"
#include "talweg/objective/linear_batches.h"
#include "talweg/objective/linear_cost.h"

namespace talweg {

struct BatchRows {
  std::unique_ptr<BatchCost> cost;
  LinearBatches* linear = nullptr;  ///< the cost, of a linear model
  BatchSettings settings;
};

/// Takes the blocks of a table while it is folded (FoldOptions::keep).
class RowKeeper {
 public:
  /// As request.storage says.
  explicit RowKeeper(const FitRequest& request) : type_(request.storage) {}
  /// On `threads` threads, where the columns are many.
  void add(const RowBlock& block, unsigned threads = 1);
  /// All rows, finished.
  DenseRows finish();

 private:
  CellType type_;
  DenseRows rows_ = DenseRows(0);
  bool begun_ = false;
};

/// Of a squared error with steps after batches: `data` folded from `rows`.
Result<Problem> make_batch_problem(FoldedData data, DenseRows rows, const FitRequest& request);

/// `rows`: as they were read. The problem's cost is folded. Gaps are filled here.
Result<std::shared_ptr<BatchRows>> make_folded_batches(const Problem& problem, DenseRows& rows,
                                                       const FitRequest& request);

/// What terms that do not move add to every prediction of a LinearCost that starts at `start`.
double offset_of(const std::vector<LinearTerm>& terms, std::span<const double> start);

/// Tells the plan how the cells of its rows are kept and, of floats, what that means for the answer, with the
/// largest error of a cell beside its column's standard deviation. `rows`: gaps filled; `spreads`: per
/// parameter but the intercept.
void tell_storage(const DenseRows& rows, std::span<const double> spreads, Problem& problem);

/// `rows`: gaps filled, doubles not standardised yet. `terms`, `start`: of the LinearCost (start: user's
/// units).
Result<std::shared_ptr<BatchRows>> make_row_batches(const DenseRows& rows,
                                                    const std::vector<LinearTerm>& terms,
                                                    const LinearCostSettings& settings,
                                                    std::span<const double> start, const FitRequest& request);

/// Of a formula over rows in memory, which live as long: the problem's own.
Result<std::shared_ptr<BatchRows>> make_formula_batches(const RowProblem& rows, const LossSettings& loss,
                                                        const FitRequest& request);

}  // namespace talweg
