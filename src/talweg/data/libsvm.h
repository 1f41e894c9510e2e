// SPDX-License-Identifier: Apache-2.0
// Sparse text as LIBSVM, liblinear and SVMlight write it: a line is a row,
//
//   label index:value index:value ...   # a comment
//
// with blanks or tabs between, indices counted from 1 and ascending; an index that a line does not name is 0.
// A line that holds a label alone is a row of zeros; lines without a label (blank, or a comment) are no rows.
// Format: the README of LIBSVM (Chang and Lin 2011) and of SVMlight (Joachims 1999).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/byte_buffer.h"
#include "talweg/base/error.h"
#include "talweg/data/bytes.h"

namespace talweg {

/// Columns of a table that is read as dense, at most.
inline constexpr std::uint64_t kMostDenseColumns = std::uint64_t{1} << 20U;

struct SparseEntry {
  std::uint64_t index = 0;  ///< from 1
  double value = 0;         ///< finite
};

/// One row. Views are valid until the next call.
struct SparseRow {
  double label = 0;                  ///< finite
  std::vector<SparseEntry> entries;  ///< ascending
  std::uint64_t line = 0;            ///< in its file, from 1
  std::string_view raw;              ///< the line's text, without its end
  std::optional<Error> bad;          ///< what is wrong with the row: the rest must not be used
};

class LibsvmReader {
 public:
  LibsvmReader(std::unique_ptr<ByteSource> source, std::string name);

  /// The next row; false at the end. A row that cannot be read is given with `bad`: no label or several, one
  /// that is no number; no colon; an index that is no number, 0, negative, repeated or out of order; a value
  /// that is no number or not finite; `qid:`, which makes the file one of rankings. Errors: the source's; a
  /// line longer than kLongestRecord.
  Result<bool> next(SparseRow& row);

 private:
  Result<bool> next_line(std::string_view& line);
  Result<bool> fill();
  void parse(std::string_view text, SparseRow& row) const;
  [[nodiscard]] bool parse_label(std::string_view token, SparseRow& row) const;
  [[nodiscard]] bool parse_entry(std::string_view token, SparseRow& row) const;
  [[nodiscard]] bool bad(SparseRow& row, std::string column, std::string what, std::string remedy) const;

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  ByteBuffer buffer_;      // readable bytes in front, see kPlainDecimalHeadroom
  std::size_t begin_ = 0;  // of what has not been given out
  std::size_t end_ = 0;
  bool ended_ = false;
  std::uint64_t line_ = 0;
  std::optional<Error> failed_;
};

/// The largest index of the rows that are not bad, 0 where there is none. Errors: as LibsvmReader::next; an
/// index above kMostDenseColumns, with its line and the memory that it would take; an interruption.
Result<std::uint64_t> largest_index(LibsvmReader& reader, const std::string& name);

}  // namespace talweg
