// SPDX-License-Identifier: Apache-2.0
// One record of a table -> one row of a block, or the reason why it is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/cell.h"
#include "talweg/data/fingerprint.h"
#include "talweg/data/level_table.h"
#include "talweg/data/row_block.h"
#include "talweg/data/row_reader.h"
#include "talweg/data/table.h"

namespace talweg {

/// Where the columns in use stand in the table, with their kinds.
struct RowLayout {
  std::vector<std::size_t> features;
  std::vector<ColumnKind> kinds;  ///< of the features
  std::size_t target = 0;
  std::optional<std::size_t> weights;
  std::string weights_name;
};

class RowBuilder {
 public:
  enum class Outcome { used, bad, missing, weightless };

  RowBuilder(RowLayout layout, std::vector<ColumnInfo> features, ColumnInfo target, MissingPolicy missing,
             CellReader cells);

  /// Appends the record's row to the block, if it is used. Errors: a missing cell where the policy allows
  /// none, more features than kMostFeatures.
  Result<Outcome> take(const TableRecord& record, RowBlock& block);
  /// What is wrong with the record for which take() said `bad`.
  [[nodiscard]] const Error& bad() const { return bad_; }

  [[nodiscard]] std::size_t dense_columns() const { return dense_; }
  [[nodiscard]] const std::vector<ColumnInfo>& features() const { return features_; }
  [[nodiscard]] const ColumnInfo& target() const { return target_; }
  [[nodiscard]] const LevelTable& levels() const { return levels_; }
  [[nodiscard]] const Fingerprint& fingerprint() const { return fingerprint_; }
  /// Sets the count of levels of every text column.
  void count_levels();

 private:
  enum class CellState { number, missing, bad };

  CellState read_number(const TableRecord& record, std::size_t position, double& value);
  std::string_view text_of(const TableRecord& record, std::size_t position);
  bool is_missing(const TableRecord& record, std::size_t position) const;
  bool read_cells(const TableRecord& record, double* values);
  [[nodiscard]] Error missing_error(const TableRecord& record) const;
  void use(const TableRecord& record, RowBlock& block);
  void add_levels(const TableRecord& record, RowBlock& block);
  [[nodiscard]] Error too_many_features() const;
  [[nodiscard]] const std::string& name_of(std::size_t index) const;
  void say_bad(const TableRecord& record, std::size_t index, Error error);

  RowLayout layout_;
  std::vector<ColumnInfo> features_;
  ColumnInfo target_;
  MissingPolicy missing_policy_;
  CellReader cells_;
  LevelTable levels_;
  Fingerprint fingerprint_;
  std::size_t dense_ = 0;
  bool has_text_ = false;

  // Of the record being taken. Columns are counted as features, then the target, then the weights.
  std::vector<std::size_t> missing_;  // columns, ascending
  double weight_ = 1;
  Error bad_;
  std::string number_text_;
};

}  // namespace talweg
