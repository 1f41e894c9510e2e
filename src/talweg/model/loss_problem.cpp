// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/loss_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/descent/rates.h"
#include "talweg/model/batch_rows.h"
#include "talweg/model/design.h"
#include "talweg/model/fit.h"
#include "talweg/model/labels.h"
#include "talweg/model/plan.h"
#include "talweg/model/row_problem.h"
#include "talweg/objective/largest_curvature.h"

namespace talweg {
namespace {

template <class Take>
void each_target(const DenseRows& rows, const Take& take) {
  for (const DenseRows::Block& block : rows.blocks()) {
    for (std::size_t r = 0; r < block.rows; ++r)
      take(block.target[r], block.weights.empty() ? 1.0 : block.weights[r]);
  }
}

void use_classes(DenseRows& rows, const Classes& classes) {
  for (DenseRows::Block& block : rows.blocks()) {
    for (std::size_t r = 0; r < block.rows; ++r)
      block.target[r] = block.target[r] == classes.values[1] ? 1 : -1;
  }
}

// Cost of a constant prediction that is about the best one.
double constant_cost(const DenseRows& rows, const LossSettings& loss) {
  double sum = 0;
  double weight = 0;
  each_target(rows, [&](double y, double w) {
    sum += w * y;
    weight += w;
  });
  const double f = constant_prediction(loss.kind, sum / weight);
  double cost = 0;
  const std::vector<double> constant(rows.block_rows(), f);
  std::vector<double> value(rows.block_rows());
  std::vector<double> slope(rows.block_rows());
  for (const DenseRows::Block& block : rows.blocks()) {
    evaluate_loss(loss, constant.data(), block.target.data(), block.rows, value.data(), slope.data(),
                  nullptr);
    for (std::size_t r = 0; r < block.rows; ++r)
      cost += block.weights.empty() ? value[r] : block.weights[r] * value[r];
  }
  return cost / weight;
}

// The Hessian of a loss whose curvature is everywhere its largest, from the moments: c sum_r x_r x_r' / W in
// the coordinates of the descent, plus the penalty's.
std::vector<double> steepest_hessian(const Moments& moments, const std::vector<LinearTerm>& terms,
                                     const std::vector<double>& penalty_units, const FitRequest& request,
                                     Scale scale, double curvature) {
  const std::size_t p = terms.size();
  const double weight = moments.weight.value();
  const bool standard = scale == Scale::standard;
  const auto constant_term = [&](std::size_t j) { return !terms[j].column && !terms[j].level; };
  const auto unit = [&](std::size_t j) {
    return !(terms[j].spread > 0) ? 0 : standard ? 1 / terms[j].spread : 1;
  };
  const auto mean = [&](std::size_t j) {  // that the coordinates leave in the column
    return standard && request.intercept ? 0 : moments.mean[j].value();
  };
  std::vector<double> out(p * p);
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double value = 1;
      if (!constant_term(i)) {
        value = (moments.product(i, j).value() / weight + mean(i) * mean(j)) * unit(i) * unit(j);
      } else if (!constant_term(j)) {
        value = mean(j) * unit(j);
      }
      out[i * p + j] = out[j * p + i] = curvature * value;
    }
    out[i * p + i] += request.l2 * penalty_units[i] * penalty_units[i];
  }
  return out;
}

// Where the smoothing of a loss with a kink begins: at the size of what is to be predicted.
double width_of_kink(CostKind cost, const Moments& moments) {
  const double spread = moments.spread(moments.size() - 1);
  return cost == CostKind::hinge || !(spread > 0) ? 1 : spread;
}

std::string objective_of(const FitRequest& request, const Problem& problem, const LossProblem& loss) {
  const Plan& plan = problem.plan;
  const std::string& weights = problem.data.weights;
  if (is_squared(plan.cost))
    return objective_text(request, plan, weights, loss.rows.rows(), loss.cost->weight());
  std::string out = fmt::format("1/{} * sum over rows of {}[{}]", weights.empty() ? "n" : "W",
                                weights.empty() ? "" : weights + " * ", loss_text(*plan.loss, plan.target));
  const std::string penalty = penalty_text(request, false);
  out += penalty;
  out += fmt::format(", f = {}", prediction_text(plan));
  out += weights.empty() ? fmt::format(", n = {}", loss.rows.rows())
                         : fmt::format(", W = sum of {} = {}", weights, shortest(loss.cost->weight()));
  out += labels_text(plan);
  if (!penalty.empty() && problem.has_intercept) out += ", the intercept is not penalised";
  return out;
}

// The curvature of a loss that is at most `bound` in every row, without the products of all columns: an upper
// estimate of the largest eigenvalue.
double largest_of_wide(LinearCost& cost, double bound) {
  return largest_curvature(cost.size(),
                           [&](std::span<const double> vector, std::span<double> out) {
                             cost.multiply_hessian(vector, bound, out);
                           })
      .upper();
}

// Methods that need the matrix of all columns.
Result<void> check_wide(const FitRequest& request, std::size_t parameters) {
  // Newton's steps on a loss with a kink take the rows within its width.
  const bool matrix = (request.optimizer == Optimizer::newton && !has_kink(request.cost)) ||
                      request.optimizer == Optimizer::lm;
  if (!matrix) return {};
  return fail(ErrorKind::data,
              fmt::format("--optimizer {} needs the curvature as a matrix, and {} parameters are too many",
                          optimizer_name(*request.optimizer), grouped(parameters)),
              request.l1 > 0 ? "use nesterov, or leave it out" : "use cg or lbfgs, or leave it out");
}

UsualMethod usual_method(const FitRequest& request, bool wide, std::size_t parameters) {
  if (wide && request.l1 > 0) {
    return {Optimizer::nesterov,
            fmt::format("{} parameters are too many for the curvature as a matrix", grouped(parameters))};
  }
  if (wide && is_squared(request.cost)) {
    return {Optimizer::cg,
            fmt::format("{} parameters cost more to fold than to visit: the rows stay in memory, "
                        "and each epoch is one pass",
                        grouped(parameters))};
  }
  if (has_kink(request.cost) && (wide || parameters > kNewtonParameters) && request.l1 == 0)
    return {Optimizer::newton, "the curvature of a loss with a kink is that of the rows within its width"};
  if (request.l1 > 0) return {Optimizer::newton, kWhyNewtonOnSupport};
  if (parameters <= kNewtonParameters) {
    return {Optimizer::newton,
            fmt::format("{} parameters are few enough for the curvature in every epoch", parameters)};
  }
  return {Optimizer::lbfgs, fmt::format("more than {} parameters", kNewtonParameters)};
}

void choose_rates(const FitRequest& request, std::optional<double> largest, bool wide, Plan& plan) {
  choose_method(request, usual_method(request, wide, plan.parameters.size()), plan);
  if (largest && *largest > 0)
    plan.largest_stable_rate = largest_stable_rate(plan.optimizer, *largest, plan.momentum);
  take_batches(request, plan);
  if (plan.batch_size) return;
  // Proximal steps; all others find their rate from the costs, which fall faster than the steepest curvature
  // that the loss can have allows for.
  if (!plan.learning_rate && plan.l1 > 0 && largest && *largest > 0 && plan.optimizer != Optimizer::newton)
    plan.learning_rate = 1 / *largest;
}

void warn_of_rate(Plan& plan) {
  if (!plan.learning_rate || plan.learning_rate_chosen || !plan.largest_stable_rate) return;
  const bool judged = plan.optimizer == Optimizer::gd || plan.optimizer == Optimizer::momentum ||
                      plan.optimizer == Optimizer::nesterov;
  if (!judged || *plan.learning_rate < *plan.largest_stable_rate) return;
  plan.warnings.push_back(rate_verdict(plan) +
                          ": beyond it the steepest directions may blow up (the bound holds for the steepest "
                          "curvature that the loss can have)");
}

}  // namespace

std::string loss_text(const LossSettings& loss, const std::string& y) {
  switch (loss.kind) {
    case CostKind::mae:
      return fmt::format("|{} - f|", y);
    case CostKind::huber:
      return fmt::format("huber({} - f), r^2/2 up to {}, linear beyond", y, shortest(loss.huber_delta));
    case CostKind::quantile:
      return fmt::format("max({0} r, ({0} - 1) r), r = {1} - f", shortest(loss.quantile), y);
    case CostKind::logistic:
      return fmt::format("log(1 + exp(-{} f))", y);
    case CostKind::poisson:
      return fmt::format("exp(f) - {} f", y);
    case CostKind::hinge:
      return fmt::format("max(0, 1 - {} f)", y);
    case CostKind::squared_hinge:
      return fmt::format("max(0, 1 - {} f)^2", y);
    default:
      return "";
  }
}

std::string labels_text(const Plan& plan) {
  if (plan.classes.empty()) return {};
  if (!plan.labels_are_levels) return fmt::format(", {} = -1 or +1", plan.target);
  return fmt::format(", {} = -1 for {} and +1 for {}", plan.target, in_quotes(plan.classes[0]),
                     in_quotes(plan.classes[1]));
}

double constant_prediction(CostKind loss, double mean) {
  if (loss == CostKind::logistic) return std::log((1 + mean) / (1 - mean));
  if (loss == CostKind::poisson) return std::log(mean);
  if (loss == CostKind::hinge || loss == CostKind::squared_hinge) return mean > 0 ? 1 : -1;
  return mean;
}

namespace {
Result<Problem> make_problem_over_rows(FoldedData read, DenseRows all_rows, const TargetWatch& watch,
                                       const FitRequest& request);
}  // namespace

Result<Problem> make_wide_problem(FoldedData data, DenseRows rows, const FitRequest& request) {
  if (request.intercept && data.folded.rows == 1) {
    return fail(ErrorKind::data, "the data have one row only, and with an intercept one row fits anything",
                "give at least two rows, or --no-intercept");
  }
  return make_problem_over_rows(std::move(data), std::move(rows), TargetWatch(request.cost), request);
}

Result<Problem> make_loss_problem(const FitRequest& request) {
  RowKeeper keeper(request);
  TargetWatch watch(request.cost);
  FoldOptions options = fold_options(request);
  options.keep = [&](const RowBlock& block) {
    keeper.add(block);
    watch.take(block);
  };
  ColumnRequest columns = request.columns;
  columns.classes = is_classification(request.cost);
  options.wide = WideTable::marginal;
  auto data = fold_table(request.paths, request.table, columns, options);
  if (!data) return fail(data.error());
  return make_problem_over_rows(std::move(*data), keeper.finish(), watch, request);
}

namespace {

Result<Problem> make_problem_over_rows(FoldedData read, DenseRows all_rows, const TargetWatch& watch,
                                       const FitRequest& request) {
  auto loss = std::make_shared<LossProblem>(LossProblem{std::move(all_rows), nullptr, 0, 0});
  auto design = make_design(read, request);
  if (!design) return fail(design.error());
  const Moments moments = assemble(read.folded, design->columns);
  const bool wide = moments.marginal;
  if (wide) {
    if (auto checked = check_wide(request, design->parameters.size()); !checked) return fail(checked.error());
  }
  Problem problem;
  problem.data = std::move(read);
  problem.features = std::move(design->features);
  problem.columns = std::move(design->columns);
  problem.has_intercept = request.intercept;
  Plan& plan = problem.plan;
  plan.parameters = std::move(design->parameters);
  plan.target = problem.data.target.name;
  plan.warnings = std::move(design->warnings);
  plan.over_rows = true;
  plan.cost = request.cost;
  plan.l1 = request.l1;
  plan.loss = LossSettings{request.cost, request.huber_delta, request.quantile, 0};

  DenseRows& rows = loss->rows;
  if (is_classification(request.cost)) {
    const auto classes = watch.classes(problem.data, request);
    if (!classes) return fail(classes.error());
    use_classes(rows, *classes);
    for (SampledRow& row : problem.data.sample) {
      double& y = row.values[problem.data.places.back()];
      y = y == classes->values[1] ? 1 : -1;
    }
    plan.classes.assign(classes->texts.begin(), classes->texts.end());
    plan.labels_are_levels = classes->levels;
  }
  if (request.cost == CostKind::poisson) {
    if (auto checked = watch.counts(problem.data, request); !checked) return fail(checked.error());
  }

  // Gaps are filled, then the columns standardised.
  std::unordered_map<std::string, FeatureSummary*> numeric;
  for (FeatureSummary& feature : problem.features) {
    if (feature.kind == ColumnKind::numeric) numeric.emplace(feature.name, &feature);
  }
  std::vector<LinearTerm> terms;
  std::vector<double> centre(rows.columns(), 0.0);
  std::vector<double> scale(rows.columns(), 1.0);
  std::vector<std::string> constant;
  std::vector<double> spreads;
  for (std::size_t k = 0; k < plan.parameters.size(); ++k) {
    LinearTerm term;
    if (plan.parameters[k].intercept) {
      terms.push_back(term);
      continue;
    }
    const MomentColumn& column = problem.columns[k];
    const double spread = moments.spread(k);
    const double mean = moments.mean[k].value();
    spreads.push_back(spread);
    term.mean = request.intercept ? mean : 0;
    term.spread = moments.is_constant(k) ? 0 : spread;
    if (!request.intercept) term.spread = std::hypot(spread, mean);
    term.penalty = request.penalty_on_standard_scale ? spread : 1;
    if (const auto found = numeric.find(plan.parameters[k].column); found != numeric.end())
      found->second->spread = spread;
    if (column.dense) {
      term.column = *column.dense;
      if (column.level) rows.fill(*column.dense, *column.level, mean);
      centre[*column.dense] = term.mean;
      scale[*column.dense] = term.spread > 0 ? term.spread : 1;
    } else {
      term.level = column.level;
    }
    if (!(term.spread > 0)) constant.push_back(plan.parameters[k].name);
    terms.push_back(term);
  }
  if (!constant.empty()) {
    plan.warnings.push_back(
        fmt::format("{} {} one single value: no data can tell {} from the intercept, so {} the start value",
                    name_list(constant), constant.size() == 1 ? "has" : "have",
                    constant.size() == 1 ? "its parameter" : "their parameters",
                    constant.size() == 1 ? "it keeps" : "they keep"));
  }

  tell_storage(rows, spreads, problem);

  auto start = start_values(request, plan.parameters, 0.0);
  if (!start) return fail(start.error());
  problem.start = std::move(*start);
  plan.scale_chosen = request.scale == ScaleChoice::automatic;
  plan.scale = request.scale == ScaleChoice::standard || (plan.scale_chosen && !request.learning_rate)
                   ? Scale::standard
                   : Scale::none;
  // A loss with a kink goes by rows, too, where newton would be dear.
  const bool by_rows = wide || (has_kink(request.cost) && terms.size() > kNewtonParameters);
  const LinearCostSettings settings{*plan.loss, request.l2, plan.scale, request.threads, by_rows};
  if (request.batch_size) {
    auto batches = make_row_batches(rows, terms, settings, problem.start, request);
    if (!batches) return fail(batches.error());
    problem.batches = std::move(*batches);
    if (has_kink(request.cost) && !request.learning_rate)
      problem.batches->settings.first_width = width_of_kink(request.cost, moments);
  }
  rows.standardise(centre, scale, request.threads);
  // A rate given makes subgradient steps on the loss itself.
  const bool smoothed = has_kink(request.cost) && !request.learning_rate && !request.batch_size;
  if (smoothed) {
    loss->first_width = width_of_kink(request.cost, moments);
  }
  loss->cost = std::make_unique<LinearCost>(rows, terms, settings, problem.start);
  if (request.start == StartKind::random) {
    Point random(std::vector<double>(terms.size()));
    for (std::size_t j = 0; j < random.size(); ++j) random.high[j] = random_normal(request.seed, 0, j);
    problem.start = loss->cost->to_user(random);
    if (problem.batches) problem.batches->linear->set_offset(offset_of(terms, problem.start));
    loss->cost = std::make_unique<LinearCost>(rows, terms, settings, problem.start);
  }
  loss->constant_cost = constant_cost(rows, *plan.loss);

  LinearCost& cost = *loss->cost;
  const Point at = cost.to_descent(problem.start);
  std::optional<double> largest;
  if (const auto bound = curvature_bound(*plan.loss); bound && wide && !has_kink(request.cost)) {
    largest = largest_of_wide(cost, *bound);
  } else if (bound && !has_kink(request.cost)) {
    const std::vector<double> hessian =
        steepest_hessian(moments, terms, cost.penalty_units(), request, plan.scale, *bound);
    largest = curvature(hessian, std::vector<double>(terms.size(), 0.0)).largest();
  }
  choose_rates(request, largest, wide, plan);
  plan.objective = objective_of(request, problem, *loss);
  plan.epochs = request.epochs.value_or(kRowEpochs);
  plan.schedule.epochs = plan.epochs;
  plan.tolerance = request.tolerance;
  if (!plan.tolerance && !request.epochs) plan.tolerance = kRowTolerance;
  std::vector<double> gradient(cost.size());
  plan.start_cost = cost.evaluate(at, gradient);
  warn_of_rate(plan);
  if (is_squared(request.cost) && rows.rows() < plan.parameters.size() && request.l2 == 0 &&
      request.l1 == 0) {
    plan.warnings.push_back(fmt::format(
        "{} rows cannot determine {} parameters: the answer is one of many, the minimiser nearest "
        "to the start in the coordinates of --scale {}",
        grouped(rows.rows()), grouped(plan.parameters.size()), scale_name(plan.scale)));
  }
  problem.loss = std::move(loss);
  return problem;
}

}  // namespace

}  // namespace talweg
