// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/rates.h"

namespace talweg {
namespace {

constexpr std::uint64_t kDefaultEpochs = 10'000'000;
constexpr double kDefaultTolerance = 1e-12;
constexpr double kPlainCondition = 100;     // gd is quick enough
constexpr double kGradientCondition = 1e8;  // cg still reaches every digit

// Digits that the tolerance leaves in the parameter worst off, from |p_j - optimum_j| <= sqrt(2 gap
// (H^+)_jj); parameters that are zero as far as that bound can tell do not count.
struct WorstParameter {
  double digits = 16;
  std::size_t index = 0;
};
WorstParameter worst_parameter(const LeastSquares& cost, std::span<const double> start, double tolerance) {
  const double gap = std::max(0.0, cost.cost_at(start) - cost.lowest_cost()) * tolerance * tolerance;
  const auto roots = cost.inverse_curvature_roots();
  const std::vector<double> optimum = cost.optimum();
  WorstParameter out;
  for (std::size_t j = 0; j < roots.size(); ++j) {
    if (!roots[j]) continue;
    const double bound = std::sqrt(2 * gap) * *roots[j];
    if (!(std::abs(optimum[j]) > bound / 10)) continue;
    const double digits = std::log10(std::abs(optimum[j]) / bound);
    if (digits < out.digits) out = {digits, j};
  }
  return out;
}

void choose_optimizer(const FitRequest& request, const Problem& problem, Plan& plan) {
  const std::size_t positive = problem.curvature.size() - problem.curvature.first_positive;
  plan.hidden_curvature = problem.cost->rank() > positive;
  plan.optimizer_chosen = !request.optimizer;
  if (request.optimizer) {
    plan.optimizer = *request.optimizer;
    // On a quadratic cost the Gauss-Newton matrix is the Hessian: one undamped step in its metric.
    plan.preconditioned =
        plan.optimizer == Optimizer::lm || (plan.optimizer == Optimizer::newton && request.l1 == 0);
    return;
  }
  if (request.batch_size || request.learning_rate) {
    plan.why = request.batch_size ? kWhyBatches : "a learning rate is given";
    return;
  }
  if (request.l1 > 0) {
    plan.optimizer = Optimizer::newton;
    plan.why = kWhyNewtonOnSupport;
    return;
  }
  const double condition = problem.curvature.condition_number();
  const bool hidden = plan.hidden_curvature;
  if (problem.data.formula != nullptr && !request.epochs) {
    // A formula's parameters are wanted for themselves: powers and products make some of them weigh so little
    // in the cost that its tolerance says nothing of their digits.
    constexpr double kDigits = 12;
    const double tolerance = request.tolerance.value_or(kDefaultTolerance);
    const WorstParameter worst = worst_parameter(*problem.cost, problem.start, tolerance);
    if (!request.tolerance && worst.digits < kDigits) {
      plan.preconditioned = true;
      plan.polish = true;
      plan.why =
          fmt::format("the tolerance {} alone would leave {} with about {} digits", shortest(tolerance),
                      in_quotes(plan.parameters[worst.index].name), std::max(0.0, std::floor(worst.digits)));
      return;
    }
  }
  if (condition <= kPlainCondition && !hidden) {
    plan.why = fmt::format("condition number {} is at most {}", short_text(condition, 4), kPlainCondition);
  } else if (condition <= kGradientCondition && !hidden) {
    plan.optimizer = Optimizer::cg;
    plan.why = fmt::format("condition number {} is above {}", short_text(condition, 4), kPlainCondition);
  } else {
    plan.preconditioned = true;
    const std::string flat =
        hidden ? std::string("a direction is flatter than the eigenvalues' rounding can show")
               : fmt::format("condition number {} is above 1e8", short_text(condition, 4));
    plan.why = flat + "; in the coordinates of the Hessian's Cholesky factor it is 1";
  }
}

void choose_rate(const FitRequest& request, const Problem& problem, Plan& plan) {
  const double largest = plan.preconditioned ? 1.0 : problem.curvature.largest();
  const double smallest = plan.preconditioned ? 1.0 : problem.curvature.smallest();
  plan.momentum = request.momentum;
  const double stable = largest_stable_rate(plan.optimizer, largest, plan.momentum);
  if (std::isfinite(stable)) {
    plan.largest_stable_rate = stable;
    plan.best_rate = best_rate(Optimizer::gd, largest, smallest, 0);
  }
  plan.learning_rate_chosen = !request.learning_rate;
  if (request.learning_rate || request.batch_size) {
    plan.learning_rate = request.learning_rate;
  } else if (request.l1 > 0) {
    if (plan.optimizer != Optimizer::newton) plan.learning_rate = 1 / largest;
  } else if (plan.optimizer == Optimizer::lm || plan.optimizer == Optimizer::newton) {
    plan.learning_rate = 1;
  } else if (has_fixed_rate(plan.optimizer) && !is_adaptive(plan.optimizer)) {
    plan.learning_rate = best_rate(plan.optimizer, largest, smallest, plan.momentum);
  }
  if (plan.learning_rate && !plan.preconditioned && !is_adaptive(plan.optimizer)) {
    // A step is rate * gradient, and the gradients of the three costs are k * the same vector.
    const double k = problem.cost->cost_factor();
    plan.equivalent_mse = *plan.learning_rate * k / 2;
    plan.equivalent_half_mse = *plan.learning_rate * k;
    plan.equivalent_sse = *plan.learning_rate * k / (2 * problem.cost->weight());
  }
}

void find_steepest(const Problem& problem, Plan& plan) {
  const std::vector<double>& top = problem.curvature.steepest;
  for (std::size_t a = 0; a < top.size(); ++a) {
    const double share = top[a] * top[a];
    if (share <= plan.steepest_share) continue;
    plan.steepest_share = share;
    const auto& active = problem.cost->active_features();
    plan.steepest = a < active.size() ? plan.parameters[active[a]].name : plan.parameters.back().name;
  }
}

std::string feature_names(const Plan& plan, const std::vector<std::size_t>& features) {
  std::vector<std::string> names;
  names.reserve(features.size());
  for (const std::size_t j : features) names.push_back(plan.parameters[j].name);
  return name_list(names);
}

void warn_of_columns(const Problem& problem, Plan& plan) {
  if (!problem.cost->constant_features().empty()) {
    const auto& constant = problem.cost->constant_features();
    plan.warnings.push_back(
        fmt::format("{}{} {} one single value: no data can tell {} from the intercept, so {} the start value",
                    plan.formula.empty()   ? ""
                    : constant.size() == 1 ? "the derivative with respect to "
                                           : "the derivatives with respect to ",
                    feature_names(plan, constant), constant.size() == 1 ? "has" : "have",
                    constant.size() == 1 ? "its parameter" : "their parameters",
                    constant.size() == 1 ? "it keeps" : "they keep"));
  }
  const auto aliased = problem.cost->aliased_features();
  const std::string thing = plan.formula.empty() ? "column" : "the derivative with respect to";
  const std::string things = plan.formula.empty() ? "columns" : "the derivatives with respect to";
  if (aliased.empty()) return;
  const std::uint64_t rows = problem.data.folded.rows;
  if (rows < plan.parameters.size()) {
    plan.warnings.push_back(
        fmt::format("{} rows cannot determine {} parameters", rows, plan.parameters.size()));
  }
  constexpr std::size_t kShown = 3;
  for (std::size_t k = 0; k < aliased.size() && k < kShown; ++k) {
    const std::vector<std::size_t> others(aliased[k].begin() + 1, aliased[k].end());
    if (others.empty()) {
      plan.warnings.push_back(fmt::format("{} {} varies by no more than the rounding of its cells", thing,
                                          feature_names(plan, {aliased[k][0]})));
      continue;
    }
    plan.warnings.push_back(
        others.size() == 1
            ? fmt::format("{} {} say the same (one is a multiple of the other, up to a constant)", things,
                          feature_names(plan, {others[0], aliased[k][0]}))
            : fmt::format("{} {} is a linear combination of {}", thing, feature_names(plan, {aliased[k][0]}),
                          feature_names(plan, others)));
  }
  plan.warnings.push_back(fmt::format(
      "{}the answer is one of many: the minimiser nearest to the start in the coordinates of --scale {}; "
      "parameters that "
      "the data do not determine have no standard error",
      aliased.size() > kShown ? fmt::format("and {} more such columns; ", aliased.size() - kShown) : "",
      scale_name(plan.scale)));
}

}  // namespace

std::string prediction_text(const Plan& plan) {
  constexpr std::size_t kShown = 4;
  std::string out;
  std::size_t shown = 0;
  for (const Parameter& parameter : plan.parameters) {
    if (parameter.intercept) continue;
    if (shown == kShown && plan.parameters.size() > kShown + 2) {
      out += fmt::format(" + ... ({} more)",
                         plan.parameters.size() - kShown - (plan.parameters.back().intercept ? 1 : 0));
      break;
    }
    if (!out.empty()) out += " + ";
    const std::string& name = parameter.name;
    out += parameter.level ? fmt::format("w({})", name) : fmt::format("w({})*{}", name, name);
    ++shown;
  }
  if (plan.parameters.back().intercept) out += (out.empty() ? "" : " + ") + plan.parameters.back().name;
  return out;
}

void describe_formula(const BoundFormula& formula, Plan& plan) {
  plan.target = formula.left_text;
  plan.formula = formula.left_text + " = " + formula.right_text;
  for (const ColumnUse& use : formula.formula.columns) plan.formula_columns.push_back(use.text());
  plan.warnings.insert(plan.warnings.end(), formula.formula.warnings.begin(), formula.formula.warnings.end());
}

std::string penalty_text(const FitRequest& request, bool of_formula) {
  const bool standard = request.penalty_on_standard_scale;
  std::string out;
  if (request.l1 > 0) {
    out += fmt::format(" + {} * sum of {}", shortest(request.l1),
                       standard     ? "|w * standard deviation|"
                       : of_formula ? "the parameters' magnitudes"
                                    : "|w|");
  }
  if (request.l2 > 0) {
    out += fmt::format(" + {}/2 * sum of {}", shortest(request.l2),
                       standard     ? "(w * standard deviation)^2"
                       : of_formula ? "the parameters' squares"
                                    : "w^2");
  }
  return out;
}

std::string objective_text(const FitRequest& request, const Plan& plan, const std::string& weights,
                           std::uint64_t rows, double weight) {
  const std::string prediction =
      plan.formula.empty() ? prediction_text(plan) : plan.formula.substr(plan.target.size() + 3);
  const std::string sum = fmt::format("sum over rows of {}({} - ({}))^2",
                                      weights.empty() ? "" : weights + " * ", plan.target, prediction);
  std::string factor;
  std::string where;
  if (request.cost != CostKind::sse) {
    const std::string n = weights.empty() ? "n" : "W";
    factor = request.cost == CostKind::mse ? fmt::format("1/{} * ", n) : fmt::format("1/(2{}) * ", n);
    where = weights.empty() ? fmt::format(", n = {}", rows)
                            : fmt::format(", W = sum of {} = {}", weights, shortest(weight));
  }
  const std::string penalty = penalty_text(request, !plan.formula.empty());
  if (!penalty.empty()) {
    const bool constant_term = std::any_of(plan.parameters.begin(), plan.parameters.end(),
                                           [](const Parameter& parameter) { return parameter.intercept; });
    where += constant_term ? ", the intercept is not penalised" : "";
  }
  return factor + sum + penalty + where;
}

void choose_method(const FitRequest& request, UsualMethod usual, Plan& plan) {
  plan.optimizer_chosen = !request.optimizer;
  plan.learning_rate_chosen = !request.learning_rate;
  plan.learning_rate = request.learning_rate;
  plan.momentum = request.momentum;
  plan.adam_first = request.adam_first;
  plan.adam_second = request.adam_second;
  if (request.optimizer) {
    plan.optimizer = *request.optimizer;
  } else if (request.batch_size && !request.learning_rate && has_kink(request.cost)) {
    plan.optimizer = Optimizer::adam;
    plan.why =
        "near a kink few rows bend the cost, for some parameters hardly any: each has a step of its own";
    constexpr double kRowsOfMemory = 32;
    const double share = std::min(1.0, static_cast<double>(*request.batch_size) / kRowsOfMemory);
    plan.adam_first = std::pow(plan.adam_first, share);
    plan.adam_second = std::pow(plan.adam_second, share);
  } else if (request.batch_size && !request.learning_rate && usual.curved) {
    plan.optimizer = Optimizer::adam;
    plan.why = "nothing standardises the parameters of a curved formula: each has a step of its own";
  } else if (request.batch_size || request.learning_rate) {
    plan.optimizer = Optimizer::gd;
    plan.why = request.batch_size ? kWhyBatches : "a learning rate is given";
  } else {
    plan.optimizer = usual.optimizer;
    plan.why = std::move(usual.why);
  }
}

void take_batches(const FitRequest& request, Plan& plan) {
  plan.schedule = request.schedule;
  plan.batch_size = request.batch_size;
  plan.shuffle = request.batch_size && request.shuffle;
}

MethodSettings method_settings(const Plan& plan) {
  MethodSettings settings;
  settings.optimizer = plan.preconditioned ? Optimizer::gd : plan.optimizer;
  settings.learning_rate = plan.learning_rate;
  settings.schedule = plan.schedule;
  settings.momentum = plan.momentum;
  settings.restart = plan.over_rows;
  settings.precondition = plan.preconditioned;
  settings.polish = plan.polish;
  settings.proximal = plan.l1 > 0;
  settings.first_rate = plan.largest_stable_rate.value_or(2) / 2;
  return settings;
}

std::string rate_verdict(const Plan& plan) {
  const double ratio = *plan.learning_rate / *plan.largest_stable_rate;
  return fmt::format("learning rate {} is {} times the largest stable rate {} ({}, {}, scale {})",
                     shortest(*plan.learning_rate),
                     ratio > 0.999 && ratio < 1.001 ? short_text(ratio, 10) : short_text(ratio, 4),
                     short_text(*plan.largest_stable_rate), cost_name(plan.cost),
                     optimizer_name(plan.optimizer), scale_name(plan.scale));
}

std::string rate_remedy(const Plan& plan) {
  // Two digits, rounded down, so that what is advised is stable.
  const double limit = *plan.largest_stable_rate;
  const double unit = std::pow(10.0, std::floor(std::log10(limit)) - 1);
  double advised = std::floor(limit / unit) * unit;
  if (advised >= limit * (1 - 1e-9)) advised -= unit;
  std::string out = fmt::format("use {}", short_text(advised, 2));
  if (plan.standard_stable_rate)
    out += fmt::format(", or --scale standard (then {})", short_text(*plan.standard_stable_rate));
  return out;
}

namespace {

// Which arithmetic the products of the columns are kept in, and a warning where it leaves few digits.
void say_arithmetic(const Problem& problem, Plan& plan) {
  plan.arithmetic = "double-double (31 digits)";
  const double error = problem.data.folded.error;  // filling gaps may have added to that of the moments
  if (error < kSplitError) return;
  const bool split = error <= kSplitError;
  plan.arithmetic = fmt::format("double-double (31 digits) for the first rows, {} for the others",
                                split ? "split products (22 digits)" : "double (16 digits)");
  // The bounds, which rest on the worst case, are larger than what is usual.
  const double usual = split ? 1e-22 : 1e-16;
  constexpr double kWantedDigits = 10;
  const double condition = problem.cost->factor_condition();
  const double digits = -std::log10(usual * condition * condition);
  // Columns that plain products cannot tell from dependent ones.
  plan.few_digits = !split && (digits < kWantedDigits || !problem.cost->aliased_features().empty());
  if (!(digits < kWantedDigits)) return;
  plan.warnings.push_back(fmt::format(
      "the columns are nearly dependent (condition of their factor {}): products kept to {} digits, as those "
      "of "
      "a table of this length are, leave the parameters about {} digits; {}",
      short_text(condition, 2), split ? 22 : 16, static_cast<int>(std::max(0.0, digits)),
      split ? "fewer rows, or columns shifted and scaled before their powers are taken, keep more"
            : "files of rows, which can be read a second time, keep more than a pipe or moments"));
}

}  // namespace

void make_plan(const FitRequest& request, std::optional<double> standard_largest, Problem& problem) {
  Plan& plan = problem.plan;
  plan.cost = request.cost;
  plan.l1 = request.l1;
  choose_optimizer(request, problem, plan);
  take_batches(request, plan);
  choose_rate(request, problem, plan);
  if (standard_largest)
    plan.standard_stable_rate = largest_stable_rate(plan.optimizer, *standard_largest, plan.momentum);
  plan.condition_number = problem.curvature.condition_number();
  plan.objective =
      objective_text(request, plan, problem.data.weights, problem.data.folded.rows, problem.cost->weight());
  find_steepest(problem, plan);

  plan.epochs = request.epochs.value_or(plan.batch_size ? kRowEpochs : kDefaultEpochs);
  plan.schedule.epochs = plan.epochs;
  plan.tolerance = request.tolerance;
  if (!plan.tolerance && !request.epochs)
    plan.tolerance = plan.batch_size ? kRowTolerance : kDefaultTolerance;
  plan.start_cost = problem.cost->cost_at(problem.start);
  const double start_gap = plan.start_cost - problem.cost->lowest_cost();
  const double tolerance = plan.tolerance.value_or(kDefaultTolerance);
  if (plan.l1 == 0 && !plan.batch_size && plan.schedule.kind == ScheduleKind::constant)
    plan.forecast = forecast_epochs(problem.curvature, method_settings(plan), start_gap,
                                    limit_gap(start_gap, tolerance, problem.cost->rounding_gap()), tolerance);

  if (plan.polish && plan.forecast.epochs) {
    *plan.forecast.epochs += 2;  // what it takes from the tolerance down to rounding
    plan.forecast.quality = ForecastQuality::about;
  }

  say_arithmetic(problem, plan);
  warn_of_columns(problem, plan);
  if (plan.hidden_curvature && !plan.preconditioned) {
    plan.forecast.epochs.reset();
    plan.warnings.emplace_back(
        "one direction of the cost is so flat that its curvature is lost in the rounding of the others: the "
        "descent "
        "will hardly move along it, and no forecast can be made; leave --optimizer and --learning-rate out");
  }
  const bool has_rate =
      plan.learning_rate && plan.largest_stable_rate && !plan.preconditioned && !is_adaptive(plan.optimizer);
  const bool constant = plan.schedule.kind == ScheduleKind::constant;  // a rate that falls may become stable
  if (has_rate && constant && *plan.learning_rate >= *plan.largest_stable_rate) {
    plan.warnings.push_back(rate_verdict(plan) + ": the descent will not converge; " + rate_remedy(plan));
  } else if (has_rate && plan.tolerance && !plan.forecast.epochs && !plan.hidden_curvature && plan.l1 == 0 &&
             !plan.batch_size && constant) {
    plan.warnings.push_back(fmt::format(
        "learning rate {} is so small that the tolerance {} takes more epochs than can "
        "be counted; the largest stable rate is {}",
        shortest(*plan.learning_rate), shortest(*plan.tolerance), short_text(*plan.largest_stable_rate)));
  } else if (plan.tolerance && plan.forecast.epochs &&
             plan.forecast.quality != ForecastQuality::upper_bound && *plan.forecast.epochs > plan.epochs) {
    plan.warnings.push_back(fmt::format(
        "{} epochs end before the tolerance {} is reached, which takes about {}; {}", grouped(plan.epochs),
        shortest(*plan.tolerance), grouped(*plan.forecast.epochs),
        plan.scale == Scale::none ? "use --scale standard, or leave --learning-rate out"
                                  : "leave --optimizer and --learning-rate out, or raise --epochs"));
  }
}

}  // namespace talweg
