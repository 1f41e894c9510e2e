// SPDX-License-Identifier: Apache-2.0
// From a folded table to what one fit needs of its data: the target and the features are chosen, everything
// else is left out, as if the table had been folded for that fit alone.
#pragma once

#include <string>

#include "talweg/model/fold_data.h"
#include "talweg/model/folded_table.h"
#include "talweg/model/request.h"

namespace talweg {

/// With a target and features chosen: what a fit of `request` needs. Errors: a column that is not there or of
/// the other kind; options on reading that the fold has settled otherwise; a target with gaps; a text column
/// that looks like a name for the rows.
Result<FoldedData> choose_columns(FoldedTable table, const FitRequest& request, const std::string& name);

/// The same for a formula that is linear in its parameters and takes columns as they are, `y = a*x + b*z +
/// c`.
Result<FoldedData> choose_formula(FoldedTable table, const FitRequest& request, const std::string& name);

}  // namespace talweg
