// SPDX-License-Identifier: Apache-2.0
// Folds that carry their indicators (levels of text columns, gaps of numeric ones), merged.
#pragma once

#include "talweg/objective/moments.h"

namespace talweg {

/// Adds the indicators of `right` to those of `left`.
void merge_levels(FoldedRows& left, const FoldedRows& right);

}  // namespace talweg
