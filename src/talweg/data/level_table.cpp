// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/level_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <string>
#include <utility>

namespace talweg {

std::uint32_t LevelTable::number(std::size_t column, std::string_view text) {
  if (2 * (taken_ + 1) > slots_.size()) grow();
  const std::uint64_t hash = XXH3_64bits_withSeed(text.data(), text.size(), column);
  const auto short_hash = static_cast<std::uint32_t>(hash >> 32U);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].number != kNone; at = (at + 1) & mask) {
    if (slots_[at].hash != short_hash) continue;
    const Level& level = levels_[slots_[at].number];
    if (level.column == column && level.text == text) return slots_[at].number;
  }
  const std::uint32_t fresh = add(Level{column, false, std::string(text)});
  slots_[at] = {fresh, short_hash};
  ++taken_;
  ++counts_[column];
  return fresh;
}

std::uint32_t LevelTable::gap(std::size_t column) {
  if (gap_[column] == kNone) gap_[column] = add(Level{column, true, {}});
  return gap_[column];
}

void LevelTable::clear() {
  if (levels_.empty()) return;
  std::fill(slots_.begin(), slots_.end(), Slot{});
  taken_ = 0;
  std::fill(counts_.begin(), counts_.end(), 0);
  std::fill(gap_.begin(), gap_.end(), kNone);
  levels_.clear();
}

std::uint32_t LevelTable::add(Level level) {
  levels_.push_back(std::move(level));
  return static_cast<std::uint32_t>(levels_.size() - 1);
}

void LevelTable::grow() {
  constexpr std::size_t kFewest = 64;
  slots_.assign(std::max(kFewest, 2 * slots_.size()), Slot{});
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t n = 0; n < levels_.size(); ++n) {
    const Level& level = levels_[n];
    if (level.gap) continue;
    const std::uint64_t hash = XXH3_64bits_withSeed(level.text.data(), level.text.size(), level.column);
    std::size_t at = hash & mask;
    while (slots_[at].number != kNone) at = (at + 1) & mask;
    slots_[at] = {static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(hash >> 32U)};
  }
}

}  // namespace talweg
