// SPDX-License-Identifier: Apache-2.0
// What TableReader (table.h) keeps between records: table_open.cpp opens its files one after the other,
// table.cpp gives out their records. For these two alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "talweg/data/bytes.h"
#include "talweg/data/csv_scanner.h"
#include "talweg/data/libsvm.h"
#include "talweg/data/npy.h"
#include "talweg/data/spool.h"
#include "talweg/data/table.h"

namespace talweg {

// What a table's first file makes of it; the others have to be the same.
enum class TableKind { text, array, sparse };

struct TableReader::State {
  std::vector<std::string> paths;
  std::vector<std::string> files;  // the paths' names in messages
  TableOptions options;

  std::size_t next_path = 0;
  const std::string* file = nullptr;  // the one being read
  std::string first_file;             // the one that gave the names
  std::optional<CsvScanner> text;
  std::optional<NpyReader> array;
  std::optional<LibsvmReader> sparse;

  std::vector<std::string> names;
  bool has_names = false;
  TableKind kind = TableKind::text;
  bool has_header = false;
  char delimiter = ',';
  char part_delimiter = ',';  // of the file being read
  bool delimiter_sniffed = false;

  CsvRecord record;
  std::uint64_t row = 0;
  std::uint64_t blank_rows =
      0;  // missing cells that precede the first record of a one-column file without header
  bool first_is_data = false;  // `record` holds a data record that has not been given out
  Error ragged;
  std::string_view blank_cell;
  SparseRow sparse_row;
  std::vector<double> dense;                 // the label, then the features
  std::vector<std::optional<Spool>> spools;  // of the paths that can be read only once
  std::uint64_t rows_cut = 0;
  bool by_record = false;  // the rest of this file is not given away
  std::optional<Error> failed;

  tl::unexpected<Error> stop(Error error) {
    if (error.file.empty() && file != nullptr) error.file = *file;
    failed = error;
    return fail(std::move(error));
  }
  tl::unexpected<Error> stop_at(std::uint64_t line, std::string what, std::string remedy) {
    return stop(Error{ErrorKind::data, std::move(what), std::move(remedy), *file, line});
  }

  Result<bool> open_next();
  Result<bool> open_text(std::unique_ptr<ByteSource> source, bool tab);
  Result<bool> open_array(std::unique_ptr<ByteSource> source);
  Result<bool> open_sparse(std::unique_ptr<ByteSource> source);
  Result<void> measure_sparse(std::unique_ptr<ByteSource> first);
  [[nodiscard]] bool is_sparse(const std::string& path) const;
  [[nodiscard]] tl::unexpected<Error> other_kind(TableKind found);
  Result<void> first_record_of_table();
  Result<void> first_record_of_part();
  Result<void> take_names(std::vector<std::string> found, TableKind found_kind);
  Result<bool> next(TableRecord& out);
  Result<bool> next_text(TableRecord& out);
  Result<bool> next_array(TableRecord& out);
  Result<bool> next_sparse(TableRecord& out);
  void give_blank(TableRecord& out);
  void give_text(TableRecord& out);
  tl::unexpected<Error> no_rows();
};

}  // namespace talweg
