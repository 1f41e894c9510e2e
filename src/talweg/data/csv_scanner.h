// SPDX-License-Identifier: Apache-2.0
// Bytes -> records of a delimited text (RFC 4180): fields separated by one byte, records ended by LF, CRLF or
// CR+LF mixed; a field in double quotes may hold delimiters, line ends and doubled quotes. A UTF-8 byte order
// mark at the start is skipped. Blank lines (nothing, or only spaces and tabs that are not the delimiter) are
// skipped, except in a one-column file (`keep_blank_lines`), where they are a field. Streaming: memory is
// bounded by kLongestRecord, whatever the length of the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/bytes.h"

namespace talweg {

/// A record longer than this is an error (most often a quote that is never closed).
inline constexpr std::size_t kLongestRecord = std::size_t{1} << 24U;

/// A record with more fields than this is bad: the views of its fields must not take many times the memory of
/// its bytes.
inline constexpr std::size_t kMostFields = 1000000;

/// One record. The views are valid until the next call of the scanner.
struct CsvRecord {
  std::vector<std::string_view> fields;  ///< unquoted; blanks kept
  std::string_view raw;                  ///< the record as it stands in the file, without its line end
  std::uint64_t line = 0;                ///< line (1-based) on which the record starts
  std::optional<Error> bad;  ///< a quote inside an unquoted field, or text after a closing quote; the
                             ///< fields are then unspecified, the scanner goes on with the next line
};

/// What is wrong with a record of more than kMostFields fields.
Error too_many_fields_error();

class CsvScanner {
 public:
  CsvScanner(std::unique_ptr<ByteSource> source, std::string name, char delimiter,
             bool keep_blank_lines = false);
  ~CsvScanner();
  CsvScanner(CsvScanner&&) noexcept;
  CsvScanner& operator=(CsvScanner&&) noexcept;

  /// The next record; false at the end. Errors end the scan: what the source reports, an unclosed quote
  /// (names the line on which it opened), a NUL byte, UTF-16 (named, with the iconv command that mends it), a
  /// record beyond kLongestRecord.
  Result<bool> next(CsvRecord& record);

  /// Looks at the first bytes (at most `limit`) without consuming them.
  Result<std::string_view> peek(std::size_t limit);
  /// What has not been scanned: the bytes read so far, then the source. The scanner is at its end afterwards.
  struct Rest {
    std::string bytes;
    std::unique_ptr<ByteSource> source;
    std::uint64_t line = 1;  ///< on which it starts
  };
  /// Absent where something else than records lies ahead: a start that has not been looked at, an error.
  std::optional<Rest> take_rest();
  [[nodiscard]] bool has_rest() const;
  /// Goes on with a rest.
  void resume(Rest rest);

  void set_delimiter(char delimiter);
  void set_keep_blank_lines(bool keep);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace talweg
