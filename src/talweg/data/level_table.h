// SPDX-License-Identifier: Apache-2.0
// Level numbers in order of first appearance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "talweg/data/columns.h"

namespace talweg {

class LevelTable {
 public:
  explicit LevelTable(std::size_t columns) : by_text_(columns), gap_(columns, kNone) {}

  /// The number of the level `text` of a text column; a new one where it is not known.
  std::uint32_t number(std::size_t column, std::string_view text) {
    auto& known = by_text_[column];
    if (const auto found = known.find(text); found != known.end()) return found->second;
    const std::uint32_t fresh = add(Level{column, false, std::string(text)});
    known.emplace(text, fresh);
    return fresh;
  }
  /// The number of the indicator that a numeric column has a gap.
  std::uint32_t gap(std::size_t column) {
    if (gap_[column] == kNone) gap_[column] = add(Level{column, true, {}});
    return gap_[column];
  }
  /// Levels of one text column.
  [[nodiscard]] std::size_t count(std::size_t column) const { return by_text_[column].size(); }
  [[nodiscard]] const std::vector<Level>& levels() const { return levels_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  std::uint32_t add(Level level) {
    levels_.push_back(std::move(level));
    return static_cast<std::uint32_t>(levels_.size() - 1);
  }

  std::vector<std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>> by_text_;
  std::vector<std::uint32_t> gap_;
  std::vector<Level> levels_;
};

}  // namespace talweg
