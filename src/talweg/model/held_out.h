// SPDX-License-Identifier: Apache-2.0
// The rows that a fit does not see, and what its parameters are worth there. What the training rows say of a
// column is used here too: gaps are filled with the training rows' mean. Costs are without penalty.
//
//   folded  from the held-out rows' moments, in O(d^2) double-double operations whatever their number: with
//           v = (parameters, -1) over the columns and the target,
//           mse = v'Cv/W + (intercept + sum_j v_j m_j)^2
//   rows    a pass over the held-out rows
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "talweg/model/formula_data.h"
#include "talweg/model/labels.h"
#include "talweg/model/problem.h"
#include "talweg/model/scores.h"

namespace talweg {

class HeldOut {
 public:
  virtual ~HeldOut() = default;
  /// The loss at parameters in the user's units, in the order of the plan. Not finite where a prediction is.
  [[nodiscard]] virtual double cost(std::span<const double> parameters) = 0;
  [[nodiscard]] virtual HeldOutScore score(std::span<const double> parameters) = 0;
  [[nodiscard]] virtual std::uint64_t rows() const = 0;
};

/// `problem`: of the training rows, folded; `part`: the fold of the others.
std::unique_ptr<HeldOut> hold_out_moments(const Problem& problem, const FoldedRows& part);

/// `problem`: a linear model of the training rows, over rows; `blocks`: the others, the target last.
/// `classes`: of a loss for two classes.
std::unique_ptr<HeldOut> hold_out_rows(const Problem& problem, const FitRequest& request,
                                       const std::vector<RowBlock>& blocks,
                                       const std::optional<Classes>& classes);

/// `data`: the rows that the formula's fit does not see.
std::unique_ptr<HeldOut> hold_out_formula(FormulaData data, const FitRequest& request,
                                          const std::optional<Classes>& classes);

}  // namespace talweg
