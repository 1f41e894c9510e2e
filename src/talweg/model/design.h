// SPDX-License-Identifier: Apache-2.0
// Data and a request -> the parameters of a linear model in their order, and what each of them multiplies.
#pragma once

#include <string>
#include <vector>

#include "talweg/model/formula_data.h"
#include "talweg/model/problem.h"

namespace talweg {

/// Columns of the moments in the order of the parameters but the intercept, then the target.
struct Design {
  std::vector<MomentColumn> columns;
  std::vector<Parameter> parameters;
  std::vector<FeatureSummary> features;
  std::vector<std::string> warnings;
};

/// Errors: a column whose every cell is missing; two parameters of one name.
Result<Design> make_design(const FoldedData& data, const FitRequest& request);

/// What a formula's parameters multiply are the columns of the fold already.
Design formula_design(const BoundFormula& bound);

}  // namespace talweg
