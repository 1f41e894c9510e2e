// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/function_run.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <chrono>
#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/descent/rates.h"
#include "talweg/formula/affine.h"
#include "talweg/formula/derive.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/program.h"
#include "talweg/model/function_picture.h"

namespace talweg {
namespace {

constexpr double kDivergenceFactor = 1e6;

tl::unexpected<Error> usage(std::string what, std::string remedy) {
  return fail(ErrorKind::usage, std::move(what), std::move(remedy));
}

double norm(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum);
}

class FunctionObjective final : public Objective {
 public:
  FunctionObjective(const Formula& formula, std::span<const Expression> gradient)
      : program_(Program::compile(formula.right, gradient, 0, formula.parameters.size())),
        work_(program_),
        partials_(formula.parameters.size()) {}

  [[nodiscard]] std::size_t size() const override { return partials_.size(); }

  double evaluate(const Point& point, std::span<double> gradient) override {
    double value = 0;
    for (std::size_t j = 0; j < partials_.size(); ++j) partials_[j] = &gradient[j];
    program_.evaluate({}, 1, point.high, &value, partials_, work_);
    const bool finite = std::isfinite(value) && std::isfinite(norm(gradient));
    if (!finite) last_bad_ = point.high;
    return value;
  }

  /// The last point without a finite value or gradient; empty if there was none.
  [[nodiscard]] const std::vector<double>& last_bad() const { return last_bad_; }

 private:
  Program program_;
  Program::Workspace work_;
  std::vector<double*> partials_;
  std::vector<double> last_bad_;
};

Result<void> check(const FunctionRequest& request) {
  if (request.learning_rate && !(std::isfinite(*request.learning_rate) && *request.learning_rate > 0)) {
    return usage(fmt::format("--learning-rate {} is not a positive number", *request.learning_rate),
                 "give a number above 0, or auto");
  }
  for (const auto& [option, value] : {std::pair("--momentum", request.momentum),
                                      {"--adam-betas", request.adam_first},
                                      {"--adam-betas", request.adam_second}}) {
    if (!(value >= 0 && value < 1))
      return usage(fmt::format("{} {} is not in [0, 1)", option, value), "0.9 is usual");
  }
  if (request.tolerance && !(*request.tolerance >= 0 && *request.tolerance < 1)) {
    return usage(fmt::format("--tolerance {} is not in [0, 1)", *request.tolerance), "1e-8 is usual");
  }
  if (request.max_seconds && !(std::isfinite(*request.max_seconds) && *request.max_seconds > 0)) {
    return usage(fmt::format("--max-seconds {} is not a positive number", *request.max_seconds),
                 "give seconds");
  }
  if (request.optimizer == Optimizer::lm) {
    return usage("--optimizer lm needs the residuals of data", "for a plain function take lbfgs, cg or gd");
  }
  if (request.learning_rate && request.optimizer && !has_fixed_rate(*request.optimizer)) {
    return usage(fmt::format("--optimizer {} searches along each direction and would not use --learning-rate",
                             optimizer_name(*request.optimizer)),
                 "leave one of the two out");
  }
  return {};
}

Result<std::vector<double>> start_point(const FunctionRequest& request,
                                        const std::vector<std::string>& names) {
  std::vector<double> out(names.size(), request.start == StartKind::ones ? 1.0 : 0.0);
  if (request.start == StartKind::random) {
    for (std::size_t j = 0; j < out.size(); ++j) out[j] = random_normal(request.seed, 0, j);
  }
  for (const auto& [name, value] : request.start_values) {
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) {
      const auto near = nearest_names(name, names);
      return usage(
          fmt::format("--start names {}, which is no variable of the function", in_quotes(name)),
          near.empty() ? "it has " + name_list(names) : "did you mean " + name_list(near, "or") + "?");
    }
    if (!std::isfinite(value))
      return usage(fmt::format("--start {}={} is not finite", name, value), "give a number");
    out[static_cast<std::size_t>(place - names.begin())] = value;
  }
  return out;
}

std::vector<Expression> lower_hessian(std::span<const Expression> gradient) {
  std::vector<Expression> out;
  if (gradient.size() > kHessianVariables) return out;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) out.push_back(derivative(gradient[i], j));
  }
  return out;
}

std::optional<LocalCurvature> curvature_at(const FunctionPlan& plan, std::span<const double> point) {
  const std::size_t n = point.size();
  if (plan.hessian.empty()) return std::nullopt;
  Eigen::MatrixXd matrix(n, n);
  std::size_t k = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j, ++k) {
      const double value = evaluate(plan.hessian[k], {}, point);
      if (!std::isfinite(value)) return std::nullopt;
      matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = value;
      matrix(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(i)) = value;
    }
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix, Eigen::EigenvaluesOnly);
  if (solver.info() != Eigen::Success) return std::nullopt;
  LocalCurvature out;
  out.eigenvalues.assign(solver.eigenvalues().data(), solver.eigenvalues().data() + n);
  const double largest = out.eigenvalues.back();
  if (largest > 0) {
    const bool own = plan.optimizer == Optimizer::momentum || plan.optimizer == Optimizer::nesterov;
    out.stable_rate = largest_stable_rate(own ? plan.optimizer : Optimizer::gd, largest, plan.momentum);
  }
  return out;
}

Landing landing_of(const FunctionRun& run) {
  if (!run.arrived()) return Landing::slope;
  if (!run.at_end) return Landing::unknown;
  constexpr double kFlat = 1e-6;
  const std::vector<double>& values = run.at_end->eigenvalues;
  const double largest = std::max(std::abs(values.front()), std::abs(values.back()));
  // Flat is measured against the curvature at the start where there is more of it: x^4 is flat at 0.
  double scale = largest;
  if (run.plan.at_start) {
    for (const double value : run.plan.at_start->eigenvalues) scale = std::max(scale, std::abs(value));
  }
  if (values.front() > kFlat * scale) return Landing::minimum;
  if (values.back() < -kFlat * scale) return Landing::maximum;
  if (values.front() < -kFlat * scale) return Landing::saddle;
  return Landing::flat;
}

std::string rate_advice(const FunctionRun& run) {
  const FunctionPlan& plan = run.plan;
  if (!plan.learning_rate) {
    return "the function may fall without bound; start elsewhere, or bound it";
  }
  const auto& local = plan.at_start;
  if (local && local->stable_rate && *plan.learning_rate > *local->stable_rate) {
    return fmt::format(
        "learning rate {} is {} times the {}stable rate {} at the start; use {}, or leave --learning-rate "
        "out",
        shortest(*plan.learning_rate), short_text(*plan.learning_rate / *local->stable_rate, 4),
        plan.quadratic ? "" : "local ", short_text(*local->stable_rate),
        short_text(*local->stable_rate / 2, 2));
  }
  return fmt::format("use a learning rate below {}, or leave --learning-rate out",
                     shortest(*plan.learning_rate));
}

std::string post_mortem(const FunctionRun& run, const std::vector<double>& bad) {
  const Termination& end = run.termination;
  const std::string epoch = fmt::format("diverged after {} epoch{}", run.epochs, run.epochs == 1 ? "" : "s");
  if (end.measured == -std::numeric_limits<double>::infinity()) {
    return epoch + ": the function falls without bound; there is no lowest value to find";
  }
  if (std::isfinite(end.measured)) {
    return fmt::format("{}: the cost {} exceeds {}; {}", epoch, short_text(end.measured),
                       short_text(end.limit), rate_advice(run));
  }
  std::string where;
  if (!bad.empty()) {
    const std::string why = why_not_finite(run.plan.formula.right, {}, bad);
    if (!why.empty()) where = ", " + why;
  }
  return fmt::format("{}: the next step leads where the function has no finite value{}; {}", epoch, where,
                     rate_advice(run));
}

void add_warnings(FunctionRun& run) {
  const Termination& end = run.termination;
  if (end.reason == Reason::epochs && run.plan.tolerance) {
    run.warnings.push_back(
        fmt::format("stopped after {} epochs, before the tolerance {} was reached; raise --epochs",
                    run.epochs, shortest(*run.plan.tolerance)));
  }
  const double fall = run.plan.divergence_cost - run.plan.start_cost;
  if (!run.diverged() && !run.arrived() && run.plan.start_cost - run.cost > fall) {
    run.warnings.push_back(
        fmt::format("the function has fallen to {} and may fall without bound", short_text(run.cost)));
  } else if (end.reason == Reason::rounding && !run.arrived()) {
    run.warnings.push_back(
        fmt::format("no step lowers the function although its slope is {}: it may have a kink or end "
                    "there, or be too steep for its digits",
                    short_text(run.gradient_norm)));
  }
  if (end.reason == Reason::seconds)
    run.warnings.emplace_back("stopped by --max-seconds before the tolerance was reached");
  switch (run.landing) {
    case Landing::saddle:
      run.warnings.emplace_back("the point reached is a saddle point, not a minimum; start elsewhere");
      break;
    case Landing::maximum:
      run.warnings.emplace_back("the point reached is a maximum, not a minimum; start elsewhere");
      break;
    case Landing::flat:
      run.warnings.emplace_back(
          "the function is flat to second order where the descent ended: it may be a minimum or a saddle "
          "point");
      break;
    default:
      break;
  }
}

DescentSettings settings_for(const FunctionPlan& plan, const FunctionRequest& request) {
  DescentSettings out;
  out.method.optimizer = plan.optimizer;
  out.method.learning_rate = plan.learning_rate;
  out.method.momentum = plan.momentum;
  out.method.adam_first = request.adam_first;
  out.method.adam_second = request.adam_second;
  out.epochs = plan.epochs;
  out.tolerance = plan.tolerance;
  out.gradient_scale = plan.gradient_scale;
  out.max_seconds = request.max_seconds;
  out.divergence_cost = plan.divergence_cost;
  out.stop = request.stop;
  const bool global = plan.quadratic && !is_adaptive(plan.optimizer) && plan.at_start;
  if (global) out.stable_rate = plan.at_start->stable_rate;
  return out;
}

// What the start says: its value, the scale of the gradient, and from where on a cost is divergence.
Result<void> look_at_start(FunctionPlan& plan) {
  FunctionObjective objective(plan.formula, plan.gradient);
  std::vector<double> gradient(plan.start.size());
  plan.start_cost = objective.evaluate(Point(plan.start), gradient);
  plan.gradient_scale = norm(gradient);
  if (!std::isfinite(plan.start_cost) || !std::isfinite(plan.gradient_scale)) {
    std::string why = why_not_finite(plan.formula.right, {}, plan.start);
    for (std::size_t j = 0; why.empty() && j < plan.gradient.size(); ++j) {
      why = why_not_finite(plan.gradient[j], {}, plan.start);
      if (!why.empty())
        why = fmt::format("its derivative by {} has none: {}", plan.formula.parameters[j], why);
    }
    return usage("the function has no finite value or slope at the start: " + why, "choose another --start");
  }
  double limit = std::max(std::abs(plan.start_cost), plan.gradient_scale * norm(plan.start));
  const std::vector<double> zeros(plan.start.size(), 0.0);
  const double at_zero = objective.evaluate(Point(zeros), gradient);
  const double slope = norm(gradient);
  if (std::isfinite(at_zero)) limit = std::max(limit, std::abs(at_zero));
  if (std::isfinite(at_zero) && std::isfinite(slope))
    plan.gradient_scale = std::max(plan.gradient_scale, slope);
  plan.divergence_cost =
      limit > 0 ? plan.start_cost + kDivergenceFactor * limit : std::numeric_limits<double>::infinity();
  plan.at_start = curvature_at(plan, plan.start);
  return {};
}

}  // namespace

Result<FunctionPlan> plan_function(const FunctionRequest& request) {
  if (auto checked = check(request); !checked) return fail(checked.error());
  auto formula = parse_function(request.text);
  if (!formula) return fail(formula.error());
  FunctionPlan plan;
  plan.formula = std::move(*formula);
  plan.gradient = partial_derivatives(plan.formula);
  for (std::size_t j = 0; j < plan.gradient.size(); ++j) {
    if (plan.gradient[j].is_number(0)) {
      return usage(fmt::format("the function does not depend on {}", in_quotes(plan.formula.parameters[j])),
                   "leave the variable out");
    }
  }
  plan.hessian = lower_hessian(plan.gradient);
  plan.quadratic =
      !plan.hessian.empty() && std::none_of(plan.hessian.begin(), plan.hessian.end(),
                                            [](const Expression& e) { return e.has_parameters(); });
  plan.optimizer_chosen = !request.optimizer;
  plan.optimizer = request.optimizer.value_or(request.learning_rate ? Optimizer::gd : Optimizer::lbfgs);
  plan.momentum =
      plan.optimizer == Optimizer::momentum || plan.optimizer == Optimizer::nesterov ? request.momentum : 0;
  plan.learning_rate = request.learning_rate;
  constexpr std::uint64_t kEpochs = 10'000;
  constexpr double kTolerance = 1e-8;
  plan.epochs = request.epochs.value_or(kEpochs);
  plan.tolerance = request.tolerance;
  if (!plan.tolerance && !(request.epochs && has_fixed_rate(plan.optimizer))) plan.tolerance = kTolerance;

  auto start = start_point(request, plan.formula.parameters);
  if (!start) return fail(start.error());
  plan.start = std::move(*start);
  if (auto looked = look_at_start(plan); !looked) return fail(looked.error());
  if (!plan.quadratic && plan.learning_rate && has_fixed_rate(plan.optimizer) &&
      !is_adaptive(plan.optimizer) && plan.at_start && plan.at_start->stable_rate &&
      *plan.learning_rate > *plan.at_start->stable_rate) {
    plan.warnings.push_back(fmt::format("learning rate {} is {} times the local stable rate {} at the start",
                                        shortest(*plan.learning_rate),
                                        short_text(*plan.learning_rate / *plan.at_start->stable_rate, 4),
                                        short_text(*plan.at_start->stable_rate)));
  }
  return plan;
}

FunctionRun run_function(FunctionPlan plan, const FunctionRequest& request) {
  const auto began = std::chrono::steady_clock::now();
  FunctionRun run;
  run.plan = std::move(plan);
  FunctionObjective objective(run.plan.formula, run.plan.gradient);
  DescentSettings settings = settings_for(run.plan, request);
  settings.observer = [&](const EpochRecord& record) {
    run.trace.add(record.epoch, record.cost, record.gradient_norm, record.learning_rate, record.point->high);
    return request.on_epoch && request.on_epoch({record.epoch, record.cost, record.gradient_norm,
                                                 record.learning_rate, record.point->high});
  };
  const DescentResult result = minimise(objective, Point(run.plan.start), settings);
  run.parameters = result.point.high;
  run.cost = result.cost;
  run.gradient_norm = result.gradient_norm;
  run.best_epoch = result.epoch;
  run.epochs = result.epochs;
  run.evaluations = result.evaluations;
  run.termination = result.termination;
  run.at_end = curvature_at(run.plan, run.parameters);
  run.landing = run.diverged() ? Landing::unknown : landing_of(run);
  if (run.diverged()) run.post_mortem = post_mortem(run, objective.last_bad());
  run.warnings = run.plan.warnings;
  add_warnings(run);
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (run.parameters.size() == 1) run.curve = picture_curve(run);
  if (run.parameters.size() == 2) run.contours = picture_contours(run);
  return run;
}

}  // namespace talweg
