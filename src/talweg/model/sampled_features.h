// SPDX-License-Identifier: Apache-2.0
// A sampled row (row_sample.h) as the parameters of a linear model, or of a formula that is linear in them,
// see it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "talweg/model/problem.h"
#include "talweg/model/row_sample.h"

namespace talweg {

/// What each parameter but the intercept multiplies, in their order: levels as 0 and 1, gaps filled with the
/// mean.
std::vector<double> sampled_features(const Problem& problem, const SampledRow& row);
double sampled_target(const Problem& problem, const SampledRow& row);

/// The feature that a picture has as its axis, with its name: the only one, or in a formula that uses one
/// column of numbers that column.
std::optional<std::size_t> axis_column(const Problem& problem, std::string& name);

/// sum of features x parameters, plus the intercept where there is one parameter more.
double linear_prediction(const std::vector<double>& features, const std::vector<double>& parameters);

}  // namespace talweg
