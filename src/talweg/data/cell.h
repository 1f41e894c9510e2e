// SPDX-License-Identifier: Apache-2.0
// One cell: missing, a number, or neither.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/base/numbers.h"

namespace talweg {

/// The words that stand for a missing value: exactly these, byte for byte (an empty cell among them).
inline const std::vector<std::string> kMissingWords = {"", "NA", "NaN", "nan", "null", "NULL"};

class CellReader {
 public:
  explicit CellReader(std::vector<std::string> missing_words = kMissingWords, char decimal = '.');

  [[nodiscard]] bool is_missing(std::string_view cell) const {
    if (cell.empty()) return empty_is_missing_;
    if (!begins_word_[static_cast<unsigned char>(cell.front())] || cell.size() > longest_word_) return false;
    return is_word(cell);
  }
  /// Whether a cell that is a number could be one of the words.
  [[nodiscard]] bool has_numeric_words() const { return has_numeric_words_; }
  [[nodiscard]] ParsedNumber number(std::string_view cell) const { return parse_number(cell, decimal_); }
  /// What to say about a cell that is no number in a numeric column: names the text and the remedy that fits
  /// it
  /// (`--decimal ,` for `1,5`; else `--categorical` and `--na`). Where (file, line, column) is the caller's
  /// to fill in.
  [[nodiscard]] Error not_a_number(std::string_view cell, NumberStatus status) const;
  /// Whether the cell would be a number with a decimal comma (and is none with a point).
  [[nodiscard]] bool is_decimal_comma(std::string_view cell) const;

 private:
  [[nodiscard]] bool is_word(std::string_view cell) const;

  std::vector<std::string> missing_words_;
  std::array<bool, 256> begins_word_{};  // almost every cell is settled by its first byte
  std::size_t longest_word_ = 0;
  bool empty_is_missing_ = false;
  bool has_numeric_words_ = false;
  char decimal_;
};

}  // namespace talweg
