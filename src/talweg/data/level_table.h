// SPDX-License-Identifier: Apache-2.0
// Level numbers in order of first appearance: an open table of hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "talweg/data/columns.h"

namespace talweg {

class LevelTable {
 public:
  explicit LevelTable(std::size_t columns) : counts_(columns), gap_(columns, kNone) {}

  /// The number of the level `text` of a text column; a new one where it is not known.
  std::uint32_t number(std::size_t column, std::string_view text);
  /// The number of the indicator that a numeric column has a gap.
  std::uint32_t gap(std::size_t column);
  /// Levels of one text column.
  [[nodiscard]] std::size_t count(std::size_t column) const { return counts_[column]; }
  [[nodiscard]] const std::vector<Level>& levels() const { return levels_; }
  /// No levels, with the memory of before.
  void clear();

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;
  struct Slot {
    std::uint32_t number = kNone;
    std::uint32_t hash = 0;
  };

  std::uint32_t add(Level level);
  void grow();

  std::vector<Slot> slots_;  // a power of two of them, at most half of them taken; empty at first
  std::size_t taken_ = 0;
  std::vector<std::size_t> counts_;
  std::vector<std::uint32_t> gap_;
  std::vector<Level> levels_;
};

}  // namespace talweg
