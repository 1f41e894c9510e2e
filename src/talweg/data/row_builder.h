// SPDX-License-Identifier: Apache-2.0
// One record of a table -> one row of a stretch, or the reason why it is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/cell.h"
#include "talweg/data/columns.h"
#include "talweg/data/parsed_rows.h"
#include "talweg/data/table.h"

namespace talweg {

/// Where the columns in use stand in the table, with their kinds.
struct RowLayout {
  std::vector<std::size_t> features;
  std::vector<ColumnKind> kinds;  ///< of the features
  std::optional<std::size_t> target;
  std::optional<std::size_t> weights;
  std::string weights_name;
};

/// Everything that turns a record into a row; the same for the whole table, shared by threads.
struct RowPlan {
  RowLayout layout;
  std::vector<ColumnInfo> features;
  ColumnInfo target;
  MissingPolicy missing = MissingPolicy::error;
  BadRowPolicy bad_rows = BadRowPolicy::error;
  bool keep_rejects = false;  ///< the text of bad records is wanted
  CellReader cells;
  std::size_t dense_columns = 1;  ///< numeric features and the target, where there is one
  /// Per feature, then for the target: its place among the dense columns (text columns have none).
  std::vector<std::size_t> places = {};
  bool has_text = false;
  bool text_target = false;  ///< the target's levels are classes
  bool refuse_names_of_rows = true;
  std::uint64_t first_record = 0;
  std::vector<std::pair<std::size_t, std::string>> first_levels =
      {};  ///< (feature, level), see ColumnRequest
};

RowPlan make_row_plan(RowLayout layout, std::vector<ColumnInfo> features, ColumnInfo target,
                      const ColumnRequest& request, CellReader cells);

class RowBuilder {
 public:
  /// `plan` must outlive the builder.
  explicit RowBuilder(const RowPlan& plan) : plan_(plan) {}

  /// Takes one record: appends its row to `rows`, or counts why it is left out. False if it ends the reading:
  /// rows.failed then says why (a bad record or a missing cell where the policy allows none).
  bool take(const TableRecord& record, ParsedRows& rows);

 private:
  enum class CellState { number, missing, bad };

  CellState read_number(const TableRecord& record, std::size_t position, double& value);
  std::string_view text_of(const TableRecord& record, std::size_t position);
  bool is_missing(const TableRecord& record, std::size_t position) const;
  bool copy_finite(const TableRecord& record, double* values) const;
  bool read_cells(const TableRecord& record, double* values);
  bool reject(const TableRecord& record, ParsedRows& rows);
  [[nodiscard]] Error missing_error(const TableRecord& record) const;
  void use(const TableRecord& record, ParsedRows& rows);
  void add_class(const TableRecord& record, ParsedRows& rows);
  void add_levels(const TableRecord& record, ParsedRows& rows);
  [[nodiscard]] const std::string& name_of(std::size_t index) const;
  void say_bad(const TableRecord& record, std::size_t index, Error error);

  const RowPlan& plan_;

  // Of the record being taken. Columns are counted as features, then the target, then the weights.
  std::vector<std::size_t> missing_;  // columns, ascending
  double weight_ = 1;
  std::string_view class_;  // of a target that is text
  Error bad_;
  std::string number_text_;
};

/// What stands for a level of the target: a whole number of 48 bits, by the level's bytes alone.
double class_value(std::string_view text);

/// The text of a record as the file of rejects shows it, with a line end.
void append_reject(const TableRecord& record, std::string& text);

}  // namespace talweg
