// SPDX-License-Identifier: Apache-2.0
// One operation on numbers: what the rows' loops do where no vector version exists, and what is done once a
// call.
#pragma once

#include "talweg/base/double_double.h"
#include "talweg/formula/expression.h"

namespace talweg {

/// x^n by squaring; 1/x^-n below 0.
double whole_power(double x, int n);
DoubleDouble whole_power(DoubleDouble x, int n);

/// The exponent of a power that is taken by multiplying: a whole number other than 0 of at most 64; else 0.
int whole_exponent(const Expression& power);

/// power_log takes (u^v, log u).
/// f(x), f(a, b), where(u, v, a, b); `exponent` as in RowTask.
double apply(Op op, int exponent, const double* in);
DoubleDouble apply(Op op, int exponent, const DoubleDouble* in);

}  // namespace talweg
