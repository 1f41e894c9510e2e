// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/row_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/descent/trust_region.h"
#include "talweg/model/batch_rows.h"
#include "talweg/model/fit_ending.h"
#include "talweg/model/plan.h"
#include "talweg/model/row_view.h"
#include "talweg/model/run_watch.h"
#include "talweg/objective/triangle.h"

namespace talweg {
namespace {

constexpr double kDivergenceFactor = 1e6;
constexpr double kSameValley = 1e-6;   // relative difference of the costs
constexpr double kUndetermined = 1e9;  // how far one parameter's change can be made good by the others

double gradient_norm_at(RowSquares& cost, const std::vector<double>& parameters) {
  std::vector<double> gradient(cost.size());
  const double value = cost.evaluate(Point(parameters), gradient);
  const double norm = euclidean_norm(gradient);
  return std::isfinite(value) && std::isfinite(norm) ? norm : 0;
}

DescentSettings descent_settings(const FitRequest& request, const Problem& problem,
                                 const std::vector<double>& start) {
  const Plan& plan = problem.plan;
  RowSquares& cost = *problem.rows->squares;
  DescentSettings settings;
  settings.method = method_settings(plan);
  settings.method.adam_first = request.adam_first;
  settings.method.adam_second = request.adam_second;
  // A large tolerance asks for an early end; a small one for what rounding leaves.
  constexpr double kPolishBelow = 1e-8;
  settings.method.polish = !plan.tolerance || *plan.tolerance <= kPolishBelow;
  settings.epochs = plan.epochs;
  settings.tolerance = plan.tolerance;
  settings.gradient_scale =
      std::max(gradient_norm_at(cost, start), gradient_norm_at(cost, std::vector<double>(cost.size(), 0.0)));
  settings.max_seconds = request.max_seconds;
  settings.divergence_cost = kDivergenceFactor * std::max(plan.start_cost, cost.constant_cost());
  settings.stop = request.stop;
  if (problem.batches) settings.method.batches = &problem.batches->settings;
  return settings;
}

// The n-th random start, of three kinds in turn: standard normal, scattered about the start given, and normal
// over several orders of magnitude.
std::vector<double> random_start(std::uint64_t seed, std::uint64_t n, const std::vector<double>& start) {
  std::vector<double> out(start.size());
  for (std::size_t j = 0; j < out.size(); ++j) {
    const double normal = random_normal(seed, n, 2 * j);
    const double wide = normal * std::pow(10.0, random_normal(seed, n, 2 * j + 1));
    out[j] = n % 3 == 1 ? normal : n % 3 == 2 && start[j] != 0 ? start[j] * (1 + normal) : wide;
  }
  return out;
}

void add_standard_errors(RowSquares& cost, Fit& fit) {
  const std::size_t p = fit.parameters.size();
  fit.standard_errors.assign(p, std::nullopt);
  fit.certificate.parameter_bounds.assign(p, std::nullopt);
  Linearised at;
  if (!cost.linearise(Point(fit.parameters), at)) return;
  fit.relative_offset = at.squares > 0 ? euclidean_norm(at.q) / std::sqrt(at.squares) : 0;
  const std::vector<double> inverse = inverse_gram_diagonal(at.triangle, p);
  std::vector<std::string> loose;
  for (std::size_t j = 0; j < p; ++j) {
    const double norm = column_norm(at.triangle, j);
    if (inverse.empty() ? norm == 0 : !(norm * std::sqrt(inverse[j]) < kUndetermined))
      loose.push_back(fit.plan.parameters[j].name);
  }
  if (inverse.empty() || !loose.empty()) {
    fit.warnings.push_back(loose.empty()
                               ? std::string("at this answer the data do not determine all parameters (the "
                                             "derivatives are dependent): no "
                                             "standard errors; try another --start, or --restarts 20")
                               : fmt::format("{} no longer {} here: a change of {} can be made good by the "
                                             "other parameters; try another "
                                             "--start, or --restarts 20",
                                             name_list(loose), loose.size() == 1 ? "matters" : "matter",
                                             loose.size() == 1 ? "it" : "them"));
    return;
  }
  if (fit.l2 > 0) {
    fit.notes.emplace_back("a penalty biases the parameters on purpose, so they have no standard errors");
  } else if (cost.rows() <= p) {
    fit.notes.emplace_back("there are no more rows than parameters, so there are no standard errors");
  } else {
    const double variance = at.squares / static_cast<double>(cost.rows() - p);
    for (std::size_t j = 0; j < p; ++j) fit.standard_errors[j] = std::sqrt(variance * inverse[j]);
  }
}

std::string post_mortem(const Plan& plan, const DescentResult& result) {
  std::string between;
  if (plan.learning_rate && plan.at_start) {
    between = fmt::format(
        "Learning rate {} is {} times gd's stable rate {} of the curvature at the start (local). Remedy: a "
        "smaller rate, or leave --learning-rate and --optimizer out. ",
        short_text(*plan.learning_rate), short_text(*plan.learning_rate / plan.at_start->stable_rate, 4),
        short_text(plan.at_start->stable_rate));
  }
  return divergence_text(result, between);
}

}  // namespace

std::vector<double> best_start(const FitRequest& request, const std::vector<double>& start,
                               const std::function<DescentResult(const std::vector<double>&)>& descend,
                               std::vector<Valley>& valleys, std::vector<std::string>& warnings) {
  struct Run {
    std::vector<double> start;
    DescentResult result;
  };
  std::vector<Run> runs;
  std::uint64_t lost = 0;
  for (std::uint64_t n = 0; n <= request.restarts; ++n) {
    if (request.stop != nullptr && request.stop->raised()) break;
    std::vector<double> from = n == 0 ? start : random_start(request.seed, n, start);
    DescentResult result = descend(from);
    if (result.diverged()) {
      ++lost;
    } else {
      runs.push_back({std::move(from), std::move(result)});
    }
  }
  if (lost > 0) {
    warnings.push_back(
        fmt::format("{} of {} starts led nowhere: the cost was not finite there, or it diverged", lost,
                    request.restarts + 1));
  }
  if (runs.empty()) return start;
  std::stable_sort(runs.begin(), runs.end(),
                   [](const Run& a, const Run& b) { return a.result.cost < b.result.cost; });
  for (const Run& run : runs) {
    const double c = run.result.cost;
    if (valleys.empty() || c - valleys.back().cost > kSameValley * std::abs(c))
      valleys.push_back({c, 0, run.result.point.high});
    ++valleys.back().runs;
  }
  return runs.front().start;
}

Result<Fit> fit_rows(Problem problem, const FitRequest& request) {
  const auto began = std::chrono::steady_clock::now();
  RowSquares& cost = *problem.rows->squares;
  const Plan& plan = problem.plan;
  if (request.observer != nullptr) request.observer->begin(plan);
  Fit fit;
  fit.l2 = request.l2;
  fit.warnings = plan.warnings;
  if (request.restarts > 0)
    problem.start = best_start(
        request, problem.start,
        [&](const std::vector<double>& from) {
          return minimise(cost, Point(from), descent_settings(request, problem, from));
        },
        fit.valleys, fit.warnings);

  DescentSettings settings = descent_settings(request, problem, problem.start);
  RunWatch watch(request, fit);
  settings.observer = [&](const EpochRecord& record) { return watch.see(record, record.point->high); };
  DescentResult result = minimise(cost, Point(problem.start), settings);
  watch.finish(result);
  take_ending(result, fit);
  fit.evaluations = result.evaluations;
  fit.parameters = result.point.high;
  fit.mse = cost.mean_squared_error(fit.parameters);
  if (const double total = cost.total_mean_square(); total > 0 && std::isfinite(fit.mse))
    fit.r2 = 1 - fit.mse / total;
  fit.start = problem.start;
  fit.plan = std::move(problem.plan);
  add_standard_errors(cost, fit);
  fit.at_end = local_rates(cost, fit.parameters);
  fit.notes.emplace_back(
      "no certificate: the cost is not quadratic in the parameters, so no bound holds everywhere; what can "
      "be said here "
      "is the relative offset, the part of the residuals that a small step could still take away");
  fit.formula = problem.rows->formula;
  fit.divergence_cost = settings.divergence_cost;
  if (request.sample_rows > 0)
    fit.rows = view_stored_rows(*problem.rows, fit.plan.cost, fit.parameters, fit.trace, request.sample_rows);
  take_data(problem.data, fit);
  if (fit.diverged()) fit.post_mortem = post_mortem(fit.plan, result);
  warn_of_early_end(fit);
  take_seconds(problem.data, began, fit);
  return fit;
}

}  // namespace talweg
