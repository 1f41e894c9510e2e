// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/affine.h"

#include <cmath>

#include "talweg/formula/derive.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/simplify.h"

namespace talweg {

std::vector<Expression> partial_derivatives(const Formula& formula) {
  std::vector<Expression> out;
  out.reserve(formula.parameters.size());
  for (std::size_t j = 0; j < formula.parameters.size(); ++j) out.push_back(derivative(formula.right, j));
  return out;
}

std::optional<AffineForm> affine_form(const Formula& formula) {
  AffineForm out;
  out.features = partial_derivatives(formula);
  for (std::size_t j = 0; j < out.features.size(); ++j) {
    const Expression& feature = out.features[j];
    if (feature.has_parameters()) return std::nullopt;
    if (feature.is_number(0)) {
      out.without_effect.push_back(j);
    } else if (!out.intercept && !feature.has_columns()) {
      out.intercept = j;
      out.intercept_feature = evaluate(feature, {}, {});
    }
  }
  // All parameters 0 leaves what holds none.
  out.offset = simplify(replace_leaves(formula.right, [](const Expression& leaf) {
    return leaf.is(Op::parameter) ? Expression::number(0) : leaf;
  }));
  if (!out.offset.has_columns()) {
    const double value = evaluate(out.offset, {}, {});
    if (value == 0) out.offset = Expression::number(0);
    if (!std::isfinite(value)) return std::nullopt;
  }
  return out;
}

Program compile_affine(const Formula& formula, const AffineForm& form) {
  return Program::compile(form.offset, form.features, formula.columns.size(), formula.parameters.size());
}

}  // namespace talweg
