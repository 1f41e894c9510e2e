// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/table.h"

#include <algorithm>

namespace talweg {

std::size_t shown_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string TextTable::text() const {
  std::vector<std::size_t> width(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t j = 0; j < row.size(); ++j) width[j] = std::max(width[j], shown_width(row[j]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line = "  ";
    for (std::size_t j = 0; j < row.size(); ++j) {
      const std::string blanks(width[j] - shown_width(row[j]), ' ');
      if (j > 0) line += "  ";
      line += j == 0 ? row[j] + blanks : blanks + row[j];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

}  // namespace talweg
