// SPDX-License-Identifier: Apache-2.0
// Results as JSON for scripts. Keys are a contract; what does not exist is null, never NaN or infinity.
#pragma once

#include <string>

#include "talweg/model/fit.h"
#include "talweg/model/predict.h"
#include "talweg/report/text.h"

namespace talweg {

/// With `epochs` the ingest audit and the epoch table are added (keys `audit`, `epoch_table`).
std::string fit_json(const Fit& fit, const EpochTable* epochs);
/// The same keys, as far as they are known before the first step; with `audit` the ingest audit too.
std::string forecast_json(const Problem& problem, bool audit);
std::string evaluation_json(const Evaluation& evaluation);

}  // namespace talweg
