// SPDX-License-Identifier: Apache-2.0
// The part of a fold that belongs to indicators: the levels of text columns and the gaps of numeric ones.
#pragma once

#include "talweg/objective/moments.h"

namespace talweg {

/// Adds the indicators of the block's rows to its fold.
void fold_levels(const RowBlock& block, FoldedRows& out);

/// Adds the indicators of `right` to those of `left`.
void merge_levels(FoldedRows& left, const FoldedRows& right);

}  // namespace talweg
