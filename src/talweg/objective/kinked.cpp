// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/kinked.h"

namespace talweg {

void freeze_rows(double ratio, std::span<const double> inside, std::span<const double> l2_weights,
                 std::span<double> gradient, std::span<double> hessian) {
  const std::size_t p = gradient.size();
  for (std::size_t j = 0; j < p; ++j) {
    gradient[j] += (ratio - 1) * inside[j];
    for (std::size_t k = 0; k < p; ++k)
      hessian[j * p + k] = ratio * (hessian[j * p + k] - (j == k ? l2_weights[j] : 0));
    hessian[j * p + j] += l2_weights[j];
  }
}

}  // namespace talweg
