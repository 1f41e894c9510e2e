// SPDX-License-Identifier: Apache-2.0
// Is a formula affine in its parameters, right = sum_j p_j g_j(columns) + offset(columns)? Decided
// symbolically: no simplified partial derivative contains a parameter. Then the partial derivatives g_j are
// features, and the fit is a linear model of (left - offset) on them.
#pragma once

#include <optional>
#include <vector>

#include "talweg/formula/formula.h"
#include "talweg/formula/program.h"

namespace talweg {

struct AffineForm {
  std::vector<Expression> features;  ///< the partial derivative for each parameter, of columns alone
  Expression offset;                 ///< what holds no parameter; the number 0 where there is nothing
  /// The first parameter whose feature is a constant other than 0, and that constant (1 as a rule).
  std::optional<std::size_t> intercept;
  double intercept_feature = 1;
  /// Parameters that the formula does not depend on (their derivative is 0).
  std::vector<std::size_t> without_effect;

  [[nodiscard]] bool has_offset() const { return !offset.is_number(0); }
};

/// All partial derivatives of the right side, in the order of the parameters.
std::vector<Expression> partial_derivatives(const Formula& formula);

/// Absent where the formula is not affine in its parameters.
std::optional<AffineForm> affine_form(const Formula& formula);

/// value = offset, partials = features: for evaluate_pairs over blocks of rows.
Program compile_affine(const Formula& formula, const AffineForm& form);

}  // namespace talweg
