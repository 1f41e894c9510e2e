// SPDX-License-Identifier: Apache-2.0
// Several files as one table: the same header, records in file order, one numbering of rows. Text (.csv .tsv
// .txt), .npy (one- or two-dimensional, float or integer, C or Fortran order, any byte order) and libsvm text
// (.svm .libsvm, read as dense: `label`, x1, x2, ... up to the largest index of all files), each also
// compressed.
//
// The largest index of libsvm text is known at its end: every file is read twice, in constant memory. What
// can be read only once, standard input and pipes, is kept meanwhile (spool.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/csv_scanner.h"

namespace talweg {

/// How a moments file begins (model/moments_file.h): no table, and said to be none.
inline constexpr std::string_view kMomentsMagic("\x89talweg\n", 8);

enum class TableFormat { automatic, csv, tsv, npy, libsvm };

/// The format that a file's name tells, a compression suffix taken off: never automatic.
TableFormat format_of_name(const std::string& path);

/// The label column of libsvm text.
inline constexpr std::string_view kLibsvmLabel = "label";

/// The columns of libsvm text.
struct LibsvmColumns {
  std::uint64_t least = 0;  ///< x1 ... x<least> are there, whatever the indices in the files
  bool no_more = false;     ///< and no others: larger indices are left out and their rows counted; one pass
};

struct TableOptions {
  TableFormat format =
      TableFormat::automatic;  ///< automatic: by name (compression suffix taken off), npy by first bytes
  char delimiter = 0;          ///< 0: sniffed (tab for .tsv)
  std::optional<bool> header;  ///< absent: sniffed
  char decimal = '.';
  LibsvmColumns libsvm;
};

/// One data record. CSV fills `cells`, npy and libsvm fill `numbers` (NaN is a missing cell there). Views are
/// valid until the next call.
struct TableRecord {
  std::span<const std::string_view> cells;
  std::span<const double> numbers;
  std::uint64_t row = 0;   ///< global row number, 0-based, over all files, every record counted
  std::uint64_t line = 0;  ///< line in its file (text), row in its file, 1-based (npy)
  const std::string* file = nullptr;
  std::string_view raw;        ///< the record's text (empty for npy)
  const Error* bad = nullptr;  ///< not null: the record is bad (ragged, quotes); cells must not be used
};

/// What is left of a text file, from the start of a record on.
struct TextRest {
  CsvScanner::Rest scan;
  char delimiter = ',';
  bool keep_blank_lines = false;
  const std::string* file = nullptr;
};

/// What is wrong with a record of `found` fields in a table of `expected` columns.
Error ragged_error(std::size_t found, std::size_t expected);

class TableReader {
 public:
  /// Opens the first file and reads its header. Errors: as open_bytes, CsvScanner and largest_index; an empty
  /// file, duplicate header names. At least one path; "-" may stand once.
  static Result<TableReader> open(std::vector<std::string> paths, TableOptions options);
  ~TableReader();
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;

  /// Column names: the header's (blanks around taken off; an empty one is x<position>), or x1, x2, ...
  /// without one.
  [[nodiscard]] const std::vector<std::string>& names() const;
  [[nodiscard]] bool is_text() const;            ///< CSV: false for npy and libsvm
  [[nodiscard]] bool has_header() const;         ///< of the first file
  [[nodiscard]] char delimiter() const;          ///< of the first file
  [[nodiscard]] bool delimiter_sniffed() const;  ///< neither given nor settled by the file's name

  /// Rows so far in which an index above LibsvmColumns::least was left out.
  [[nodiscard]] std::uint64_t rows_cut() const;

  /// The next record of the table; false at its end. Errors end the reading; a later file whose header
  /// differs is one (it names the first difference). A table with a header and no rows at all is an error; an
  /// empty part among others is not.
  Result<bool> next(TableRecord& record);

  /// The rest of the text file being read, to be read by somebody else; absent where there is none (a .npy
  /// array, an error ahead), where something has to be given out first, and after resume(): until the next
  /// file begins.
  std::optional<TextRest> take_rest();
  /// At most `limit` bytes of what take_rest() would give, which stay where they are; empty where it would
  /// give nothing. Valid until the next call.
  [[nodiscard]] std::string_view peek_rest(std::size_t limit);
  /// Of the file being read.
  [[nodiscard]] char delimiter_of_rest() const;
  /// Whether take_rest() would give one.
  [[nodiscard]] bool has_rest() const;
  /// Goes on, record by record, with what is left of a rest; `rows` records of it have been read.
  void resume(TextRest rest, std::uint64_t rows);
  /// The rest that was taken has been read to its end, `rows` records; next() goes on with the next file.
  void skip_rest(std::uint64_t rows);

 private:
  struct State;
  explicit TableReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace talweg
