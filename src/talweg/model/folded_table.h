// SPDX-License-Identifier: Apache-2.0
// A table, or a part of one, folded before anybody has said what is to be predicted: all columns alike. What
// `talweg fold` makes, a moments file holds and `talweg merge` puts together; with a target chosen it is what
// a fit needs of its data.
//
// Parts that know their place (`first_row`, a multiple of kBlockRows) carry the folds of their complete
// aligned nodes (objective/moments.h; what belongs to levels is an exact sum beside them), so that putting
// them together in the order of the rows gives the very bits of the whole. Parts that do not are merged as
// they are: the moments then agree with those of the whole to the rounding of the fold, far below 1e-13 of
// the columns' spreads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "talweg/data/fingerprint.h"
#include "talweg/model/fold_data.h"
#include "talweg/model/request.h"

namespace talweg {

struct FoldedTable {
  std::vector<ColumnInfo> columns;  ///< in the order of the table; those in use, without the weights
  std::string weights;              ///< name of the column of weights; empty: none
  std::vector<Level> levels;        ///< Level::column is an index into `columns`
  std::vector<FoldedPart> parts;    ///< complete nodes in order; dense columns: the numeric ones of `columns`
  IndicatorSums indicators;         ///< of all rows; `parts` have none
  TableHash hash;
  IngestAudit audit;
  MissingPolicy missing = MissingPolicy::error;
  std::vector<std::string> missing_words = kMissingWords;
  BadRowPolicy bad_rows = BadRowPolicy::error;
  std::uint64_t first_row = 0;
  bool placed = false;     ///< its place was told; else row 0 is assumed
  bool exact = true;       ///< the bits of one pass; false once parts without a place were merged
  std::string written_by;  ///< version of the program

  [[nodiscard]] std::size_t dense_columns() const;
  [[nodiscard]] std::uint64_t end_row() const { return first_row + audit.records; }
  /// All its rows.
  [[nodiscard]] FoldedRows total() const;
  /// The largest bound on the errors of its products (objective/moments.h).
  [[nodiscard]] double error() const;
};

/// One pass over a table. `columns` has no target. Errors: those of the pass; a first row that is no multiple
/// of kBlockRows (usage); no column of numbers.
Result<FoldedTable> fold_whole_table(const std::vector<std::string>& paths, const TableOptions& table,
                                     ColumnRequest columns, std::optional<std::uint64_t> first_row,
                                     const FoldOptions& options);

/// The error of a first row that is no multiple of the block length.
Result<void> check_first_row(std::uint64_t first_row);

/// A part and what it is called in messages.
struct NamedTable {
  std::string name;
  FoldedTable table;
};

/// Puts parts together: placed ones in the order of their rows, others in the order given. Errors: no part;
/// other columns, kinds, weights or rules for missing cells; placed parts that overlap or leave a gap; a
/// mixture of placed parts and others.
Result<FoldedTable> merge_tables(std::vector<NamedTable> parts);

/// What messages about folded tables share: the words for a policy and a kind, an error of a file.
std::string_view missing_name(MissingPolicy policy);
std::string_view folded_kind_name(ColumnKind kind);
Error moments_error(const std::string& name, std::string what, std::string remedy, std::string column = {});

}  // namespace talweg
