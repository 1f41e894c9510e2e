// SPDX-License-Identifier: Apache-2.0
// A stretch of records of one file, taken apart on any thread before it is known where in the table it
// stands: record numbers, line numbers and level numbers count from the stretch's own start. BlockCutter puts
// stretches in their place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/level_table.h"

namespace talweg {

/// Numbers that are not set to zero before they are written.
template <class T>
struct UninitialisedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitialisedAllocator<U>;
  };
  template <class U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
  }
};

struct ParsedRows {
  ParsedRows(std::size_t dense_columns, std::size_t features)
      : columns(dense_columns), levels_found(features), missing_cells(features + 1) {}

  std::size_t columns;                ///< dense ones: numeric features, then the target
  std::uint64_t records = 0;          ///< data records, also those left out
  std::uint64_t first_record = 0;     ///< number of the first in the table; set by BlockCutter
  std::uint64_t lines = 0;            ///< line ends passed
  std::size_t rows = 0;               ///< used
  std::vector<std::uint32_t> record;  ///< number of each used row's record in the stretch
  std::vector<double, UninitialisedAllocator<double>>
      values;                         ///< rows x columns, row-major; a gap holds 0; may be longer than that
  std::vector<double> weights;        ///< one per row where there is a column of weights
  std::vector<std::uint32_t> levels;  ///< of all rows, row after row, by numbers of `levels_found`
  std::vector<std::uint32_t> level_end;      ///< per row: end of its levels
  LevelTable levels_found;                   ///< in order of first appearance in used rows
  std::vector<std::uint32_t> level_numbers;  ///< number in the table of each level found; set by BlockCutter

  std::uint64_t rejected = 0;                ///< bad records left out
  std::uint64_t missing = 0;                 ///< left out for want of a cell
  std::uint64_t weightless = 0;              ///< left out for a weight of 0
  std::vector<std::uint64_t> missing_cells;  ///< per feature, then of the target; in records that are not bad
  std::optional<Error> first_rejected;       ///< its line counts from the stretch's start
  std::string rejects;                       ///< the text of the rejected records, for the file of rejects
  std::optional<Error> failed;               ///< what ended the stretch, after the rows above; line as above

  /// Makes `values` long enough for `more` rows more.
  void make_room(std::size_t more = 1) {
    const std::size_t needed = (rows + more) * columns;
    if (values.size() < needed) values.resize(std::max(needed, values.size() + values.size() / 2));
  }
};

}  // namespace talweg
