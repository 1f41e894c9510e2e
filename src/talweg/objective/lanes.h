// SPDX-License-Identifier: Apache-2.0
// Sums in eight logical lanes: element i goes to lane i mod 8, the lanes are added in one fixed order. The
// compiler may take as many lanes at a time as the machine has; the bits are the same.
#pragma once

#include <array>
#include <cstddef>

namespace talweg {

class Lanes {
 public:
  static constexpr std::size_t kLanes = 8;
  /// term(i) for i = 0..n-1, added up.
  template <class Term>
  [[gnu::always_inline]] static inline double sum(std::size_t n, Term&& term) {
    std::array<double, kLanes> lane{};
    std::size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (std::size_t l = 0; l < kLanes; ++l) lane[l] += term(i + l);
    }
    for (std::size_t l = 0; i < n; ++i, ++l) lane[l] += term(i);
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
};

}  // namespace talweg
