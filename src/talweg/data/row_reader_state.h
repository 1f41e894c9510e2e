// SPDX-License-Identifier: Apache-2.0
// What RowReader and the pipeline share: the table record by record, and the place of its rows.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "talweg/data/block_cutter.h"
#include "talweg/data/column_kinds.h"
#include "talweg/data/column_roles.h"
#include "talweg/data/fingerprint.h"
#include "talweg/data/held_records.h"
#include "talweg/data/row_reader.h"

namespace talweg {

struct RowReader::State {
  std::optional<TableReader> table;
  std::string place;  // the table as a whole, in messages
  char decimal = '.';
  std::optional<HeldRecords> held;
  std::optional<Error> after_held;  // what ended the reading of the records to hold
  bool table_ended = false;
  RowPlan plan;
  std::optional<RowBuilder> builder;
  std::shared_ptr<ParsedRowsPool> pool;
  std::optional<BlockCutter> cutter;
  TableHash hash;
  std::vector<std::string> dense_names;
  std::deque<CutBlock> ready;
  std::optional<Error> failed;
  bool ended = false;

  tl::unexpected<Error> stop(Error error) {
    failed = error;
    return fail(std::move(error));
  }

  Result<void> prepare(const ColumnRequest& request, const TableOptions& options,
                       std::optional<RejectsFile> rejects);
  /// Whether the first records show all columns without a kind to be numeric: then none has to be held.
  bool numeric_at_first_look(const ColumnRoles& roles, const CellReader& cells);
  std::vector<KindVote> hold_first(const ColumnRoles& roles, const CellReader& cells, BadRowPolicy bad_rows);
  Result<bool> next_record(TableRecord& record);
  /// Takes up to `most` records; false at the end of the table. What goes wrong is in rows->failed.
  bool parse_records(std::size_t most, ParsedRows& rows);
  /// May be called on several threads at once.
  [[nodiscard]] std::shared_ptr<ParsedRows> new_rows() const { return pool->take(); }
  Result<bool> next(RowBlock& block);
};

}  // namespace talweg
