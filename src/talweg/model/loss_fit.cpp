// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/loss_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "talweg/base/numbers.h"
#include "talweg/model/batch_rows.h"
#include "talweg/model/fit_ending.h"
#include "talweg/model/interior_descent.h"
#include "talweg/model/kink_descent.h"
#include "talweg/model/loss_problem.h"
#include "talweg/model/plan.h"
#include "talweg/model/row_certificate.h"
#include "talweg/model/run_watch.h"
#include "talweg/model/separation.h"
#include "talweg/objective/l1_cost.h"
#include "talweg/objective/lanes.h"
#include "talweg/objective/quadratic_rows.h"

namespace talweg {
namespace {

constexpr double kDivergenceFactor = 1e6;

double norm(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum);
}

double gradient_norm_at(LinearCost& cost, const std::vector<double>& user) {
  std::vector<double> gradient(cost.size());
  cost.evaluate(cost.to_descent(user), gradient);
  const double length = norm(gradient);
  return std::isfinite(length) ? length : 0;
}

DescentSettings descent_settings(const FitRequest& request, const Problem& problem) {
  const Plan& plan = problem.plan;
  LinearCost& cost = *problem.loss->cost;
  DescentSettings settings;
  settings.method = method_settings(plan);
  settings.method.adam_first = plan.adam_first;
  settings.method.adam_second = plan.adam_second;
  settings.epochs = plan.epochs;
  settings.tolerance = plan.tolerance;
  settings.gradient_scale = std::max(gradient_norm_at(cost, problem.start),
                                     gradient_norm_at(cost, std::vector<double>(cost.size(), 0.0)));
  settings.max_seconds = request.max_seconds;
  settings.divergence_cost = kDivergenceFactor * std::max(plan.start_cost, problem.loss->constant_cost);
  settings.stop = request.stop;
  if (problem.batches) settings.method.batches = &problem.batches->settings;
  return settings;
}

// How well the means predicted meet the target; for classes 0 and 1.
void add_errors(LinearCost& cost, const std::vector<double>& f, Fit& fit) {
  const bool classes = is_classification(fit.plan.cost);
  std::vector<double> means(f.size());
  means_of_predictions(fit.plan.cost, f.data(), f.size(), means.data());
  // term(y, w, mean) of all rows: blocks in eight lanes, their sums as pairs.
  const auto sum_of = [&](auto&& term) {
    DoubleDouble out;
    std::size_t at = 0;
    for (const DenseRows::Block& block : cost.rows().blocks()) {
      out += Lanes::sum(block.rows, [&](std::size_t r) {
        const double y = classes ? (block.target[r] + 1) / 2 : block.target[r];
        return term(y, block.weights.empty() ? 1.0 : block.weights[r], means[at + r]);
      });
      at += block.rows;
    }
    return out;
  };
  const bool decided = classes && fit.plan.cost != CostKind::logistic;  // a class, not a probability
  const DoubleDouble squares = sum_of([decided](double y, double w, double mean) {
    const double residual = y - (!decided ? mean : mean > 0 ? 1.0 : 0.0);
    return w * residual * residual;
  });
  const DoubleDouble weight = cost.rows().weight();
  fit.mse = (squares / weight).value();
  if (classes) return;
  // As in the folded path: without an intercept of squared error about zero.
  const bool about_zero = is_squared(fit.plan.cost) && !fit.has_intercept;
  const double centre =
      about_zero ? 0 : (sum_of([](double y, double w, double) { return w * y; }) / weight).value();
  const double scatter =
      sum_of([centre](double y, double w, double) { return w * (y - centre) * (y - centre); }).value();
  if (scatter > 0 && std::isfinite(fit.mse)) fit.r2 = 1 - squares.value() / scatter;
}

// The covariance of a maximum likelihood: the inverse of the sum's Hessian.
void add_standard_errors(LinearCost& cost, const Point& at, bool wide, Fit& fit) {
  const std::size_t p = fit.parameters.size();
  fit.standard_errors.assign(p, std::nullopt);
  fit.certificate.parameter_bounds.assign(p, std::nullopt);
  const bool likelihood = fit.plan.cost == CostKind::logistic || fit.plan.cost == CostKind::poisson;
  if (wide && (likelihood || is_squared(fit.plan.cost)) && !(fit.l1 > 0) && !(fit.l2 > 0)) {
    fit.warnings.push_back(
        fmt::format("no standard errors{}: they need the products of all {} columns, which are not folded",
                    is_squared(fit.plan.cost) ? " and no closed form" : "", grouped(p)));
    return;
  }
  if (!likelihood && !is_squared(fit.plan.cost)) {
    fit.notes.push_back(
        fmt::format("{} is no likelihood, so there are no standard errors", cost_name(fit.plan.cost)));
    return;
  }
  if (fit.l1 > 0 || fit.l2 > 0) {
    fit.notes.emplace_back("a penalty biases the parameters on purpose, so they have no standard errors");
    return;
  }
  const auto inverse = cost.inverse_hessian_diagonal(at);
  for (std::size_t j = 0; j < p; ++j) {
    if (inverse[j] && *inverse[j] >= 0) fit.standard_errors[j] = std::sqrt(*inverse[j] / cost.weight());
  }
}

std::string post_mortem(const Plan& plan, const DescentResult& result) {
  std::string between;
  if (plan.learning_rate && plan.largest_stable_rate)
    between = fmt::format("The {}. Remedy: {}. ", rate_verdict(plan), rate_remedy(plan));
  return divergence_text(result, between);
}

}  // namespace

Result<Fit> fit_loss(Problem problem, const FitRequest& request) {
  const auto began = std::chrono::steady_clock::now();
  LinearCost& cost = *problem.loss->cost;
  const bool squares = is_squared(problem.plan.cost);
  const bool wide = problem.data.folded.marginal;
  if (request.observer != nullptr) request.observer->begin(problem.plan);
  Fit fit;
  fit.has_intercept = problem.has_intercept;
  fit.l1 = request.l1;
  fit.l2 = request.l2;
  fit.penalty_on_standard_scale = request.penalty_on_standard_scale;
  fit.start = problem.start;
  DescentSettings settings = descent_settings(request, problem);
  RunWatch watch(request, fit);
  settings.observer = [&](const EpochRecord& record) {
    return watch.see(record, cost.to_user(*record.point));
  };
  StepLog log(steps_to_keep(request, problem));
  if (problem.batches) problem.batches->settings.log = &log;
  const std::uint64_t before = cost.passes();
  std::optional<L1Cost> kinked;
  if (request.l1 > 0) {
    std::vector<double> weights = cost.penalty_units();
    for (double& weight : weights) weight *= request.l1;
    if (squares) {
      const std::optional<std::size_t> free =
          fit.has_intercept ? std::optional(cost.size() - 1) : std::nullopt;
      kinked.emplace(cost, std::move(weights), free, intercept_column(cost, fit.has_intercept));
    } else {
      kinked.emplace(cost, std::move(weights), std::vector<double>());
    }
  }
  std::optional<QuadraticRows> quadratic;
  if (squares && !kinked) quadratic.emplace(cost);
  Objective& objective = kinked      ? static_cast<Objective&>(*kinked)
                         : quadratic ? static_cast<Objective&>(*quadratic)
                                     : cost;
  const Point start = cost.to_descent(problem.start);
  const bool kink = has_kink(problem.plan.cost) && problem.loss->first_width > 0;
  DescentResult result;
  if (kink) {
    const bool inside = problem.plan.optimizer == Optimizer::newton && cost.size() > kNewtonParameters &&
                        fits_interior_descent(cost.rows().rows(), cost.size());
    KinkDescent descent = inside ? descend_inside(cost, start, settings, problem.loss->first_width)
                                 : descend_on_kink(cost, start, settings, problem.loss->first_width);
    result = std::move(descent.result);
    const double last = result.cost;
    watch.finish(result);
    fit.certificate.cost_gap_bound = descent.gap_bound;
    fit.certificate.is_estimate = descent.gap_bound && !descent.proven;
    // An earlier epoch is as much further from the lowest cost as its cost is higher.
    if (fit.certificate.cost_gap_bound && result.cost > last)
      *fit.certificate.cost_gap_bound += result.cost - last;
  } else {
    result = minimise(objective, start, settings);
    watch.finish(result);
  }
  fit.evaluations = cost.passes() - before;
  take_ending(result, fit);
  fit.parameters = cost.to_user(result.point);
  fit.divergence_cost = settings.divergence_cost;
  fit.warnings = problem.plan.warnings;
  fit.plan = problem.plan;
  if (!fit.plan.rounding.empty()) fit.notes.push_back(fit.plan.rounding);
  const std::vector<double> f = cost.predictions(fit.parameters);
  add_errors(cost, f, fit);
  add_standard_errors(cost, result.point, wide, fit);
  if (request.sample_rows > 0) {
    fit.landscape = row_landscape(problem, request, fit.parameters, fit.standard_errors);
    if (!problem.data.sample.empty()) fit.rows = view_landscape_rows(problem, *fit.landscape, fit.parameters);
  }
  if (problem.batches) fit.steps = first_steps(log, [&](const Point& at) { return cost.to_user(at); });
  fit.features = std::move(problem.features);
  take_data(problem.data, fit);
  if (kink && !fit.certificate.cost_gap_bound) {
    fit.notes.emplace_back(
        "no certificate: the descent ended before the smoothed cost was lowest, so the smoothing gap is not "
        "known");
  }
  if (squares) certify_rows(cost, kinked ? &*kinked : nullptr, fit.has_intercept, fit);
  std::optional<LowerBound> bound;
  if (!kink && !squares && (wide || kinked || fit.l2 > 0))
    bound =
        kinked ? l1_lower_bound(cost, kinked->l1_weights(), result.point) : cost.lower_bound(result.point);
  if (bound) {
    const double rounding =
        bound->rounding + 16 * std::numeric_limits<double>::epsilon() * std::abs(fit.cost);
    fit.certificate.cost_gap_bound = std::max(fit.cost - bound->value, 0.0) + rounding;
    fit.notes.emplace_back(bound->from_slopes
                               ? "the certificate is the duality gap, which bounds the cost and not the "
                                 "parameters"
                               : "the certificate is the distance from what no row's loss can be below");
  }
  if (kink && wide && result.cost <= 1e-12 * problem.plan.start_cost && !(fit.l2 > 0)) {
    fit.notes.push_back(fmt::format(
        "{} parameters fit all {} rows: the cost is as good as zero, and the answer is one of many",
        grouped(fit.parameters.size()), grouped(cost.rows().rows())));
  }
  if (!kink && !squares && !bound)
    fit.notes.emplace_back(
        "no certificate: the cost is not quadratic; it is convex, so a gradient norm near zero is near the "
        "lowest cost");
  const bool likelihood = fit.plan.cost == CostKind::logistic || fit.plan.cost == CostKind::poisson;
  if (likelihood && !wide && !(fit.l1 > 0) && !(fit.l2 > 0)) {
    if (const auto found = find_separation(cost, result.point, f, fit.has_intercept))
      fit.warnings.push_back(separation_text(*found, fit.plan, fit.features, cost));
  }
  if (fit.diverged()) fit.post_mortem = post_mortem(fit.plan, result);
  warn_of_early_end(fit);
  take_seconds(problem.data, began, fit);
  return fit;
}

}  // namespace talweg
