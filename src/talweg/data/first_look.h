// SPDX-License-Identifier: Apache-2.0
// The kinds of a table's columns without holding its first records. A column is numeric if more than half of
// the cells of the first kKindRows rows that are not missing are numbers: kKindRows / 2 + 1 numbers settle
// that, whatever follows them. Where the first records of a text are that plain in all columns, they need not
// be read one by one, and the whole table can go through the parallel pass from its first record on.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "talweg/data/cell.h"
#include "talweg/data/columns.h"

namespace talweg {

/// Records that settle the kind of a column that has a number in each.
inline constexpr std::size_t kSettlingRows = kKindRows / 2 + 1;

/// What the fields of a text look like.
struct TextShape {
  char delimiter = ',';
  char decimal = '.';
  std::size_t columns = 0;
};

/// Bytes that hold the first kSettlingRows records, going by the lines of `start`; 0 where it has none, or
/// where they would take more than is worth a look.
std::size_t bytes_of_settling_rows(std::string_view start);

/// Whether the first kSettlingRows records of `text`, which starts with one, have `shape.columns` fields each
/// and no quotes, and those at the positions `judged` (ascending) are plain decimals, none a word for a
/// missing cell. False says nothing about the kinds.
bool are_plainly_numeric(std::string_view text, const TextShape& shape, std::span<const std::size_t> judged,
                         const CellReader& cells);

}  // namespace talweg
