// SPDX-License-Identifier: Apache-2.0
// How the gradient of a linear model's cost comes about, line by line, as MathML with the user's names
// (docs/math.md states the rules).
#pragma once

#include <string>
#include <vector>

#include "talweg/model/fit.h"

namespace talweg {

struct DerivationLine {
  std::string says;    ///< the rule that was used, in words
  std::string mathml;  ///< a <math> element
};

std::vector<DerivationLine> derive_gradient(const Fit& fit);

}  // namespace talweg
