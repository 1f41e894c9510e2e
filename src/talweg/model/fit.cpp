// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "talweg/base/numbers.h"
#include "talweg/data/bytes.h"
#include "talweg/model/batch_rows.h"
#include "talweg/model/fit_ending.h"
#include "talweg/model/folded_choice.h"
#include "talweg/model/formula_loss.h"
#include "talweg/model/loss_fit.h"
#include "talweg/model/loss_problem.h"
#include "talweg/model/moments_file.h"
#include "talweg/model/plan.h"
#include "talweg/model/row_fit.h"
#include "talweg/model/run_watch.h"
#include "talweg/model/validation.h"
#include "talweg/objective/l1_cost.h"

namespace talweg {
namespace {

constexpr double kDivergenceFactor = 1e6;

DescentSettings descent_settings(const FitRequest& request, const Problem& problem) {
  const Plan& plan = problem.plan;
  DescentSettings settings;
  settings.method = method_settings(plan);
  settings.epochs = plan.epochs;
  settings.tolerance = plan.tolerance;
  settings.rounding_gap = problem.cost->rounding_gap();
  settings.max_seconds = request.max_seconds;
  settings.divergence_cost = kDivergenceFactor * std::max(plan.start_cost, problem.cost->constant_cost());
  settings.method.adam_first = request.adam_first;
  settings.method.adam_second = request.adam_second;
  if (problem.batches) settings.method.batches = &problem.batches->settings;
  const bool constant = !problem.batches && plan.schedule.kind == ScheduleKind::constant;
  if (!plan.preconditioned && plan.learning_rate && !is_adaptive(plan.optimizer) && request.l1 == 0 &&
      constant)
    settings.stable_rate = plan.largest_stable_rate;
  settings.stop = request.stop;
  return settings;
}

std::string post_mortem(const Plan& plan, const DescentResult& result) {
  if (!std::isfinite(result.start_cost)) {
    return "the cost at the start is not finite: the start values are too large for a double to hold their "
           "squares. "
           "Remedy: a --start nearer to zero.";
  }
  const bool over_limit = !is_adaptive(plan.optimizer) && plan.learning_rate && plan.largest_stable_rate &&
                          !plan.preconditioned && *plan.learning_rate >= *plan.largest_stable_rate;
  std::string between;
  if (over_limit) {
    between += fmt::format("The {}. ", rate_verdict(plan));
    between += fmt::format("{} of the direction that blew up belongs to {}. ",
                           fmt::format("{:.0f}%", 100 * plan.steepest_share), in_quotes(plan.steepest));
    between += "Remedy: " + rate_remedy(plan) + ". ";
  }
  return divergence_text(result, between);
}

void certify(const LeastSquares& cost, Fit& fit) {
  const GapBound gap = cost.gap_bound(fit.parameters);
  fit.certificate.cost_gap_bound = gap.cost_gap;
  fit.certificate.parameter_bounds.resize(fit.parameters.size());
  if (!gap.cost_gap) {
    fit.warnings.push_back("no certificate: " + gap.reason);
    return;
  }
  const auto roots = cost.inverse_curvature_roots();
  std::size_t determined = 0;
  std::size_t with_error = 0;
  std::size_t exact = 0;
  double largest = 0;
  for (std::size_t j = 0; j < roots.size(); ++j) {
    if (!roots[j]) continue;
    ++determined;
    fit.certificate.parameter_bounds[j] = std::sqrt(2 * *gap.cost_gap) * *roots[j];
    if (!fit.standard_errors[j]) continue;
    ++with_error;
    if (*fit.standard_errors[j] > 0) {
      largest = std::max(largest, *fit.certificate.parameter_bounds[j] / *fit.standard_errors[j]);
    } else {
      ++exact;
    }
  }
  if (determined > 0 && with_error == determined && exact == 0) {
    fit.certificate.parameter_distance_bound = largest;
  } else if (determined == 0) {
    fit.notes.emplace_back(
        "the data determine no parameter by itself, so there are no standard errors and no bounds");
  } else if (exact > 0) {
    fit.notes.emplace_back(
        "the fit is exact: standard errors are zero, and the bounds are given in the parameters' own units "
        "alone");
  } else if (fit.l2 > 0) {
    fit.notes.emplace_back(
        "a penalty biases the parameters on purpose, so they have no standard errors; the bounds are given "
        "in "
        "the parameters' own units alone");
  } else {
    fit.notes.emplace_back("there are no more rows than parameters, so there are no standard errors");
  }
}

// What |u_j| weighs in the coordinates of the descent.
std::vector<double> l1_weights(const Problem& problem, const FitRequest& request) {
  const LeastSquares& cost = *problem.cost;
  std::vector<double> out;
  for (std::size_t a = 0; a < cost.active_features().size(); ++a) {
    const double on = request.penalty_on_standard_scale ? problem.spreads[cost.active_features()[a]] : 1;
    out.push_back(request.l1 * on / cost.units()[a]);
  }
  out.resize(cost.size(), 0.0);
  return out;
}

void certify_l1(const LeastSquares& cost, L1Cost& kinked, Fit& fit) {
  fit.certificate.parameter_bounds.resize(fit.parameters.size());
  fit.certificate.cost_gap_bound = kinked.gap_bound(cost.from_user(fit.parameters));
  fit.notes.emplace_back(
      "an l1 penalty biases the parameters on purpose, so they have no standard errors; the certificate is "
      "the "
      "duality gap, which bounds the cost and not the parameters");
}

void warn_of_ending(const Fit& fit, std::vector<std::string>& warnings) {
  const Plan& plan = fit.plan;
  constexpr double kLargeGap = 1e-4;
  const auto gap = fit.certificate.cost_gap_bound;
  if (fit.termination.reason == Reason::tolerance && gap && fit.exact_cost > 0 &&
      *gap > kLargeGap * fit.exact_cost) {
    warnings.push_back(fmt::format(
        "the start is so far away that the tolerance {} still leaves the cost {} above the lowest, {}; "
        "lower --tolerance, or start nearer",
        shortest(plan.tolerance.value_or(0)), short_text(*gap), short_text(fit.exact_cost)));
  }
  const bool early = fit.termination.reason == Reason::seconds ||
                     (fit.termination.reason == Reason::epochs && plan.tolerance);
  const bool foretold = plan.forecast.epochs && *plan.forecast.epochs > plan.epochs &&
                        plan.forecast.quality != ForecastQuality::upper_bound;  // the plan has warned already
  if (early && !(foretold && fit.termination.reason == Reason::epochs)) {
    warnings.push_back(fmt::format(
        "stopped by --{} after {} epochs, before the tolerance {} was reached{}",
        fit.termination.reason == Reason::seconds ? "max-seconds" : "epochs", grouped(fit.epochs),
        shortest(plan.tolerance.value_or(0)),
        plan.forecast.epochs ? fmt::format(" (forecast: {} epochs)", grouped(*plan.forecast.epochs)) : ""));
  }
}

}  // namespace

FoldOptions fold_options(const FitRequest& request) {
  FoldOptions options;
  options.threads = request.threads;
  options.stop = request.stop;
  options.sample_rows = request.sample_rows;
  options.keep_rows = !request.formula.empty() && !is_squared(request.cost);
  options.kept = request.kept;
  options.selection = request.selection;
  if (request.observer != nullptr) {
    options.progress = [observer = request.observer](std::uint64_t records) { observer->reading(records); };
  }
  return options;
}

std::string_view scale_name(Scale scale) {
  return scale == Scale::none ? "none" : "standard";
}

namespace {

Error useless_restarts() {
  return {ErrorKind::usage,
          "--restarts does nothing for a formula that is linear in its parameters: its cost has one valley",
          "leave it out"};
}

// Moments files among the data: all or none.
Result<bool> are_moments(const FitRequest& request) {
  std::string moments;
  std::string other;
  for (const std::string& path : request.paths) (is_moments_file(path) ? moments : other) = path;
  if (moments.empty()) return false;
  if (!other.empty()) {
    return fail(Error{ErrorKind::data, fmt::format("is a moments file, {} is none", source_name(other)),
                      "fold the rows with talweg fold, too, and give moments files alone", moments});
  }
  if (!is_squared(request.cost)) {
    return fail(Error{ErrorKind::data,
                      fmt::format("{} needs the rows, and moments hold none", cost_name(request.cost)),
                      "fit it to the data themselves, or use mse, half-mse or sse", moments});
  }
  if (request.batch_size) {
    return fail(Error{ErrorKind::data, "--batch-size needs the rows, and moments hold none",
                      "fit to the data themselves, or leave it out", moments});
  }
  return true;
}

Result<FoldedData> data_of_moments(const FitRequest& request) {
  const auto began = std::chrono::steady_clock::now();
  auto table = load_and_merge(request.paths);
  if (!table) return fail(table.error());
  const std::string name = request.paths.size() == 1 ? request.paths[0] : "the moments";
  auto data = request.formula.empty() ? choose_columns(std::move(*table), request, name)
                                      : choose_formula(std::move(*table), request, name);
  if (!data) return fail(data.error());
  data->seconds_reading = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return data;
}

// Whether a second pass over the rows would see them again: files, no pipes and no moments.
bool can_be_read_again(const FitRequest& request) {
  const auto moments = are_moments(request);
  return moments && !*moments &&
         std::all_of(request.paths.begin(), request.paths.end(), [](const std::string& path) {
           std::error_code ignored;
           return path != "-" && std::filesystem::is_regular_file(path, ignored);
         });
}

// Of a linear model with a squared error: rows or moments.
Result<FoldedData> read_data(const FitRequest& request) {
  const auto moments = are_moments(request);
  if (!moments) return fail(moments.error());
  FoldOptions options = fold_options(request);
  options.wide = WideTable::held;
  return *moments ? data_of_moments(request)
                  : fold_table(request.paths, request.table, request.columns, options);
}

// With steps after batches what folds is kept beside the fold.
FoldOptions fold_options(const FitRequest& request, RowKeeper& keeper) {
  FoldOptions options = fold_options(request);
  if (request.batch_size) options.keep = [&keeper](const RowBlock& block) { keeper.add(block); };
  return options;
}

Result<Problem> forecast_formula(const FitRequest& request) {
  RowKeeper keeper(request);
  auto data = read_formula_data(request, fold_options(request, keeper));
  if (!data) return fail(data.error());
  if (!is_squared(request.cost)) return make_formula_loss_problem(std::move(*data), request);
  if (data->store) return make_row_problem(std::move(*data), request);
  if (request.restarts > 0) return fail(useless_restarts());
  if (request.batch_size) return make_batch_problem(std::move(data->data), keeper.finish(), request);
  return make_problem(std::move(data->data), request);
}

}  // namespace

Result<Problem> forecast(const FitRequest& request) {
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  const auto moments = are_moments(request);
  if (!moments) return fail(moments.error());
  if (*moments) {
    auto data = data_of_moments(request);
    if (!data) return fail(data.error());
    if (request.restarts > 0) return fail(useless_restarts());
    return make_problem(std::move(*data), request);
  }
  if (!request.formula.empty()) return forecast_formula(request);
  if (!is_squared(request.cost)) return make_loss_problem(request);
  if (request.batch_size) {
    RowKeeper keeper(request);
    FoldOptions options = fold_options(request, keeper);
    options.wide = WideTable::marginal;
    auto data = fold_table(request.paths, request.table, request.columns, options);
    if (!data) return fail(data.error());
    if (data->folded.marginal) return make_wide_problem(std::move(*data), keeper.finish(), request);
    return make_batch_problem(std::move(*data), keeper.finish(), request);
  }
  if (request.kept != nullptr) {  // of a wide table
    RowKeeper keeper(request);
    FoldOptions options = fold_options(request);
    options.keep = [&keeper](const RowBlock& block) { keeper.add(block); };
    auto data = fold_table(request.paths, request.table, request.columns, options);
    if (!data) return fail(data.error());
    return make_wide_problem(std::move(*data), keeper.finish(), request);
  }
  auto data = read_data(request);
  if (!data) return fail(data.error());
  if (data->folded.marginal) {
    RowKeeper keeper(request);
    for (RowBlock& block : data->held) keeper.add(std::exchange(block, {}), request.threads);
    data->held.clear();
    return make_wide_problem(std::move(*data), keeper.finish(), request);
  }
  auto problem = make_problem(std::move(*data), request);
  if (!problem || !problem->plan.few_digits || !can_be_read_again(request)) return problem;
  FoldOptions options = fold_options(request);
  options.bulk = BulkArithmetic::split;
  data = fold_table(request.paths, request.table, request.columns, options);
  if (!data) return fail(data.error());
  return make_problem(std::move(*data), request);
}

bool needs_rows(const FitRequest& request) {
  return !is_squared(request.cost) || request.batch_size.has_value();
}

Result<Fit> run_problem(Problem problem, const FitRequest& request) {
  if (problem.loss != nullptr) return fit_loss(std::move(problem), request);
  if (problem.rows != nullptr && !is_squared(request.cost))
    return fit_formula_loss(std::move(problem), request);
  return problem.rows != nullptr ? fit_rows(std::move(problem), request)
                                 : fit_problem(std::move(problem), request);
}

Result<Fit> fit(const FitRequest& request) {
  if (request.validation || request.folds > 0) return fit_validated(request);
  auto problem = forecast(request);
  if (!problem) return fail(problem.error());
  return run_problem(std::move(*problem), request);
}

Result<Fit> fit_folded(FoldedData data, const FitRequest& request) {
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  if (request.validation || request.folds > 0) {
    return fail(ErrorKind::usage, "these data are folded, so no rows can be held out", "fit with files");
  }
  if (!is_squared(request.cost)) {
    return fail(ErrorKind::usage,
                fmt::format("{} needs the rows, and these data are folded", cost_name(request.cost)),
                "use mse, half-mse or sse");
  }
  auto problem = make_problem(std::move(data), request);
  if (!problem) return fail(problem.error());
  return fit_problem(std::move(*problem), request);
}

void take_data(FoldedData& data, Fit& fit) {
  fit.columns = std::move(data.features);
  fit.columns.push_back(data.target);
  fit.audit = std::move(data.audit);
  fit.fingerprint = std::move(data.fingerprint);
  fit.weights = std::move(data.weights);
  fit.missing = data.missing;
  fit.missing_words = std::move(data.missing_words);
  fit.bad_rows = data.bad_rows;
}

Result<Fit> fit_problem(Problem problem, const FitRequest& request) {
  const auto began = std::chrono::steady_clock::now();
  if (request.observer != nullptr) request.observer->begin(problem.plan);

  Fit fit;
  fit.has_intercept = problem.has_intercept;
  fit.formula = problem.data.formula;
  fit.l1 = request.l1;
  fit.l2 = request.l2;
  fit.penalty_on_standard_scale = request.penalty_on_standard_scale;
  DescentSettings settings = descent_settings(request, problem);
  RunWatch watch(request, fit);
  settings.observer = [&](const EpochRecord& record) {
    return watch.see(record, problem.cost->to_user(*record.point));
  };
  StepLog log(steps_to_keep(request, problem));
  if (problem.batches) problem.batches->settings.log = &log;
  std::optional<L1Cost> kinked;
  if (request.l1 > 0) kinked.emplace(*problem.cost, l1_weights(problem, request), problem.cost->hessian());
  Objective& objective = kinked ? static_cast<Objective&>(*kinked) : *problem.cost;
  DescentResult result = minimise(objective, problem.cost->start(), settings);
  watch.finish(result);

  const LeastSquares& cost = *problem.cost;
  take_ending(result, fit);
  fit.evaluations = result.evaluations;
  fit.parameters = cost.to_user(result.point);
  fit.mse = cost.mean_squared_error(fit.parameters);
  if (const double total = cost.total_mean_square(); total > 0 && std::isfinite(fit.mse))
    fit.r2 = 1 - fit.mse / total;
  if (kinked) {
    fit.standard_errors.resize(fit.parameters.size());
  } else {
    fit.standard_errors = cost.standard_errors();
    fit.exact_parameters = cost.optimum();
    fit.exact_cost = cost.lowest_cost();
  }
  fit.start = problem.start;
  fit.divergence_cost = settings.divergence_cost;
  if (request.sample_rows > 0 && kinked) {
    fit.landscape = folded_landscape(problem, request, fit.parameters);
    if (!problem.data.sample.empty()) fit.rows = view_landscape_rows(problem, *fit.landscape, fit.parameters);
  } else if (request.sample_rows > 0) {
    fit.replay = make_replay(problem, fit.parameters, fit.standard_errors);
    if (!problem.data.sample.empty()) fit.rows = view_rows(problem, fit.parameters);
  }
  if (problem.batches) fit.steps = first_steps(log, [&](const Point& at) { return cost.to_user(at); });
  fit.warnings = problem.plan.warnings;
  fit.plan = std::move(problem.plan);
  fit.features = std::move(problem.features);
  take_data(problem.data, fit);
  if (!fit.plan.rounding.empty()) fit.notes.push_back(fit.plan.rounding);
  if (fit.diverged()) fit.post_mortem = post_mortem(fit.plan, result);
  if (kinked) {
    certify_l1(cost, *kinked, fit);
  } else {
    certify(cost, fit);
  }
  warn_of_ending(fit, fit.warnings);
  take_seconds(problem.data, began, fit);
  return fit;
}

}  // namespace talweg
