// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/shuffle.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "talweg/base/random.h"

namespace talweg {

void shuffle_rows(std::uint64_t seed, std::uint64_t epoch, std::uint32_t rows,
                  std::vector<std::uint32_t>& order) {
  order.resize(rows);
  std::iota(order.begin(), order.end(), 0U);
  // Streams of the starts are small numbers; those of the epochs lie far above them.
  constexpr std::uint32_t kStream = 0x5348'5546;
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed),
                                            static_cast<std::uint32_t>(seed >> 32U)};
  const auto below = [](std::uint32_t high, std::uint32_t low, std::uint32_t limit) {
    const std::uint64_t word = (static_cast<std::uint64_t>(high) << 32U) | low;
    // floor(word * limit / 2^64): each value's chance is right to limit / 2^64.
    return static_cast<std::uint32_t>((static_cast<unsigned __int128>(word) * limit) >> 64U);
  };
  // Random places of many exchanges are known, and asked for from memory, before the first of them is made.
  constexpr std::uint32_t kRun = 64;  // even: two exchanges a counter
  std::array<std::uint32_t, kRun> place{};
  for (std::uint32_t left = rows; left > 1;) {
    const std::uint32_t run = std::min(kRun, left - 1);
    for (std::uint32_t k = 0; k < run; k += 2) {
      const auto words = philox(
          {left - k, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(epoch >> 32U), kStream},
          key);
      place[k] = below(words[0], words[1], left - k);
      __builtin_prefetch(&order[place[k]], 1);
      if (k + 1 == run) break;
      place[k + 1] = below(words[2], words[3], left - k - 1);
      __builtin_prefetch(&order[place[k + 1]], 1);
    }
    for (std::uint32_t k = 0; k < run; ++k, --left) std::swap(order[left - 1], order[place[k]]);
  }
}

}  // namespace talweg
