// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/model/design.h"
#include "talweg/model/plan.h"
#include "talweg/model/row_problem.h"

namespace talweg {

Result<std::vector<double>> start_values(const FitRequest& request, const std::vector<Parameter>& parameters,
                                         double fallback) {
  if (request.start == StartKind::ones) fallback = 1;
  if (request.start == StartKind::zeros) fallback = 0;
  std::vector<double> start(parameters.size(), fallback);
  if (request.start != StartKind::values) return start;
  std::vector<std::string> names;
  names.reserve(parameters.size());
  for (const Parameter& parameter : parameters) names.push_back(parameter.name);
  for (const auto& [name, value] : request.start_values) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const auto near = nearest_names(name, names);
      return fail(ErrorKind::data,
                  fmt::format("{} names {}, which is no parameter of this model", request.start_source,
                              in_quotes(name)),
                  near.empty() ? "the parameters are " + name_list(names)
                               : "did you mean " + name_list(near, "or") + "?");
    }
    start[static_cast<std::size_t>(found - names.begin())] = value;
  }
  return start;
}

Result<Problem> make_problem(FoldedData data, const FitRequest& request) {
  const bool has_intercept =
      data.formula != nullptr ? data.formula->intercept().has_value() : request.intercept;
  const bool only_intercept = data.formula != nullptr && data.formula->slopes().empty();
  if (has_intercept && !only_intercept && data.folded.rows == 1) {
    return fail(
        ErrorKind::data, "the data have one row only, and with an intercept one row fits anything",
        data.formula != nullptr ? "give at least two rows" : "give at least two rows, or --no-intercept");
  }
  auto design =
      data.formula != nullptr ? Result<Design>(formula_design(*data.formula)) : make_design(data, request);
  if (!design) return fail(design.error());
  const Moments moments = assemble(data.folded, design->columns);

  Problem problem;
  problem.data = std::move(data);
  problem.features = std::move(design->features);
  problem.columns = std::move(design->columns);
  Plan& plan = problem.plan;
  plan.parameters = std::move(design->parameters);
  plan.target = problem.data.target.name;
  problem.has_intercept = has_intercept;
  plan.warnings = std::move(problem.data.warnings);
  plan.warnings.insert(plan.warnings.end(), design->warnings.begin(), design->warnings.end());
  if (problem.data.formula != nullptr) {
    describe_formula(*problem.data.formula, plan);
    const AffineForm& affine = *problem.data.formula->affine;
    if (request.l2 > 0 && affine.intercept && !has_intercept) {
      return fail(ErrorKind::usage,
                  fmt::format("the constant term is {} times {}, and a constant term is never penalised",
                              shortest(affine.intercept_feature),
                              in_quotes(problem.data.formula->formula.parameters[*affine.intercept])),
                  "write the constant term as a parameter by itself, or leave --l2 out");
    }
  }
  for (std::size_t j = 0; j < plan.parameters.size(); ++j) {
    for (FeatureSummary& feature : problem.features) {
      const bool own = feature.kind == ColumnKind::numeric && feature.name == plan.parameters[j].column;
      if (own) feature.spread = moments.spread(j);
    }
  }
  for (std::size_t j = 0; j + 1 < moments.size(); ++j) problem.spreads.push_back(moments.spread(j));
  auto start = start_values(request, plan.parameters, 0.0);
  if (!start) return fail(start.error());
  problem.start = std::move(*start);

  plan.scale_chosen = request.scale == ScaleChoice::automatic;
  plan.scale = request.scale == ScaleChoice::standard || (plan.scale_chosen && !request.learning_rate)
                   ? Scale::standard
                   : Scale::none;
  LeastSquaresSettings settings{has_intercept, request.cost, plan.scale, request.l2,
                                request.penalty_on_standard_scale};
  const auto make_cost = [&] { return std::make_unique<LeastSquares>(moments, settings, problem.start); };
  problem.cost = make_cost();
  if (problem.cost->size() == 0) {
    return fail(ErrorKind::data, "there is nothing to fit: no feature has more than the value zero",
                problem.data.formula != nullptr ? "what the parameters multiply is zero in every row"
                                                : "name other features, or leave --no-intercept out");
  }
  if (request.start == StartKind::random) {
    Point random(std::vector<double>(problem.cost->size()));
    for (std::size_t j = 0; j < random.size(); ++j) random.high[j] = random_normal(request.seed, 0, j);
    problem.start = problem.cost->to_user(random);
    problem.cost = make_cost();
  }
  problem.curvature = curvature(problem.cost->hessian(), problem.cost->start_gradient());
  std::optional<double> standard_largest;
  if (plan.scale == Scale::none) {
    settings.scale = Scale::standard;
    const LeastSquares standard(moments, settings, problem.start);
    standard_largest = curvature(standard.hessian(), standard.start_gradient()).largest();
  }
  make_plan(request, standard_largest, problem);
  return problem;
}

}  // namespace talweg
