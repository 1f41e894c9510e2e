// SPDX-License-Identifier: Apache-2.0
// Value, slope and curvature of the logistic loss (loss.h) in one pass over a run of rows, exponential and
// logarithm included. With z = y f and t = exp(-|z|):
//   value      log(1 + exp(-z)) = max(-z, 0) + log(1 + t)
//   slope      -y (t if z >= 0, else 1) / (1 + t)
//   curvature  t / (1 + t)^2
// log(1 + t) = 2 atanh(s), s = t/(2 + t) <= 1/3, by its series to s^33: no digit is lost where t is small,
// and the terms left out are below 1e-17 of it. All instruction sets and the plain reference give the same
// bits.
#pragma once

#include <cstddef>

namespace talweg {

/// f, y: rows numbers, y -1 or +1. `value` and `curvature` may be null. `slope` may be `f`.
void logistic_rows(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                   double* curvature);

/// The same in plain C++.
void logistic_reference(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                        double* curvature);

}  // namespace talweg
