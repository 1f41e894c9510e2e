// SPDX-License-Identifier: Apache-2.0
// The order in which an epoch visits the rows: a permutation that is a pure function of seed and epoch
// (Fisher and Yates 1938; Knuth, "The Art of Computer Programming" 2, 3.4.2, algorithm P; with
// counter-based random numbers, base/random.h).
#pragma once

#include <cstdint>
#include <vector>

namespace talweg {

/// Overwrites `order` with 0 ... rows-1 in the order of `epoch`.
void shuffle_rows(std::uint64_t seed, std::uint64_t epoch, std::uint32_t rows,
                  std::vector<std::uint32_t>& order);

}  // namespace talweg
