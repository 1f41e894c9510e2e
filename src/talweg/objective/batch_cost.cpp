// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/batch_cost.h"

#include <vector>

namespace talweg {

void BatchCost::descend(Point& point, std::span<const std::uint32_t> batch, double rate) {
  std::vector<double> out(size());
  gradient(point, batch, out);
  move_plainly(point, out, -rate);
}

void BatchCost::descend_each(Point& point, std::span<const std::uint32_t> rows, double rate) {
  for (std::size_t k = 0; k < rows.size(); ++k) descend(point, rows.subspan(k, 1), rate);
}

Error too_many_rows_for_batches() {
  return {ErrorKind::data, "batches are cut from at most 4,294,967,295 rows in memory",
          "use --batch-size full, or fewer rows"};
}

void move_plainly(Point& point, std::span<const double> direction, double length) {
  for (std::size_t j = 0; j < direction.size(); ++j) point.high[j] += length * direction[j];
}

}  // namespace talweg
