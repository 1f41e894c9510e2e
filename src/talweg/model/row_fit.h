// SPDX-License-Identifier: Apache-2.0
// Descent on a formula over rows in memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "talweg/model/fit.h"
#include "talweg/model/row_problem.h"

namespace talweg {

/// Runs the plan of a problem over rows; with restarts from several starts, the best run kept.
Result<Fit> fit_rows(Problem problem, const FitRequest& request);

/// Descends from `start` and from request.restarts random starts; the start of the run with the lowest cost
/// comes back. `valleys`: the ends, told apart by their cost.
std::vector<double> best_start(const FitRequest& request, const std::vector<double>& start,
                               const std::function<DescentResult(const std::vector<double>&)>& descend,
                               std::vector<Valley>& valleys, std::vector<std::string>& warnings);

}  // namespace talweg
