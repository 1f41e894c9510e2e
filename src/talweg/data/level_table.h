// SPDX-License-Identifier: Apache-2.0
// Level numbers in order of first appearance: an open table of hashes. Texts of up to kShort bytes are in the
// table itself, as two words, so that looking one up touches one line of memory.
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
  static constexpr std::size_t kShort = 16;
  // The key is the bytes of a short text, which overlap in the words, or the hash of a longer one, and column
  // and length of a short one.
  struct Slot {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint32_t column_and_size = 0;
    std::uint32_t number = kNone;

    [[nodiscard]] bool same_key(const Slot& other) const {
      return first == other.first && last == other.last && column_and_size == other.column_and_size;
    }
    [[nodiscard]] bool holds_text() const { return column_and_size % 32 <= kShort; }
    [[nodiscard]] std::uint64_t hash() const;
  };
  static Slot key_of(std::size_t column, std::string_view text);

  std::uint32_t add(Level level);
  void grow();

  std::vector<Slot> slots_;  // a power of two of them, at most half of them taken; empty at first
  std::size_t taken_ = 0;
  std::vector<std::size_t> counts_;
  std::vector<std::uint32_t> gap_;
  std::vector<Level> levels_;
};

}  // namespace talweg
