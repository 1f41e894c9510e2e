// SPDX-License-Identifier: Apache-2.0
// Derivatives by the rules of the textbook, simplified, and the way there line by line.
#pragma once

#include <string>
#include <vector>

#include "talweg/formula/expression.h"

namespace talweg {

/// The partial derivative with respect to parameter `index`, simplified. At kinks (abs, min, max, where) it
/// is that of the branch taken; where a branch or a value is not a number it is not a number.
Expression derivative(const Expression& expression, std::size_t parameter);

/// One line of a derivation: the expression (pending derivatives in it where there are any left), and the
/// rules that led here from the line before; the first line has none.
struct DerivationStep {
  Expression expression;
  std::vector<std::string> rules;  ///< `sum rule`, `product rule`, `chain rule`, ...
};

/// From d/dp f to the simplified derivative; each line takes every pending derivative one rule further. Where
/// the lines would grow beyond `most_nodes` nodes in all, the lines between the first and the last are left
/// out.
struct Derivation {
  std::size_t parameter = 0;
  std::string name;
  std::vector<DerivationStep> lines;
  bool shortened = false;
};
inline constexpr std::uint64_t kDerivationNodes = 200'000;
Derivation derive(const Expression& expression, std::size_t parameter, const std::string& name,
                  std::uint64_t most_nodes = kDerivationNodes);
/// The same with a last line of the caller's, which must be the derivative in other words.
Derivation derive_to(const Expression& result, const Expression& expression, std::size_t parameter,
                     const std::string& name, std::uint64_t most_nodes = kDerivationNodes);

}  // namespace talweg
