// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/row_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/descent/rates.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/print.h"
#include "talweg/model/batch_rows.h"
#include "talweg/model/plan.h"
#include "talweg/objective/curvature.h"
#include "talweg/objective/triangle.h"

namespace talweg {
namespace {

// The Gauss-Newton Hessian 2c J'J, row-major.
std::vector<double> hessian_of(const Linearised& at, double factor) {
  const std::size_t n = at.size;
  std::vector<double> out(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k <= i; ++k)
        sum += at.triangle[triangle_column(i) + k] * at.triangle[triangle_column(j) + k];
      out[i * n + j] = out[j * n + i] = 2 * factor * sum;
    }
  }
  return out;
}

std::optional<Curvature> local_curvature(ResidualObjective& cost, std::span<const double> parameters) {
  Linearised at;
  if (!cost.linearise(Point({parameters.begin(), parameters.end()}), at)) return std::nullopt;
  const std::vector<double> hessian = hessian_of(at, cost.cost_factor());
  if (!std::all_of(hessian.begin(), hessian.end(), [](double h) { return std::isfinite(h); }))
    return std::nullopt;
  Curvature out = curvature(hessian, std::vector<double>(at.size, 0.0));
  if (!(out.largest() > 0)) return std::nullopt;
  return out;
}

void warn_of_rate(const Plan& plan, const std::optional<Curvature>& local,
                  std::vector<std::string>& warnings) {
  const bool judged = plan.optimizer == Optimizer::gd || plan.optimizer == Optimizer::momentum ||
                      plan.optimizer == Optimizer::nesterov;
  if (!judged || !local || !plan.learning_rate || plan.learning_rate_chosen) return;
  const double stable = largest_stable_rate(plan.optimizer, local->largest(), plan.momentum);
  if (*plan.learning_rate < stable) return;
  warnings.push_back(
      fmt::format("learning rate {} is {} times the stable rate {} of the curvature at the start ({}, {}; "
                  "local, it changes on the "
                  "way): the descent may diverge",
                  shortest(*plan.learning_rate), short_text(*plan.learning_rate / stable, 4),
                  short_text(stable), cost_name(plan.cost), optimizer_name(plan.optimizer)));
}

void warn_of_flat_parameters(RowSquares& cost, std::span<const double> start, Plan& plan) {
  Linearised at;
  if (!cost.linearise(Point({start.begin(), start.end()}), at)) return;
  std::vector<std::string> flat;
  for (std::size_t j = 0; j < at.size; ++j) {
    if (column_norm(at.triangle, j) == 0) flat.push_back(plan.parameters[j].name);
  }
  if (flat.empty()) return;
  plan.warnings.push_back(
      fmt::format("at the start the cost does not depend on {}: a descent from there may never move "
                  "{}; another --start helps",
                  name_list(flat), flat.size() == 1 ? "it" : "them"));
}

}  // namespace

RowProblem::RowProblem(FormulaData data, RowSquaresSettings settings)
    : formula(std::move(data.formula)),
      store(std::move(*data.store)),
      stored(std::move(data.stored)),
      records(std::move(data.records)),
      model(formula, stored),
      squares(std::make_unique<RowSquares>(store, model, std::move(settings))) {}

RowProblem::RowProblem(FormulaData data, RowCostSettings settings)
    : formula(std::move(data.formula)),
      store(std::move(*data.store)),
      stored(std::move(data.stored)),
      records(std::move(data.records)),
      model(formula, stored),
      losses(std::make_unique<RowCost>(store, model, std::move(settings))) {}

std::optional<Error> RowProblem::why_not_finite(const FitRequest& request,
                                                std::span<const double> parameters) const {
  const auto found =
      squares != nullptr ? squares->first_not_finite(parameters) : losses->first_not_finite(parameters);
  if (!found) return std::nullopt;
  std::uint64_t number = found->row;
  for (std::size_t k = 0; k < found->block; ++k) number += store.block(k).rows;
  std::vector<double> cells(formula->formula.columns.size(), 0.0);
  for (std::size_t k = 0; k < stored.size(); ++k)
    cells[stored[k]] = store.column(found->block, k)[found->row];
  const Formula& f = formula->formula;
  std::string what = fmt::format("{} is no finite number there", formula->right_text);
  Expression culprit = f.right;
  if (found->partial) {
    culprit = partial_derivatives(f)[*found->partial];
    what = fmt::format("the derivative of the formula with respect to {} is no finite number there",
                       in_quotes(f.parameters[*found->partial]));
  }
  std::string values;
  for (std::size_t j = 0; j < f.parameters.size(); ++j)
    values += fmt::format("{}{} = {}", j > 0 ? ", " : "", f.parameters[j], short_text(parameters[j]));
  return talweg::not_finite(
      what, find_record(request, records.at(number)), talweg::why_not_finite(culprit, cells, parameters),
      fmt::format("correct the cell, or begin elsewhere with --start (now {})", values));
}

std::optional<LocalRates> local_rates(ResidualObjective& cost, std::span<const double> parameters) {
  const auto local = local_curvature(cost, parameters);
  if (!local) return std::nullopt;
  return LocalRates{2 / local->largest(), local->condition_number()};
}

void choose_row_method(const FitRequest& request, UsualMethod usual, Plan& plan) {
  choose_method(request, std::move(usual), plan);
  plan.epochs = request.epochs.value_or(kRowEpochs);
  take_batches(request, plan);
  plan.schedule.epochs = plan.epochs;
  plan.tolerance = request.tolerance;
  if (!plan.tolerance && !request.epochs) plan.tolerance = kRowTolerance;
}

Result<std::vector<double>> formula_start(const FitRequest& request, const std::vector<Parameter>& parameters,
                                          double fallback) {
  auto start = start_values(request, parameters, fallback);
  for (std::size_t j = 0; start && request.start == StartKind::random && j < start->size(); ++j)
    (*start)[j] = random_normal(request.seed, 0, j);
  return start;
}

Result<Problem> make_row_problem(FormulaData data, const FitRequest& request) {
  if (request.l1 > 0) {
    return fail(ErrorKind::usage,
                "--l1 is for linear models and for formulas that are linear in their parameters", "use --l2");
  }
  if (request.scale == ScaleChoice::standard) {
    return fail(ErrorKind::usage,
                "--scale standard needs a formula that is linear in its parameters: what would be "
                "standardised changes with "
                "them",
                "leave it out; --optimizer lm needs no scale");
  }
  Problem problem;
  const BoundFormula& bound = *data.formula;
  problem.data = std::move(data.data);
  problem.has_intercept = true;  // r2 compares with the mean
  Plan& plan = problem.plan;
  plan.over_rows = true;
  for (const std::string& name : bound.formula.parameters)
    plan.parameters.push_back({name, "", std::nullopt, false});
  describe_formula(bound, plan);
  plan.cost = request.cost;
  plan.restarts = request.restarts;

  RowSquaresSettings settings;
  settings.cost = request.cost;
  settings.l2 = request.l2;
  settings.threads = request.threads;
  const std::vector<Expression> partials = partial_derivatives(bound.formula);
  for (const Expression& partial : partials) {
    settings.penalised.push_back(partial.has_columns() || partial.has_parameters());
  }
  problem.rows = std::make_shared<RowProblem>(std::move(data), std::move(settings));
  RowSquares& cost = *problem.rows->squares;

  auto start = formula_start(request, plan.parameters, 1.0);
  if (!start) return fail(start.error());
  problem.start = std::move(*start);
  Linearised at_start;
  if (!cost.linearise(Point(problem.start), at_start)) {
    if (auto error = problem.rows->why_not_finite(request, problem.start)) return fail(*error);
    return fail(ErrorKind::data,
                "the cost at the start is not finite: residuals are too large for their squares",
                "begin elsewhere with --start");
  }

  const auto local = local_curvature(cost, problem.start);
  if (local) plan.at_start = LocalRates{2 / local->largest(), local->condition_number()};
  choose_row_method(request, {Optimizer::lm, "the cost is a sum of squares of a curved function", true},
                    plan);
  plan.objective = objective_text(request, plan, problem.data.weights, cost.rows(), cost.weight());
  if (request.batch_size) {
    auto batches = make_formula_batches(*problem.rows, LossSettings{request.cost}, request);
    if (!batches) return fail(batches.error());
    problem.batches = std::move(*batches);
  }
  std::vector<double> gradient(cost.size());
  plan.start_cost = cost.evaluate(Point(problem.start), gradient);
  warn_of_rate(plan, local, plan.warnings);
  warn_of_flat_parameters(cost, problem.start, plan);
  if (cost.rows() < cost.size()) {
    plan.warnings.push_back(fmt::format("{} rows cannot determine {} parameters", cost.rows(), cost.size()));
  }
  return problem;
}

}  // namespace talweg
