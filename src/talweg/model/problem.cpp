// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/model/plan.h"
#include "talweg/model/row_problem.h"

namespace talweg {
namespace {

// Columns of the moments in the order of the parameters, then the target.
struct Design {
  std::vector<MomentColumn> columns;
  std::vector<Parameter> parameters;
  std::vector<FeatureSummary> features;
  std::vector<std::string> warnings;
};

std::optional<std::uint32_t> gap_level(const FoldedData& data, std::size_t feature) {
  for (std::size_t id = 0; id < data.levels.size(); ++id) {
    if (data.levels[id].gap && data.levels[id].column == feature) return static_cast<std::uint32_t>(id);
  }
  return std::nullopt;
}

Result<void> add_numeric(const FoldedData& data, std::size_t feature, std::size_t dense, Design& design) {
  const ColumnInfo& info = data.features[feature];
  const auto gap = gap_level(data, feature);
  const auto mean = gap ? mean_of_present(data.folded, dense, *gap) : data.folded.mean[dense].value();
  if (!mean) {
    return fail(Error{ErrorKind::data,
                      "every cell is missing, so there is no mean to fill the gaps with",
                      "leave the column out with --drop",
                      {},
                      0,
                      info.name});
  }
  FeatureSummary summary;
  summary.name = info.name;
  summary.mean = *mean;
  summary.missing = info.missing;
  design.features.push_back(summary);
  design.columns.push_back({dense, gap});
  design.parameters.push_back({info.name, info.name, std::nullopt, false});
  return {};
}

void add_text(const FoldedData& data, std::size_t feature, bool keep_all_levels, Design& design) {
  const ColumnInfo& info = data.features[feature];
  std::vector<std::pair<std::string, std::uint32_t>> levels;
  for (std::size_t id = 0; id < data.levels.size(); ++id) {
    const Level& level = data.levels[id];
    if (!level.gap && level.column == feature)
      levels.emplace_back(level.text, static_cast<std::uint32_t>(id));
  }
  std::sort(levels.begin(), levels.end());
  FeatureSummary summary;
  summary.name = info.name;
  summary.kind = ColumnKind::text;
  summary.missing = info.missing;
  summary.has_reference = !keep_all_levels && !levels.empty();
  for (std::size_t k = 0; k < levels.size(); ++k) {
    summary.levels.push_back(levels[k].first);
    if (k == 0 && summary.has_reference) {
      summary.reference = levels[k].first;
      continue;
    }
    design.columns.push_back({std::nullopt, levels[k].second});
    design.parameters.push_back(
        {fmt::format("{}[{}]", info.name, levels[k].first), info.name, levels[k].first, false});
  }
  if (summary.has_reference && levels.size() == 1) {
    design.warnings.push_back(fmt::format("column {} has one level only, {}: it has no parameter",
                                          in_quotes(info.name), in_quotes(levels[0].first)));
  }
  design.features.push_back(std::move(summary));
}

Result<Design> make_design(const FoldedData& data, const FitRequest& request) {
  Design design;
  std::size_t dense = 0;
  bool first_text = true;
  for (std::size_t feature = 0; feature < data.features.size(); ++feature) {
    if (data.features[feature].kind == ColumnKind::numeric) {
      if (auto added = add_numeric(data, feature, dense++, design); !added) return fail(added.error());
    } else {
      add_text(data, feature, !request.intercept && first_text, design);
      first_text = false;
    }
  }
  design.columns.push_back({dense, std::nullopt});  // the target
  if (request.intercept) {
    const bool clash = std::any_of(design.parameters.begin(), design.parameters.end(),
                                   [](const Parameter& p) { return p.name == "intercept"; });
    design.parameters.push_back({clash ? "(intercept)" : "intercept", "", std::nullopt, true});
    if (clash)
      design.warnings.emplace_back(
          "a column is called 'intercept'; the model's own is shown as '(intercept)'");
  }
  std::set<std::string> seen;
  for (const Parameter& parameter : design.parameters) {
    if (seen.insert(parameter.name).second) continue;
    return fail(ErrorKind::data, fmt::format("two parameters would be called {}", in_quotes(parameter.name)),
                "rename the column or leave it out with --drop");
  }
  return design;
}

// What a formula's parameters multiply are the columns of the fold already.
Design formula_design(const BoundFormula& bound) {
  Design design;
  const std::vector<std::size_t> slopes = bound.slopes();
  for (std::size_t k = 0; k <= slopes.size(); ++k) design.columns.push_back({k, std::nullopt});
  for (const std::size_t j : slopes)
    design.parameters.push_back({bound.formula.parameters[j], "", std::nullopt, false});
  if (const auto intercept = bound.intercept())
    design.parameters.push_back({bound.formula.parameters[*intercept], "", std::nullopt, true});
  return design;
}

}  // namespace

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
  plan.warnings = std::move(design->warnings);
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
