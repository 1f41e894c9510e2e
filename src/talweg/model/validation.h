// SPDX-License-Identifier: Apache-2.0
// Fits judged by rows that they have not seen: a share held out (--validation), or each of K parts in turn
// (--folds). Which row belongs to which part: data/row_parts.h.
//
// Squared error is read once: each part is folded by itself, a training set is the merge of the moments of
// the others (nothing is subtracted), and a held-out part judges by its own moments (held_out.h). Other costs
// keep the rows in memory; their training set is a copy of the rows chosen. Whatever is learnt from columns,
// the means that fill gaps, the means and deviations of --scale and --penalty-scale, the levels that have a
// row, is learnt from the training rows; which levels there are, and so the parameters, from all rows: a
// level that no training row has keeps its start value.
#pragma once

#include "talweg/model/fit.h"

namespace talweg {

/// A fit of the training rows with the held-out part's cost in every epoch (request.validation); or one fit
/// for each fold, judged by it, then the fit of all rows (request.folds). Errors: those of fit(); a part
/// without rows; moments instead of rows.
Result<Fit> fit_validated(const FitRequest& request);

}  // namespace talweg
