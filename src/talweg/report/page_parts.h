// SPDX-License-Identifier: Apache-2.0
// Parts of the page's JSON block that only some fits have: the landscape of a cost without a replay, the
// steps within epochs, rows held out. Each is null where the fit has none.
#pragma once

#include <nlohmann/json.hpp>

#include "talweg/model/fit.h"

namespace talweg {

nlohmann::ordered_json page_landscape(const Fit& fit);
/// `shown`: the parameters whose path the page shows.
nlohmann::ordered_json page_steps(const Fit& fit, const std::vector<std::size_t>& shown);
/// Of --validation; of --folds.
nlohmann::ordered_json page_validation(const Fit& fit);
nlohmann::ordered_json page_folds(const Fit& fit);

}  // namespace talweg
