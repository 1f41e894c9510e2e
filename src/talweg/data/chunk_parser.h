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

#include "talweg/data/number_kernel.h"
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
  struct TextField {
    std::uint32_t column = 0;  // of the table
    std::uint32_t index = 0;   // of the features
  };

  template <bool kQuotes>
  bool parse_records(std::string_view text, const std::string& file, ParsedRows& rows);
  template <bool kQuotes>
  static bool bare(const char*& begin, const char*& end);
  template <bool kQuotes>
  bool fast_row(const char* text, std::size_t begin, const std::uint32_t* ends, double* values,
                ParsedRows& rows);
  template <bool kQuotes>
  bool slow_row(const char* text, std::size_t begin, std::size_t end, const std::string& file,
                ParsedRows& rows);

  const RowPlan& plan_;
  ChunkFormat format_;
  RowBuilder builder_;
  std::vector<NumberField> numbers_;  // in the order of the file
  std::vector<TextField> texts_;      // in the order of the features
  bool check_words_;                  // a word for a missing cell could be a number
  SeparatorIndex index_;
  // Of the row in the making: what its numbers are to be divided by, its weight, its texts.
  std::vector<double> powers_;
  double weight_ = 1;
  std::vector<std::string_view> cells_of_texts_;
  // Of a record that goes through the builder.
  std::vector<std::string_view> cells_;
  std::string unescaped_;
};

}  // namespace talweg
