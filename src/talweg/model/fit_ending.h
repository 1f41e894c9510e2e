// SPDX-License-Identifier: Apache-2.0
// What every Fit over rows says at its end, whatever its cost.
#pragma once

#include <chrono>
#include <string>

#include "talweg/model/fit.h"

namespace talweg {

/// How the descent ended and what it reached; the parameters are left to the cost, which knows their units,
/// and the evaluations to those who count passes.
void take_ending(const DescentResult& result, Fit& fit);

/// "diverged in epoch 3: the cost went from 2 to 4e9 (limit 2e6). ..., the lowest cost, 2.": `between` is
/// what the cost has to say of the rate, and the remedy.
std::string divergence_text(const DescentResult& result, const std::string& between);

/// Warns where a limit of epochs or seconds ended the run before its tolerance.
void warn_of_early_end(Fit& fit);

/// Seconds of the Fit; `began`: when the descent did.
void take_seconds(const FoldedData& data, std::chrono::steady_clock::time_point began, Fit& fit);

}  // namespace talweg
