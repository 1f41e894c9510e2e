// SPDX-License-Identifier: Apache-2.0
// A moments file in words and as JSON: what it holds, of which rows, and what it can be merged with.
#pragma once

#include <string>

#include "talweg/model/folded_table.h"
#include "talweg/report/style.h"

namespace talweg {

/// Readable.
std::string moments_text(const FoldedTable& table, const Style& style);

/// Keys as those of a fit where they are the same thing: `rows`, `rows_rejected`, `rows_missing`,
/// `rows_weightless`, `columns {name: kind}`; and `records`, `first_row`, `next_row`, `block_rows`, `placed`,
/// `exact`, `missing`, `weights`, `levels {name: [level, ..]}`, `missing_cells {name: count}`, `means`,
/// `standard_deviations` (null for text), `constant [..]`, `unused [..]`, `fingerprint`, `written_by`.
std::string moments_json(const FoldedTable& table);

/// A few lines for the command that has just written it.
std::string moments_summary(const FoldedTable& table);

}  // namespace talweg
