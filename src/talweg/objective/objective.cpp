// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/objective.h"

#include "talweg/base/double_double.h"

namespace talweg {

void Point::move(std::span<const double> direction, double length) {
  for (std::size_t j = 0; j < high.size(); ++j) {
    const DoubleDouble moved = DoubleDouble(high[j], low[j]) + two_product(length, direction[j]);
    high[j] = moved.high;
    low[j] = moved.low;
  }
}

void Point::move_to_zeros(std::span<const double> direction) {
  for (std::size_t j = 0; j < high.size(); ++j) {
    if (direction[j] == -high[j]) low[j] = 0;
  }
  move(direction, 1);
}

}  // namespace talweg
