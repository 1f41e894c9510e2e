// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/batch_walk.h"

#include <numeric>

#include "talweg/descent/shuffle.h"

namespace talweg {

double OneBatch::evaluate(const Point& point, std::span<double> gradient) {
  if (reduced_) {
    cost_.reduced_gradient(point, batch_, gradient);
  } else {
    cost_.gradient(point, batch_, gradient);
  }
  return 0;
}

void BatchWalk::order_rows(std::uint64_t epoch) {
  if (settings_.shuffle) return shuffle_rows(settings_.seed, epoch, settings_.cost->rows(), order_);
  if (!order_.empty()) return;
  order_.resize(settings_.cost->rows());
  std::iota(order_.begin(), order_.end(), 0U);
}

}  // namespace talweg
