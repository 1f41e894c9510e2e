// SPDX-License-Identifier: Apache-2.0
// A table and a choice of its columns -> blocks of rows ready for numerics, with an audit of what was taken
// for what. One sequential pass in constant memory (the first kKindRows records are held until the kinds are
// decided).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/cell.h"
#include "talweg/data/columns.h"
#include "talweg/data/row_block.h"
#include "talweg/data/table.h"

namespace talweg {

/// The request for a table whose columns have these names, where it can be made only with the header at hand.
using ColumnResolver = std::function<Result<ColumnRequest>(const std::vector<std::string>& names)>;

struct TableHash;

class RowReader {
 public:
  static Result<RowReader> open(const std::vector<std::string>& paths, const TableOptions& table,
                                const ColumnRequest& request);
  /// An error of the resolver without a file is given the table's.
  static Result<RowReader> open(const std::vector<std::string>& paths, const TableOptions& table,
                                const ColumnResolver& resolver);
  ~RowReader();
  RowReader(RowReader&&) noexcept;
  RowReader& operator=(RowReader&&) noexcept;

  /// The next block that holds at least one used row; false at the end (then every check that needs the whole
  /// table has been made: an id-like text column used by default - 10 or more levels and more than a tenth as
  /// many levels as used rows -, no rows used at all).
  Result<bool> next(RowBlock& block);

  /// Features in file order (or in the order of --features), numeric and text.
  [[nodiscard]] const std::vector<ColumnInfo>& features() const;
  [[nodiscard]] const ColumnInfo& target() const;
  /// The names of the dense columns of a block: numeric features in the order of features(), then the target
  /// (ColumnRequest::table_order: both in the order of the table).
  [[nodiscard]] const std::vector<std::string>& dense_names() const;
  [[nodiscard]] const std::vector<Level>& levels() const;
  /// Columns of the table, used or not.
  [[nodiscard]] std::size_t table_columns() const;
  [[nodiscard]] const IngestAudit& audit() const;
  /// The levels of a target that is text, in order of first appearance in used rows: at most two; else none.
  [[nodiscard]] const std::vector<TargetClass>& target_classes() const;
  /// Per feature, then for the target: its place among the dense columns.
  [[nodiscard]] const std::vector<std::size_t>& places() const;
  /// Hash of the cells of the used rows, column by column.
  [[nodiscard]] const TableHash& hash() const;
  /// Hash over the names of the columns in use and the cells of the used rows.
  [[nodiscard]] std::string fingerprint() const;

 private:
  struct State;
  friend class BlockPipeline;
  explicit RowReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace talweg
