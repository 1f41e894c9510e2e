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
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Characters that a terminal shows for a UTF-8 text (code points; combining marks count as one).
std::size_t shown_width(const std::string& text);

}  // namespace talweg
