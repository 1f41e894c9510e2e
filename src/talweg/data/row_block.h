// SPDX-License-Identifier: Apache-2.0
// The unit in which rows travel from a table to an objective: at most kBlockRows rows, cut by global row
// number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "talweg/data/block_values.h"

namespace talweg {

/// Rows of one block; a power of two. Block k holds the rows with global numbers [k*kBlockRows,
/// (k+1)*kBlockRows). Every data record of the table has a number, in order, also one that is then left out
/// (bad, missing, weight 0), so the cut does not depend on options, on files or on threads.
inline constexpr std::size_t kBlockRows = 256;

/// The used rows of one block. Dense columns are the numeric features and the target (RowReader says which is
/// where); text cells and
/// gaps travel as sparse level numbers (see LevelTable): an indicator that is 1 in this row.
struct RowBlock {
  std::uint64_t number = 0;  ///< block number
  std::size_t rows = 0;      ///< rows used, at most kBlockRows
  std::size_t columns = 0;   ///< dense columns
  /// rows x columns, row-major, finite; a gap that will be filled with the mean holds 0
  BlockValues values;
  std::vector<double> values_low;     ///< what `values` lost to rounding (a computed feature is a pair high +
                                      ///< low); the same shape, or empty where nothing was lost
  std::vector<double> weights;        ///< one per row, > 0; empty where every weight is 1
  std::vector<std::uint32_t> levels;  ///< level numbers of all rows, row after row, ascending inside a row
  std::vector<std::uint32_t> level_end;  ///< per row: end of its levels in `levels`; empty if no row has any
  std::vector<std::uint8_t> offsets;     ///< per row of a table: its record's number less number * kBlockRows

  void clear(std::uint64_t block_number, std::size_t dense_columns) {
    number = block_number;
    rows = 0;
    columns = dense_columns;
    values.clear();
    values_low.clear();
    weights.clear();
    levels.clear();
    level_end.clear();
    offsets.clear();
  }
};

}  // namespace talweg
