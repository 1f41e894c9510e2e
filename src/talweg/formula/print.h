// SPDX-License-Identifier: Apache-2.0
// Expressions as text (that reads back as the same expression), as LaTeX and as MathML.
#pragma once

#include <string>

#include "talweg/formula/expression.h"

namespace talweg {

std::string to_text(const Expression& expression);
/// Without dollar signs.
std::string to_latex(const Expression& expression);
/// Presentation MathML Core, without the enclosing <math>.
std::string to_mathml(const Expression& expression);

}  // namespace talweg
