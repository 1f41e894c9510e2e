// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/table.h"

#include <algorithm>

namespace talweg {
namespace {

constexpr std::size_t kBetween = 2;  // blanks before every column

// The first `room` characters, with a mark where something is cut off.
std::string cut(const std::string& text, std::size_t room) {
  if (shown_width(text) <= room) return text;
  std::size_t end = 0;
  for (std::size_t used = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U && ++used >= room) break;
  }
  return text.substr(0, end) + "~";
}

}  // namespace

std::size_t shown_width(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '\x1b') {
      k = std::min(text.find('m', k), text.size() - 1);
    } else if ((static_cast<unsigned char>(text[k]) & 0xC0U) != 0x80U) {
      ++count;
    }
  }
  return count;
}

std::string TextTable::text(std::size_t width, const std::vector<std::size_t>& expendable) const {
  const std::size_t columns = rows_.front().size();
  std::vector<std::size_t> needs(columns);
  for (const auto& row : rows_) {
    for (std::size_t j = 0; j < row.size(); ++j) needs[j] = std::max(needs[j], shown_width(row[j]));
  }
  std::vector<bool> kept(columns, true);
  const auto total = [&] {
    std::size_t sum = 0;
    for (std::size_t j = 0; j < columns; ++j) sum += kept[j] ? kBetween + needs[j] : 0;
    return sum;
  };
  if (width > 0) {
    std::vector<std::size_t> order = expendable;
    for (std::size_t j = columns - 1; j > 1; --j) {
      if (std::find(order.begin(), order.end(), j) == order.end()) order.push_back(j);
    }
    for (const std::size_t j : order) {
      if (j < columns && total() > width) kept[j] = false;
    }
    constexpr std::size_t kLeast = 4;
    if (total() > width) {
      const std::size_t others = total() - needs[0];
      needs[0] = std::min(needs[0], std::max(kLeast, width > others ? width - others : 0));
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (!kept[j]) continue;
      const std::string cell = j == 0 ? cut(row[0], needs[0]) : row[j];
      const std::string blanks(needs[j] - shown_width(cell), ' ');
      line += std::string(kBetween, ' ') + (j == 0 ? cell + blanks : blanks + cell);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  std::string absent;
  for (std::size_t j = 0; j < columns; ++j) {
    if (!kept[j]) absent += (absent.empty() ? "" : ", ") + rows_.front()[j];
  }
  return absent.empty() ? out : out + "  (no room for: " + absent + ")\n";
}

}  // namespace talweg
