// SPDX-License-Identifier: Apache-2.0
// The first step of gradient descent in numbers, as one would do it by hand: every row while they are few,
// then the sums.
//
//   residual = f - y,  cost = k0 sum residual^2,  d cost/dp = k1 sum residual * df/dp,  p <- p - rate * d
//   cost/dp
//
// (k0, k1) is (1/n, 2/n) for mse, (1/(2n), 1/n) for half-mse, (1, 2) for sse. Of another loss the slope of
// the loss stands for the residual and the loss for its square, k0 = k1 = 1/n; labels are -1 and +1. Sums run
// in double-double, in row order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "talweg/formula/explain.h"
#include "talweg/model/request.h"

namespace talweg {

/// With more rows only the sums are shown.
inline constexpr std::uint64_t kStepRows = 20;

struct FirstStep {
  Formula formula;
  std::uint64_t rows = 0;
  std::vector<double> start;
  /// The columns of the table: those of the formula's right side, y, f, residual (slope), residual^2 (loss),
  /// and residual (slope) * df/dp for each parameter whose df/dp is not 1.
  std::vector<Expression> header;
  std::vector<std::vector<double>> table;  ///< row by row; empty for more than kStepRows rows
  double sum_squares = 0;                  ///< or of losses
  std::vector<double> sums;                ///< of residual * df/dp, by parameter
  double cost = 0;
  std::vector<double> gradient;
  std::optional<double> rate;
  std::vector<double> next;  ///< the parameters after the step; empty without a rate
  double next_cost = 0;
};

/// Reads request.paths for request.formula; starts at request.start_values, else at zeros where the formula
/// is linear in its parameters and at ones where it is not. Errors: those of reading, a start for a name that
/// is no parameter, a row of which the formula makes no finite number at the start.
Result<FirstStep> first_step(const FitRequest& request, LossKind cost);

}  // namespace talweg
