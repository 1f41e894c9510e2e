// SPDX-License-Identifier: Apache-2.0
// Value, slope and curvature of the logistic loss (loss.h) in one pass over a run of rows, exponential and
// logarithm included. With z = y f and t = exp(-|z|):
//   value      log(1 + exp(-z)) = max(-z, 0) + log(1 + t)
//   slope      -y (t if z >= 0, else 1) / (1 + t)
//   curvature  t / (1 + t)^2
// log(1 + t) = 2 atanh(s), s = t/(2 + t) <= 1/3, by a polynomial: no digit is lost where t is small, except
// that t below e^-708 is taken for 0. Errors are a few units in the last place. All instruction sets and the
// plain reference give the same bits.
#pragma once

#include <cstddef>

namespace talweg {

/// f, y: rows numbers, y -1 or +1. `value` and `curvature` may be null. `slope` may be `f`.
/// `ahead`, unless null: memory that will be wanted next. It is asked for meanwhile, a line of 64 bytes every
/// four rows in each of three steps (two without `value`); returns what lies behind that.
const void* logistic_rows(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                          double* curvature, const void* ahead = nullptr);

/// The same in plain C++.
void logistic_reference(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                        double* curvature);

}  // namespace talweg
