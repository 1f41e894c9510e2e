// SPDX-License-Identifier: Apache-2.0
// The cost by epoch as a few lines of bars, for a terminal: cost - lowest cost where the lowest is known, on
// a logarithmic axis; differences lost in the last digit of the cost are no bars.
#pragma once

#include <string>

#include "talweg/model/fit.h"
#include "talweg/report/style.h"

namespace talweg {

/// Empty where there are fewer than two epochs or nothing to show.
std::string cost_curve(const Fit& fit, const Style& style);

}  // namespace talweg
