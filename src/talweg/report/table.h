// SPDX-License-Identifier: Apache-2.0
// Columns of text, aligned: the first to the left, the others to the right.
#pragma once

#include <string>
#include <vector>

namespace talweg {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// In lines of at most `width` characters (0: any number): where they are not enough the columns of
  /// `expendable` go, one by one, then the last columns, then the ends of the first column's texts.
  [[nodiscard]] std::string text(std::size_t width = 0,
                                 const std::vector<std::size_t>& expendable = {}) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Characters that a terminal shows for a UTF-8 text (code points; combining marks count as one; colour codes
/// take no place).
std::size_t shown_width(const std::string& text);

}  // namespace talweg
