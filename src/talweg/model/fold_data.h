// SPDX-License-Identifier: Apache-2.0
// Rows -> fold, on several threads, with the same bits for any number of them: blocks are read in order,
// folded apart and gathered in order in the aligned tree.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/base/stop.h"
#include "talweg/data/fingerprint.h"
#include "talweg/data/row_parts.h"
#include "talweg/data/row_reader.h"
#include "talweg/model/row_sample.h"
#include "talweg/model/wide.h"
#include "talweg/objective/indicator_sums.h"
#include "talweg/objective/moments.h"

namespace talweg {

struct BoundFormula;

/// Everything that a fit needs of its data.
struct FoldedData {
  FoldedRows folded;              ///< of a wide table (WideTable) marginal
  std::vector<RowBlock> held;     ///< of WideTable::held, target last
  std::vector<FoldedRows> parts;  ///< of FoldOptions::parts, each by itself; `folded` is their merge
  std::vector<ColumnInfo> features;
  ColumnInfo target;
  std::vector<TargetClass> target_classes;  ///< see RowReader
  std::vector<std::string> dense_names;     ///< of the columns of `folded`
  /// Per feature (text columns have none), then for the target: its place among the columns of `folded`.
  std::vector<std::size_t> places;
  std::vector<Level> levels;
  IngestAudit audit;
  std::string fingerprint;
  MissingPolicy missing = MissingPolicy::error;
  /// Where the columns folded are what a formula's parameters multiply, then its left side less the offset;
  /// else null.
  std::shared_ptr<const BoundFormula> formula;
  std::vector<std::string> missing_words = kMissingWords;
  BadRowPolicy bad_rows = BadRowPolicy::error;
  std::vector<std::string> warnings;
  std::string weights;             ///< name of the column of weights, empty: none
  std::vector<SampledRow> sample;  ///< rows for pictures, where some were asked for
  double seconds_reading = 0;      ///< the reader's share of the pass
  double seconds_folding = 0;      ///< the rest of it
};

/// A table that has been read, target last; to be folded again, or a selection of its rows.
struct KeptTable {
  FoldedData data;
  std::vector<RowBlock> blocks;
};

/// What becomes of a table that is wide (wide.h).
enum class WideTable {
  folded,    ///< it is folded like any other
  held,      ///< its rows are held, as many as may be, and only means and squares are folded
  marginal,  ///< the same of any number of rows, which FoldOptions::keep takes
};

struct FoldOptions {
  unsigned threads = 0;
  const StopFlag* stop = nullptr;
  std::function<void(std::uint64_t records)> progress;
  std::size_t sample_rows = 0;  ///< rows kept for pictures at most
  bool keep_rows = false;       ///< a formula's rows are kept even where they could be folded
  std::function<void(const RowBlock&)> keep = {};  ///< sees every block of a table, in order; of a
                                                   ///< formula that folds, of what its parameters multiply
  BulkArithmetic bulk = BulkArithmetic::plain;     ///< of the rows beyond the first ones
  std::optional<RowParts> parts = {};              ///< fold each part of the rows by itself
  WideTable wide = WideTable::folded;
  std::uint64_t most_cells = kMostCells;  ///< of WideTable::held; the answer depends on it
  const KeptTable* kept = nullptr;        ///< instead of reading
  RowSelection selection = {};            ///< of the rows kept
};

/// What is wrong with sums of squares that leave the range of a double, or of which a double-double has no
/// room for the low part; absent where nothing is.
std::optional<Error> out_of_range(const FoldedRows& folded, const std::vector<std::string>& dense_names);
std::optional<Error> out_of_range(const IndicatorSums& sums, const std::vector<std::string>& dense_names);

/// The folds of each part of the rows of some blocks; see fold_blocks. Their indicators are added to
/// `indicators`, one a part, unless that is empty.
std::vector<std::vector<FoldedPart>> fold_apart(std::span<const RowBlock> blocks, std::uint64_t first_block,
                                                std::uint64_t end_block, const RowParts& parts,
                                                FoldArithmetic arithmetic,
                                                std::span<IndicatorSums> indicators = {});
/// Adds them to the trees of the parts.
void gather_apart(std::vector<std::vector<FoldedPart>>& folds, std::vector<FoldTree>& trees);

/// A table or a part of one, folded; see FoldedData.
struct FoldedParts {
  std::vector<RowBlock> held;          ///< of FoldOptions::wide; `parts` are marginal then
  std::vector<FoldedPart> parts;       ///< complete nodes in order (FoldTree::take_parts)
  IndicatorSums indicators;            ///< of all rows; `parts` have none
  std::vector<FoldedRows> held_apart;  ///< of FoldOptions::parts; `parts` is empty then
  std::vector<ColumnInfo> features;
  ColumnInfo target;
  std::vector<TargetClass> target_classes;
  std::vector<std::string> dense_names;
  std::vector<std::size_t> places;
  std::vector<Level> levels;
  TableHash hash;
  IngestAudit audit;
  std::string fingerprint;
  std::vector<SampledRow> sample;
  double seconds_reading = 0;
  double seconds_folding = 0;
};

/// One pass over the table. Errors: those of RowReader and of out_of_range; no column of numbers.
Result<FoldedParts> fold_parts(const std::vector<std::string>& paths, const TableOptions& table,
                               const ColumnRequest& columns, const FoldOptions& options);

Result<FoldedData> fold_table(const std::vector<std::string>& paths, const TableOptions& table,
                              const ColumnRequest& columns, const FoldOptions& options);

/// Numbers in memory, not copied as a whole. `at(row, column)` of an array is data[row * row_stride + column
/// * column_stride], so row- and column-major arrays and parts of them fit alike.
struct ArrayView {
  const double* doubles =
      nullptr;  ///< exactly one of the two is set, unless the data are too short for the view
  const float* floats = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t column_stride = 1;

  [[nodiscard]] double at(std::size_t row, std::size_t column) const {
    const auto offset =
        static_cast<std::ptrdiff_t>(row) * row_stride + static_cast<std::ptrdiff_t>(column) * column_stride;
    return doubles != nullptr ? doubles[offset] : static_cast<double>(floats[offset]);
  }
};

/// An error unless the view has data for its rows and columns.
Result<void> check_view(const ArrayView& view, const char* name);

/// Features, target (one column) and, where given (rows > 0), weights (one column). NaN is a missing value
/// and an error; so are infinities and negative weights. Empty `names`: x1, x2, ...
Result<FoldedData> fold_arrays(const ArrayView& features, const ArrayView& target, const ArrayView& weights,
                               const std::vector<std::string>& names, const std::string& target_name,
                               const FoldOptions& options);

}  // namespace talweg
