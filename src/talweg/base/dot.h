// SPDX-License-Identifier: Apache-2.0
// The inner product of two vectors of the same length, summed in order.
#pragma once

#include <numeric>
#include <span>

namespace talweg {

inline double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace talweg
