// SPDX-License-Identifier: Apache-2.0
// The rows that pictures show of a formula over rows in memory (RowView of model/replay.h): a sample of the
// stored rows by the hash of their numbers, the formula's values for them, and, where the formula uses one
// column, its curve at the recorded epochs.
#pragma once

#include <vector>

#include "talweg/descent/trace.h"
#include "talweg/model/replay.h"
#include "talweg/model/row_problem.h"

namespace talweg {

RowView view_stored_rows(const RowProblem& problem, CostKind cost, const std::vector<double>& parameters,
                         const Trace& trace, std::size_t most_rows);

}  // namespace talweg
