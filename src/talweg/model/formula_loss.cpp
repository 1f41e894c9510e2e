// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/formula_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/model/batch_rows.h"
#include "talweg/model/fit_ending.h"
#include "talweg/model/formula_separation.h"
#include "talweg/model/kink_descent.h"
#include "talweg/model/labels.h"
#include "talweg/model/loss_problem.h"
#include "talweg/model/plan.h"
#include "talweg/model/row_fit.h"
#include "talweg/model/row_problem.h"
#include "talweg/model/row_view.h"
#include "talweg/model/run_watch.h"
#include "talweg/objective/curvature.h"

namespace talweg {
namespace {

constexpr double kDivergenceFactor = 1e6;

// Every target with its weight.
template <class Take>
void each_target(const RowStore& store, const Take& take) {
  for (std::size_t k = 0; k < store.blocks(); ++k) {
    const RowStore::Block& block = store.block(k);
    const double* const y = store.column(k, store.columns());
    for (std::size_t r = 0; r < block.rows; ++r) take(y[r], block.weights.empty() ? 1.0 : block.weights[r]);
  }
}

struct TargetSpread {
  double mean = 0;
  double spread = 0;
};

TargetSpread spread_of(const RowStore& store) {
  DoubleDouble sum;
  DoubleDouble scatter;
  each_target(store, [&](double y, double w) { sum += two_product(w, y); });
  const double mean = (sum / store.weight()).value();
  each_target(store, [&](double y, double w) { scatter += two_product(w * (y - mean), y - mean); });
  return {mean, std::sqrt((scatter / store.weight()).value())};
}

// The median distance of the targets from their median: what outliers do not stretch.
double median_distance(const RowStore& store) {
  std::vector<double> values;
  each_target(store, [&](double y, double) { values.push_back(y); });
  const auto middle = [&] {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  const double median = middle();
  for (double& value : values) value = std::abs(value - median);
  return middle();
}

// Where the smoothing of a loss with a kink begins. A curved formula has valleys of its own for a loss that
// is nearly a square, as one smoothed widely is.
double first_width(const RowStore& store, CostKind loss, bool affine) {
  if (loss == CostKind::hinge) return 1;
  double width = affine ? 0 : median_distance(store);
  if (!(width > 0)) width = spread_of(store).spread;
  return width > 0 ? width : 1;
}

double constant_cost(const RowStore& store, const LossSettings& loss) {
  const double f = constant_prediction(loss.kind, spread_of(store).mean);
  DoubleDouble cost;
  each_target(store, [&](double y, double w) {
    double value = 0;
    double slope = 0;
    evaluate_loss(loss, &f, &y, 1, &value, &slope, nullptr);
    cost += two_product(w, value);
  });
  return (cost / store.weight()).value();
}

std::string objective_of(const FitRequest& request, const Problem& problem) {
  const Plan& plan = problem.plan;
  const std::string& weights = problem.data.weights;
  const RowCost& cost = *problem.rows->losses;
  std::string out = fmt::format("1/{} * sum over rows of {}[{}]", weights.empty() ? "n" : "W",
                                weights.empty() ? "" : weights + " * ", loss_text(*plan.loss, plan.target));
  out += penalty_text(request, true);
  out += fmt::format(", f = {}", problem.rows->formula->right_text);
  out += weights.empty() ? fmt::format(", n = {}", cost.rows())
                         : fmt::format(", W = sum of {} = {}", weights, shortest(cost.weight()));
  return out + labels_text(plan);
}

Result<void> check(const FitRequest& request, bool affine) {
  if (request.l1 > 0) {
    return fail(
        ErrorKind::usage,
        fmt::format("--l1 with --loss {} is for linear models, not for formulas", cost_name(request.cost)),
        "use --l2, or --target");
  }
  if (request.scale == ScaleChoice::standard) {
    return fail(ErrorKind::usage,
                fmt::format("--scale standard with --loss {} is for linear models, not for formulas",
                            cost_name(request.cost)),
                "leave it out; newton needs no scale");
  }
  if (request.restarts > 0 && affine) {
    return fail(
        ErrorKind::usage,
        "--restarts does nothing for a formula that is linear in its parameters: its cost has one valley",
        "leave it out");
  }
  return {};
}

// From the Gauss-Newton curvature at the start.
std::optional<LocalRates> rates_at(RowCost& cost, const std::vector<double>& start) {
  const std::vector<double> hessian = cost.hessian(Point(start));
  if (!std::all_of(hessian.begin(), hessian.end(), [](double h) { return std::isfinite(h); }))
    return std::nullopt;
  const Curvature local = curvature(hessian, std::vector<double>(cost.size(), 0.0));
  if (!(local.largest() > 0)) return std::nullopt;
  return LocalRates{2 / local.largest(), local.condition_number()};
}

DescentSettings descent_settings(const FitRequest& request, const Problem& problem,
                                 const std::vector<double>& start) {
  const Plan& plan = problem.plan;
  const RowProblem& rows = *problem.rows;
  RowCost& cost = *rows.losses;
  const auto norm_at = [&](const std::vector<double>& at) {
    std::vector<double> gradient(cost.size());
    const double value = cost.evaluate(Point(at), gradient);
    double sum = 0;
    for (const double g : gradient) sum += g * g;
    return std::isfinite(value) && std::isfinite(sum) ? std::sqrt(sum) : 0;
  };
  cost.set_width(rows.first_width);
  DescentSettings settings;
  settings.method = method_settings(plan);
  settings.method.adam_first = plan.adam_first;
  settings.method.adam_second = plan.adam_second;
  settings.epochs = plan.epochs;
  settings.tolerance = plan.tolerance;
  settings.gradient_scale = std::max(norm_at(start), norm_at(std::vector<double>(cost.size(), 0.0)));
  settings.max_seconds = request.max_seconds;
  settings.divergence_cost = kDivergenceFactor * std::max(plan.start_cost, rows.constant_cost);
  settings.stop = request.stop;
  if (problem.batches) settings.method.batches = &problem.batches->settings;
  return settings;
}

KinkDescent descend(RowProblem& rows, const std::vector<double>& start, const DescentSettings& settings) {
  if (rows.first_width > 0) return descend_on_kink(*rows.losses, Point(start), settings, rows.first_width);
  return {minimise(*rows.losses, Point(start), settings), std::nullopt};
}

void add_errors(const RowProblem& rows, Fit& fit) {
  const bool classes = is_classification(fit.plan.cost);
  const std::vector<double> f = rows.losses->predictions(fit.parameters);
  DoubleDouble squares;
  DoubleDouble sum;
  DoubleDouble scatter;
  std::size_t at = 0;
  each_target(rows.store, [&](double target, double w) {
    const double y = classes ? (target + 1) / 2 : target;
    const double mean = mean_of_prediction(fit.plan.cost, f[at++]);
    const double shown = fit.plan.cost == CostKind::logistic || !classes ? mean : mean > 0 ? 1.0 : 0.0;
    squares += two_product(w * (y - shown), y - shown);
    sum += two_product(w, y);
  });
  const double weight = rows.losses->weight();
  const double mean = sum.value() / weight;
  each_target(rows.store, [&](double y, double w) { scatter += two_product(w * (y - mean), y - mean); });
  fit.mse = squares.value() / weight;
  if (!classes && scatter.value() > 0 && std::isfinite(fit.mse))
    fit.r2 = 1 - squares.value() / scatter.value();
}

void add_standard_errors(RowProblem& rows, const Point& at, Fit& fit) {
  const std::size_t p = fit.parameters.size();
  fit.standard_errors.assign(p, std::nullopt);
  fit.certificate.parameter_bounds.assign(p, std::nullopt);
  if (fit.plan.cost != CostKind::logistic && fit.plan.cost != CostKind::poisson) {
    fit.notes.push_back(
        fmt::format("{} is no likelihood, so there are no standard errors", cost_name(fit.plan.cost)));
    return;
  }
  if (fit.l2 > 0) {
    fit.notes.emplace_back("a penalty biases the parameters on purpose, so they have no standard errors");
    return;
  }
  const auto inverse = rows.losses->inverse_hessian_diagonal(at);
  for (std::size_t j = 0; j < p; ++j) {
    if (inverse[j] && *inverse[j] >= 0)
      fit.standard_errors[j] = std::sqrt(*inverse[j] / rows.losses->weight());
  }
}

}  // namespace

Result<std::optional<Classes>> take_loss_targets(FormulaData& data, const FitRequest& request) {
  const bool classes = is_classification(request.cost);
  if (!classes && request.cost != CostKind::poisson) return std::optional<Classes>();
  TargetWatch watch(request.cost);
  std::uint64_t row = 0;
  each_target(*data.store, [&](double y, double) { watch.take(y, data.records.at(row++)); });
  // Messages name the left side as it is.
  FoldedData& folded = data.data;
  const std::string column = std::exchange(folded.target.name, data.formula->left_text);
  const auto found = classes ? watch.classes(folded, request) : Result<Classes>(Classes{});
  const auto counts = classes ? Result<void>() : watch.counts(folded, request);
  folded.target.name = column;
  if (!found) return fail(found.error());
  if (!counts) return fail(counts.error());
  if (!classes) return std::optional<Classes>();
  data.store->change_target([&](double y) { return y == found->values[1] ? 1.0 : -1.0; });
  return std::optional<Classes>(*found);
}

Result<Problem> make_formula_loss_problem(FormulaData data, const FitRequest& request) {
  const BoundFormula& bound = *data.formula;
  const bool affine = bound.affine.has_value();
  if (auto checked = check(request, affine); !checked) return fail(checked.error());
  Problem problem;
  problem.has_intercept = true;  // r2 compares with the mean
  Plan& plan = problem.plan;
  plan.over_rows = true;
  for (const std::string& name : bound.formula.parameters)
    plan.parameters.push_back({name, "", std::nullopt, false});
  describe_formula(bound, plan);
  plan.cost = request.cost;
  plan.loss = LossSettings{request.cost, request.huber_delta, request.quantile, 0};
  plan.restarts = request.restarts;
  const auto classes = take_loss_targets(data, request);
  if (!classes) return fail(classes.error());
  if (*classes) {
    plan.classes.assign((*classes)->texts.begin(), (*classes)->texts.end());
    plan.labels_are_levels = (*classes)->levels;
  }
  problem.data = std::move(data.data);

  RowCostSettings settings{*plan.loss, request.l2, {}, affine, request.threads};
  for (const Expression& partial : partial_derivatives(bound.formula))
    settings.penalised.push_back(partial.has_columns() || partial.has_parameters());
  problem.rows = std::make_shared<RowProblem>(std::move(data), std::move(settings));
  RowProblem& rows = *problem.rows;
  RowCost& cost = *rows.losses;

  auto start = formula_start(request, plan.parameters, affine ? 0.0 : 1.0);
  if (!start) return fail(start.error());
  problem.start = std::move(*start);
  if (auto error = rows.why_not_finite(request, problem.start)) return fail(*error);
  rows.constant_cost = constant_cost(rows.store, *plan.loss);
  // A rate given makes subgradient steps on the loss itself.
  const double width =
      has_kink(request.cost) && !request.learning_rate ? first_width(rows.store, request.cost, affine) : 0;
  if (request.batch_size) {
    auto batches = make_formula_batches(rows, *plan.loss, request);
    if (!batches) return fail(batches.error());
    problem.batches = std::move(*batches);
    problem.batches->settings.first_width = width;
  } else {
    rows.first_width = width;
  }
  plan.start_cost = cost.sharp_cost(Point(problem.start));
  if (!std::isfinite(plan.start_cost)) {
    return fail(ErrorKind::data,
                fmt::format("the cost at the start is not finite: {} is too large there",
                            request.cost == CostKind::poisson ? "exp(f)" : "the loss"),
                "begin elsewhere with --start");
  }
  if (!has_kink(request.cost)) plan.at_start = rates_at(cost, problem.start);
  choose_row_method(request,
                    {Optimizer::newton,
                     affine ? "the formula is linear in its parameters, and its curvature is known"
                            : "the curvature of the loss and the slopes of the formula give it a direction",
                     !affine},
                    plan);
  plan.objective = objective_of(request, problem);
  if (cost.rows() < cost.size())
    plan.warnings.push_back(fmt::format("{} rows cannot determine {} parameters", cost.rows(), cost.size()));
  return problem;
}

Result<Fit> fit_formula_loss(Problem problem, const FitRequest& request) {
  const auto began = std::chrono::steady_clock::now();
  RowProblem& rows = *problem.rows;
  const bool affine = rows.formula->affine.has_value();
  if (request.observer != nullptr) request.observer->begin(problem.plan);
  Fit fit;
  fit.l2 = request.l2;
  fit.warnings = problem.plan.warnings;
  if (request.restarts > 0) {
    problem.start = best_start(
        request, problem.start,
        [&](const std::vector<double>& from) {
          return descend(rows, from, descent_settings(request, problem, from)).result;
        },
        fit.valleys, fit.warnings);
  }
  DescentSettings settings = descent_settings(request, problem, problem.start);
  RunWatch watch(request, fit);
  settings.observer = [&](const EpochRecord& record) { return watch.see(record, record.point->high); };
  KinkDescent descent = descend(rows, problem.start, settings);
  const double last = descent.result.cost;
  watch.finish(descent.result);
  // An earlier epoch is as much further from the lowest cost as its cost is higher.
  if (descent.gap_bound && descent.result.cost > last) *descent.gap_bound += descent.result.cost - last;
  const DescentResult& result = descent.result;
  fit.certificate.cost_gap_bound = descent.gap_bound;
  take_ending(result, fit);
  fit.evaluations = result.evaluations;
  fit.parameters = result.point.high;
  fit.start = problem.start;
  fit.divergence_cost = settings.divergence_cost;
  fit.plan = std::move(problem.plan);
  fit.formula = rows.formula;
  if (request.sample_rows > 0)
    fit.rows = view_stored_rows(rows, fit.plan.cost, fit.parameters, fit.trace, request.sample_rows);
  add_errors(rows, fit);
  add_standard_errors(rows, result.point, fit);
  if (!affine) {
    fit.notes.emplace_back(
        "no certificate: the cost is not convex in the parameters, so no bound holds everywhere");
  } else if (!descent.gap_bound) {
    fit.notes.emplace_back(
        "no certificate: the cost is not quadratic; it is convex, so a gradient norm near zero is near the "
        "lowest cost");
  }
  take_data(problem.data, fit);
  const bool likelihood = fit.plan.cost == CostKind::logistic || fit.plan.cost == CostKind::poisson;
  if (likelihood && !(fit.l2 > 0) && !fit.diverged()) {
    if (auto warning = formula_separation(rows, fit.plan, fit.parameters, request.threads))
      fit.warnings.push_back(std::move(*warning));
  }
  if (fit.diverged()) {
    fit.post_mortem =
        divergence_text(result, "Remedy: a smaller rate, or leave --learning-rate and --optimizer out. ");
  }
  warn_of_early_end(fit);
  take_seconds(problem.data, began, fit);
  return fit;
}

}  // namespace talweg
