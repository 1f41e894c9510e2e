// SPDX-License-Identifier: Apache-2.0
// A stretch of records of one file, taken apart on any thread before it is known where in the table it
// stands: record numbers, line numbers and level numbers count from the stretch's own start. BlockCutter puts
// stretches in their place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/base/uninitialised.h"
#include "talweg/data/level_table.h"
#include "talweg/data/row_block.h"

namespace talweg {

/// A level of a target that is text, at the first used row that has it; the line counts from the stretch's
/// start.
struct FoundClass {
  std::string text;
  double value = 0;
  std::string file;
  std::uint64_t line = 0;
};

struct ParsedRows {
  ParsedRows(std::size_t dense_columns, std::size_t features)
      : columns(dense_columns), levels_found(features), missing_cells(features + 1) {}

  std::size_t columns;             ///< dense ones: numeric features and the target
  std::uint64_t records = 0;       ///< data records, also those left out
  std::uint64_t first_record = 0;  ///< number of the first in the table; set by BlockCutter
  std::uint64_t lines = 0;         ///< line ends passed
  std::size_t rows = 0;            ///< used
  /// Number of each used row's record in the stretch; empty where every record is used.
  std::vector<std::uint32_t> record;
  std::vector<double> weights;               ///< one per row where there is a column of weights
  std::vector<std::uint32_t> levels;         ///< of all rows, row after row, by numbers of `levels_found`
  std::vector<std::uint32_t> level_end;      ///< per row: end of its levels; empty where there are none
  LevelTable levels_found;                   ///< in order of first appearance in used rows
  std::vector<std::uint32_t> level_numbers;  ///< number in the table of each level found; set by BlockCutter

  std::vector<FoundClass> classes;  ///< of the target, in order of first appearance: the first three

  std::uint64_t rejected = 0;                ///< bad records left out
  std::uint64_t missing = 0;                 ///< left out for want of a cell
  std::uint64_t weightless = 0;              ///< left out for a weight of 0
  std::vector<std::uint64_t> missing_cells;  ///< per feature, then of the target; in records that are not bad
  GapSets gap_sets;                          ///< of the rows counted in `missing`
  std::optional<Error> first_rejected;       ///< its line counts from the stretch's start
  std::string rejects;                       ///< the text of the rejected records, for the file of rejects
  std::optional<Error> failed;               ///< what ended the stretch, after the rows above; line as above
  std::thread::id filled_by;                 ///< set by ParsedRowsPool

  /// Makes room for the values of `more` rows more.
  void make_room(std::size_t more = 1) {
    const std::size_t needed = (rows + more + 2 * kMarginRows) * columns;
    if (values_.size() < needed) values_.resize(std::max(needed, values_.size() + values_.size() / 2));
  }
  /// The values of a row and of those behind it, row-major, no -0; a gap holds 0.
  [[nodiscard]] double* row(std::size_t k) { return values_.data() + (kMarginRows + k) * columns; }
  [[nodiscard]] const double* row(std::size_t k) const {
    return values_.data() + (kMarginRows + k) * columns;
  }
  /// Room for this many rows before the first and behind the last one. A block that begins in one stretch and
  /// ends in the next is put together there: each margin is written by the one block that lies across it.
  static constexpr std::size_t kMarginRows = kBlockRows / 2;
  [[nodiscard]] double* margin_before(std::size_t count) const {
    return values_.data() + (kMarginRows - count) * columns;
  }
  [[nodiscard]] double* margin_behind() const { return values_.data() + (kMarginRows + rows) * columns; }
  [[nodiscard]] std::size_t record_of(std::size_t row) const { return record.empty() ? row : record[row]; }
  [[nodiscard]] std::size_t levels_before(std::size_t row) const {
    return level_end.empty() || row == 0 ? 0 : level_end[row - 1];
  }
  /// The next records are used, `count` rows whose values, weights and levels are there. Where rows have
  /// levels they are added one by one.
  void add_used(std::size_t count = 1) {
    if (rows != records) {
      if (record.size() < rows) {
        record.resize(rows);
        std::iota(record.begin(), record.end(), 0U);
      }
      for (std::size_t k = 0; k < count; ++k) record.push_back(static_cast<std::uint32_t>(records + k));
    }
    if (!levels.empty()) {
      level_end.resize(rows, 0);
      level_end.resize(rows + count, static_cast<std::uint32_t>(levels.size()));
    }
    rows += count;
    records += count;
  }
  /// As new, with its memory.
  void clear() {
    records = first_record = lines = rejected = missing = weightless = 0;
    rows = 0;
    record.clear();
    weights.clear();
    levels.clear();
    level_end.clear();
    levels_found.clear();
    level_numbers.clear();
    classes.clear();
    std::fill(missing_cells.begin(), missing_cells.end(), 0);
    gap_sets = {};
    first_rejected.reset();
    failed.reset();
    rejects.clear();
  }

 private:
  mutable UninitialisedVector<double> values_;  // margin, rows x columns, margin; may be longer
};

/// Stretches that come back when they are no longer used, on any thread: their memory is large.
class ParsedRowsPool : public std::enable_shared_from_this<ParsedRowsPool> {
 public:
  ParsedRowsPool(std::size_t dense_columns, std::size_t features)
      : dense_columns_(dense_columns), features_(features) {}

  std::shared_ptr<ParsedRows> take() {
    std::unique_ptr<ParsedRows> rows;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_.empty()) {
        // The last one that this thread filled, if it is there: its memory is in this core's cache.
        const auto own = std::find_if(idle_.rbegin(), idle_.rend(), [](const auto& one) {
          return one->filled_by == std::this_thread::get_id();
        });
        if (own != idle_.rend()) std::swap(*own, idle_.back());
        rows = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!rows) rows = std::make_unique<ParsedRows>(dense_columns_, features_);
    rows->filled_by = std::this_thread::get_id();
    return {rows.release(), [pool = shared_from_this()](ParsedRows* used) { pool->give_back(used); }};
  }

 private:
  void give_back(ParsedRows* used) {
    std::unique_ptr<ParsedRows> rows(used);
    rows->clear();
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(rows));
  }

  std::size_t dense_columns_;
  std::size_t features_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ParsedRows>> idle_;
};

}  // namespace talweg
