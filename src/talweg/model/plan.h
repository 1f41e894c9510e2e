// SPDX-License-Identifier: Apache-2.0
// Everything that can be told before the first step: optimizer, rates, condition number, forecast, warnings.
#pragma once

#include <optional>
#include <string>

#include "talweg/model/formula_data.h"
#include "talweg/model/problem.h"

namespace talweg {

/// Fills problem.plan; data, features, start, cost and curvature are there. `standard_largest`: the largest
/// eigenvalue in standardised coordinates, where the scale used is none.
void make_plan(const FitRequest& request, std::optional<double> standard_largest, Problem& problem);

/// Target, formula and columns of the plan, and the formula's warnings.
void describe_formula(const BoundFormula& formula, Plan& plan);

/// The cost spelled out; target, formula, parameters and cost of the plan are there. `weights`: the column's
/// name; `weight`: its sum.
std::string objective_text(const FitRequest& request, const Plan& plan, const std::string& weights,
                           std::uint64_t rows, double weight);

/// The prediction of a linear model as text, every term while they are few.
std::string prediction_text(const Plan& plan);

/// " + 0.5 * sum of |w| + 2/2 * sum of w^2"; empty without a penalty.
std::string penalty_text(const FitRequest& request, bool of_formula);

/// Defaults of runs over rows.
inline constexpr std::uint64_t kRowEpochs = 10'000;
inline constexpr double kRowTolerance = 1e-8;

/// Why steps after batches are plain ones.
inline constexpr const char* kWhyBatches = "it is the plain stochastic step";

/// A method and the reason for it.
struct UsualMethod {
  Optimizer optimizer = Optimizer::gd;
  std::string why;
  bool curved = false;  ///< of a formula that is not affine in its parameters
};
/// Method, rate, momentum and adam's memories of a descent over rows: as asked; else what suits batches or a
/// given rate: gd, after batches without a rate adam of a curved formula and of a loss with a kink (there its
/// memories are as long for smaller batches as for those of 32 rows); else the usual one.
void choose_method(const FitRequest& request, UsualMethod usual, Plan& plan);

/// Schedule and batches of the plan.
void take_batches(const FitRequest& request, Plan& plan);

/// Why an l1 penalty takes Newton's steps.
inline constexpr const char* kWhyNewtonOnSupport =
    "between proximal steps, which make exact zeros, it goes to the lowest point on the parameters that are "
    "not zero";

/// Settings of the descent that the plan describes.
MethodSettings method_settings(const Plan& plan);

/// "learning rate 0.0005 is 1.042 times the largest stable rate 0.000479669": what both the warning before
/// and the post-mortem after a divergence start with.
std::string rate_verdict(const Plan& plan);
/// "use 0.00047, or --scale standard (then 1)".
std::string rate_remedy(const Plan& plan);

}  // namespace talweg
