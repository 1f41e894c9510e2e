// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace talweg {

CellReader::CellReader(std::vector<std::string> missing_words, char decimal)
    : missing_words_(std::move(missing_words)), decimal_(decimal) {
  for (const std::string& word : missing_words_) {
    if (word.empty()) {
      empty_is_missing_ = true;
    } else {
      begins_word_[static_cast<unsigned char>(word.front())] = true;
      has_numeric_words_ = has_numeric_words_ || parse_number(word, decimal).status == NumberStatus::ok;
    }
    longest_word_ = std::max(longest_word_, word.size());
  }
}

bool CellReader::is_word(std::string_view cell) const {
  return std::any_of(missing_words_.begin(), missing_words_.end(),
                     [&](const std::string& word) { return cell == word; });
}

bool CellReader::is_decimal_comma(std::string_view cell) const {
  return decimal_ != ',' && cell.find(',') != std::string_view::npos &&
         parse_number(cell, ',').status == NumberStatus::ok;
}

Error CellReader::not_a_number(std::string_view cell, NumberStatus status) const {
  Error error;
  if (status == NumberStatus::out_of_range) {
    const bool word = cell.find_first_of("iI") != std::string_view::npos;
    error.what =
        fmt::format("{} is {}", in_quotes(cell), word ? "not a finite number" : "too large for a number");
    error.remedy = "mend the cell, or name it as a word for a missing value with --na";
  } else if (is_decimal_comma(cell)) {
    error.what = fmt::format("{} is not a number", in_quotes(cell));
    error.remedy = "if the comma is a decimal comma, give --decimal ,";
  } else {
    error.what =
        cell.empty() ? "an empty cell is not a number" : fmt::format("{} is not a number", in_quotes(cell));
    error.remedy =
        "take the column as text with --categorical, or name the word for a missing value with --na";
  }
  return error;
}

}  // namespace talweg
