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

/// "log of -3 (log(x), x = -3)": the innermost operation whose operands are finite and whose result is not;
/// empty where the value is finite.
std::string why_not_finite(const Expression& expression, std::span<const double> columns,
                           std::span<const double> parameters);

}  // namespace talweg
