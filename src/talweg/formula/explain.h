// SPDX-License-Identifier: Apache-2.0
// The gradient of a cost, derived line by line with the user's formula put in: for `talweg explain` and for
// the page.
//
//   mse      1/n sum (f - y)^2        half-mse  1/(2n) sum (f - y)^2        sse  sum (f - y)^2
//
// with f the formula's right side and y its left side; each partial derivative ends as factor * sum((f - y) *
// df/dp). The other losses of objective/loss.h: 1/n sum loss(f, y), which ends as 1/n * sum(slope * df/dp),
// the slope a function of f and y alone. Written as text, as LaTeX (an aligned environment a derivation) or
// as MathML (a table a derivation).
#pragma once

#include <string>
#include <vector>

#include "talweg/formula/derive.h"
#include "talweg/formula/formula.h"

namespace talweg {

/// In the order of objective's CostKind.
enum class LossKind { mse, half_mse, sse, mae, huber, quantile, logistic, poisson, hinge, squared_hinge };
std::string_view loss_kind_name(LossKind cost);

struct LossNumbers {
  double huber_delta = 1;
  double quantile = 0.5;
};

/// `n` is Op::rows, the number of rows.
struct CostDerivation {
  LossKind cost = LossKind::mse;
  Expression value;                  ///< the cost
  Expression residual;               ///< f - y
  std::vector<Expression> features;  ///< df/dp, simplified, by parameter
  std::vector<Derivation> partials;  ///< from d/dp cost to the gradient, by parameter
};

CostDerivation derive_cost(const Formula& formula, LossKind cost, const LossNumbers& numbers = {});

/// Of the plain function that is minimised: its value and its partial derivatives.
CostDerivation derive_function(const Formula& formula);

enum class Notation { text, latex, mathml };

/// The cost, every partial derivative line by line with its rules, the update of every parameter. `of` names
/// the cost
/// (`mse`); for a function its name is f.
std::string explanation(const Formula& formula, const CostDerivation& derivation, Notation notation);

/// For the page: one <math> element a parameter after one for the cost.
std::string derivation_mathml(const Formula& formula, LossKind cost, const LossNumbers& numbers = {});

}  // namespace talweg
