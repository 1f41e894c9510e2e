// SPDX-License-Identifier: Apache-2.0
// Tokens -> expressions, by recursive descent. Every name is a parameter node yet, counted in `names`; what
// it means is formula.cpp's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/formula/expression.h"

namespace talweg {

struct NameUse {
  std::string name;
  std::optional<std::string> level;
  bool quoted = false;
  std::size_t at = 0;  ///< byte of its first use
  bool on_left = false;
  bool on_right = false;
};

struct ParsedText {
  std::optional<Expression> left;  ///< absent where there is no `=`
  Expression right;
  std::vector<NameUse> names;  ///< Expression::index() of a parameter counts in these
};

/// Errors have kind usage. `equation`: whether an `=` is wanted or forbidden.
Result<ParsedText> parse_text(std::string_view text, bool equation);

}  // namespace talweg
