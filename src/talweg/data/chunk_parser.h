// SPDX-License-Identifier: Apache-2.0
// The second stage of the CSV pass: whole records of a text, found by their separators (separators.h) ->
// rows. What is plain (numbers that parse_short_decimal reads, known texts) goes straight into the row; a
// record in which anything is out of the ordinary goes through RowBuilder, as every record of the sequential
// scanner does, so both ways give the same rows, counts and messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/data/row_builder.h"
#include "talweg/data/separators.h"

namespace talweg {

/// Bytes before and behind a text that ChunkParser may load.
inline constexpr std::size_t kChunkHead = 64;
inline constexpr std::size_t kChunkTail = 64;

struct ChunkFormat {
  char delimiter = ',';
  char decimal = '.';
  std::size_t columns = 0;        ///< of the table
  bool keep_blank_lines = false;  ///< a one-column table
};

class ChunkParser {
 public:
  enum class Outcome {
    parsed,     ///< to the end of the text, or to the record that `failed`
    irregular,  ///< a quote that is not at the edge of a field, or a NUL byte: the sequential scanner has to
                ///< decide
    cut_short,  ///< the text ends inside quotes
  };

  /// `plan` must outlive the parser. One for each thread.
  ChunkParser(const RowPlan& plan, const ChunkFormat& format);

  /// `text`: whole records, the last with its line feed, kChunkHead and kChunkTail readable bytes around it.
  Outcome parse(std::string_view text, const std::string& file, ParsedRows& rows);

 private:
  enum class Role : std::uint8_t { none, number, text, weight };
  struct Field {  // of the table's column
    Role role = Role::none;
    std::uint32_t index = 0;  // dense column of a number, place in texts_ of a text
  };

  template <bool kQuotes>
  bool parse_records(std::string_view text, const std::string& file, ParsedRows& rows);
  template <bool kQuotes>
  bool fast_row(const char* text, std::size_t begin, double* values, ParsedRows& rows);
  template <bool kQuotes>
  bool slow_row(const char* text, std::size_t begin, std::size_t end, const std::string& file,
                ParsedRows& rows);

  const RowPlan& plan_;
  ChunkFormat format_;
  std::vector<Field> fields_;
  RowBuilder builder_;
  std::vector<std::uint64_t> masks_;
  std::vector<std::uint32_t> ends_;         // of the record's fields, as many as there should be
  std::vector<std::size_t> text_features_;  // in ascending order
  std::vector<std::string_view> texts_;     // of the row in the making, one for each of them
  bool check_words_;                        // a word for a missing cell could be a number
  double weight_ = 1;
  std::vector<std::string_view> cells_;
  std::string unescaped_;
};

}  // namespace talweg
