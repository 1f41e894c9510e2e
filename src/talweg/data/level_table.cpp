// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/level_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

namespace talweg {

namespace {

template <class Word>
std::uint64_t load(const char* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

}  // namespace

LevelTable::Slot LevelTable::key_of(std::size_t column, std::string_view text) {
  const char* const begin = text.data();
  const std::size_t size = text.size();
  Slot key;
  key.column_and_size = static_cast<std::uint32_t>(32 * column + std::min(size, kShort + 1));
  if (size > kShort) {
    key.first = XXH3_64bits(begin, size);
  } else if (size > 8) {
    key.first = load<std::uint64_t>(begin);
    key.last = load<std::uint64_t>(begin + size - 8);
  } else if (size >= 4) {
    key.first = load<std::uint32_t>(begin);
    key.last = load<std::uint32_t>(begin + size - 4);
  } else if (size > 0) {
    // One byte, two or three: the first, the middle and the last.
    key.first = load<std::uint8_t>(begin) | load<std::uint8_t>(begin + size / 2) << 8U |
                load<std::uint8_t>(begin + size - 1) << 16U;
  }
  return key;
}

std::uint64_t LevelTable::Slot::hash() const {
  std::uint64_t mixed = (first ^ std::rotl(last, 29)) * 0x9E3779B97F4A7C15ULL;
  mixed ^= mixed >> 32U;
  mixed = (mixed + column_and_size) * 0xBF58476D1CE4E5B9ULL;
  return mixed >> 32U;
}

std::uint32_t LevelTable::number(std::size_t column, std::string_view text) {
  if (2 * (taken_ + 1) > slots_.size()) grow();
  Slot key = key_of(column, text);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = key.hash() & mask;
  for (; slots_[at].number != kNone; at = (at + 1) & mask) {
    if (!slots_[at].same_key(key)) continue;
    if (key.holds_text() || levels_[slots_[at].number].text == text) return slots_[at].number;
  }
  key.number = add(Level{column, false, std::string(text)});
  slots_[at] = key;
  ++taken_;
  ++counts_[column];
  return key.number;
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
    Slot key = key_of(level.column, level.text);
    std::size_t at = key.hash() & mask;
    while (slots_[at].number != kNone) at = (at + 1) & mask;
    key.number = static_cast<std::uint32_t>(n);
    slots_[at] = key;
  }
}

}  // namespace talweg
