// SPDX-License-Identifier: Apache-2.0
// Expressions built as one would write them: 0 and 1 left out, numbers gathered in front, equal factors as a
// power, equal terms as a multiple, signs pulled out. Values stay the same up to rounding wherever the
// expression has one; nothing is cancelled that could be 0/0, except where `quotient_of_log` is told that it
// may.
#pragma once

#include "talweg/formula/expression.h"

namespace talweg::simple {

Expression negate(const Expression& a);
Expression add(const Expression& a, const Expression& b);
Expression subtract(const Expression& a, const Expression& b);
Expression multiply(const Expression& a, const Expression& b);
Expression divide(const Expression& a, const Expression& b);
Expression power(const Expression& base, const Expression& exponent);
/// A call of one operand.
Expression call(Op op, const Expression& a);
Expression binary(Op op, const Expression& a, const Expression& b);
Expression where(const Expression& u, const Expression& v, const Expression& a, const Expression& b);
/// u'/u, the derivative of log(u): common factors are cancelled, since log(u) has no value where u is 0.
Expression quotient_of_log(const Expression& derivative, const Expression& u);

}  // namespace talweg::simple

namespace talweg {

/// The whole expression rebuilt that way.
Expression simplify(const Expression& expression);

}  // namespace talweg
