// SPDX-License-Identifier: Apache-2.0
// A formula as the user writes it, `log(price) = a*log(carat) + b`, with its names resolved: columns are
// columns, other identifiers are parameters. docs/formula.md is the grammar. Reading happens in two steps,
// because the syntax can be judged before the data are opened (errors of kind usage) and the names only with
// the header at hand (errors of kind data). Errors point at the character (counted from 1 in characters of
// the text) and say what to write instead.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/formula/expression.h"

namespace talweg {

/// Bounds against hostile text.
inline constexpr std::size_t kFormulaBytes = 32'768;  ///< length
inline constexpr std::size_t kFormulaDepth =
    1'000;  ///< operations inside one another; a sum of n terms has n
inline constexpr std::size_t kFormulaNesting = 200;  ///< parentheses, calls, exponents inside one another
inline constexpr std::size_t kFormulaParameters = 1'000;

/// A column in use: a numeric column, or the indicator of a level of a text column (`cut[Ideal]`).
struct ColumnUse {
  std::string name;
  std::optional<std::string> level;
  bool on_left = false;
  bool on_right = false;
  [[nodiscard]] std::string text() const { return level ? name + '[' + *level + ']' : name; }
};

struct Formula {
  std::string text;                ///< as it was written
  std::vector<ColumnUse> columns;  ///< in order of first use; Expression::index() of a column counts in these
  std::vector<std::string>
      parameters;    ///< in order of first use; Expression::index() of a parameter counts in these
  Expression left;   ///< of columns: what is predicted
  Expression right;  ///< of columns and parameters
  std::vector<std::string> warnings;  ///< parameters that look like a column mistyped

  /// Whether the left side is a column and nothing else.
  [[nodiscard]] bool plain_response() const { return left.is(Op::column); }
};

/// The syntax alone: both sides, with every name taken as a parameter. Kind usage: everything that is wrong
/// without the data (a missing `=`, unknown functions, a right side without names, lengths and depths beyond
/// the bounds, ...).
Result<void> check_formula(std::string_view text);

/// Resolves names against the names of the data's columns. `name[level]` is the indicator of a level, unless
/// a column bears that very name. Errors: those of check_formula; kind data: a name on the left that is no
/// column, no column on the left, no parameter on the right.
Result<Formula> parse_formula(std::string_view text, std::span<const std::string> column_names);

/// The same without data (`talweg explain`): the names on the left, those in `columns`, and where `columns`
/// is empty x, t and x1, x2, ... are taken as columns.
Result<Formula> parse_formula_without_data(std::string_view text, std::span<const std::string> columns);

/// A function to be minimised: no `=`, every name is a parameter (Formula::right; left is the number 0,
/// columns is empty).
Result<Formula> parse_function(std::string_view text);

/// `y = a1*x1 + ... + b` from names: how a linear fit reads as a formula. Fewer than kFormulaDepth features.
Formula linear_formula(const std::string& target, std::span<const std::string> features,
                       std::span<const std::string> coefficients,
                       const std::optional<std::string>& intercept);

/// A name as it is written in a formula: in backticks where it has to be.
std::string formula_name(std::string_view name);

}  // namespace talweg
