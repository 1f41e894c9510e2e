// SPDX-License-Identifier: Apache-2.0
// Descent on a formula over rows in memory.
#pragma once

#include "talweg/model/fit.h"
#include "talweg/model/row_problem.h"

namespace talweg {

/// Runs the plan of a problem over rows; with restarts from several starts, the best run kept.
Result<Fit> fit_rows(Problem problem, const FitRequest& request);

}  // namespace talweg
