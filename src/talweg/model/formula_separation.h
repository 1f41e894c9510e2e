// SPDX-License-Identifier: Apache-2.0
// Classes (or counts) for which a formula has no finite answer.
//
// A formula that is affine in its parameters, f = f_0(columns) + sum_j p_j g_j(columns), falls for ever along
// a direction d exactly where a linear model of the columns g_j does: what f_0 adds is bounded, whatever the
// length along d. So the g_j become the columns of such a model, it is descended, and separation.h looks for
// the direction and verifies it on every row; it is told by the texts of the g_j.
//
// Of a curved formula one thing can be seen: that where the descent ended every row lies on its class's side.
// Whether the formula can go further that way, its parameters decide; that is what the warning says.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "talweg/model/fit.h"
#include "talweg/model/row_problem.h"

namespace talweg {

/// The warning; absent where nothing is to be told. `parameters`: where the descent ended. The loss is
/// logistic or Poisson, without a penalty. Memory: a second copy of the formula's columns, where some row
/// looks told apart. Time: some passes over the rows.
std::optional<std::string> formula_separation(const RowProblem& rows, const Plan& plan,
                                              std::span<const double> parameters, unsigned threads);

}  // namespace talweg
