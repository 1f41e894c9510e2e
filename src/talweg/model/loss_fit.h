// SPDX-License-Identifier: Apache-2.0
// Runs the plan of a linear model with a loss over rows in memory.
#pragma once

#include "talweg/model/fit.h"

namespace talweg {

Result<Fit> fit_loss(Problem problem, const FitRequest& request);

}  // namespace talweg
