// SPDX-License-Identifier: Apache-2.0
// One row at a time, by walking the tree: the plain reference that Program is compared with, and the one who
// finds out which operation made a result that is not finite.
#pragma once

#include <span>
#include <string>

#include "talweg/formula/expression.h"

namespace talweg {

/// The value for one row. Sums, rows and pending derivatives are not for this.
double evaluate(const Expression& expression, std::span<const double> columns,
                std::span<const double> parameters);
long double evaluate_long(const Expression& expression, std::span<const double> columns,
                          std::span<const double> parameters);

/// "log(x) is not a number where x = -3": the operation with finite operands that the result is not finite
/// by; empty where the value is finite.
std::string why_not_finite(const Expression& expression, std::span<const double> columns,
                           std::span<const double> parameters);

}  // namespace talweg
