// SPDX-License-Identifier: Apache-2.0
// The second stage of the CSV pass: whole records of a text, found by their separators (separators.h) ->
// rows. Runs of records with as many fields as there are columns are taken together, column numbers by the
// kernel (number_kernel.h), known texts by their hash; a record in which anything is out of the ordinary goes
// through RowBuilder, as every record of the sequential scanner does, so both ways give the same rows, counts
// and messages.
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
  struct TextField {
    std::uint32_t column = 0;  // of the table
    std::uint32_t index = 0;   // of the features
  };
  // Records that follow each other, each of as many fields as there are columns; their separators.
  struct Run {
    const char* text = nullptr;
    const std::uint32_t* before = nullptr;  // before[c], ends[c]: of field c of the first record
    const std::uint32_t* ends = nullptr;
    std::size_t records = 0;
  };

  template <bool kQuotes>
  bool parse_records(std::string_view text, const std::string& file, ParsedRows& rows);
  [[nodiscard]] bool all_regular(std::string_view text) const;
  [[nodiscard]] bool is_record(const char* text, std::size_t separator) const;
  template <bool kQuotes>
  std::size_t take_run(Run run, ParsedRows& rows);
  template <bool kQuotes>
  void gather(const Run& run, const std::uint32_t* columns, std::size_t count);
  template <bool kQuotes>
  std::size_t parse_columns(const Run& run, const std::uint32_t* columns, std::size_t count, double* values);
  template <bool kQuotes>
  bool find_texts(const Run& run, std::size_t record);
  template <bool kQuotes>
  bool take_record(const Run& run, ParsedRows& rows);
  template <bool kQuotes>
  bool slow_row(const char* text, std::size_t begin, std::size_t end, const std::string& file,
                ParsedRows& rows);

  const RowPlan& plan_;
  ChunkFormat format_;
  RowBuilder builder_;
  std::vector<std::uint32_t> numbers_;  // columns of the table, in the order of the dense columns
  std::vector<TextField> texts_;        // in the order of the features
  bool all_numbers_;                    // the columns of the table are the dense columns, in the same order
  bool check_words_;                    // a word for a missing cell could be a number
  SeparatorIndex index_;
  // Of a run: the places of its numbers, where they do not stand side by side.
  std::vector<std::uint32_t> before_;
  std::vector<std::uint32_t> ends_;
  std::vector<double> weights_;
  std::vector<std::string_view> cells_of_texts_;
  // Of a record that goes through the builder.
  std::vector<std::string_view> cells_;
  std::string unescaped_;
};

}  // namespace talweg
