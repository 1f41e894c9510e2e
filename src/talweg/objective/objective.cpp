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

}  // namespace talweg
