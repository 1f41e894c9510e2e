// SPDX-License-Identifier: Apache-2.0
// What is wrong with a request whatever the data.
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/model/fit.h"
#include "talweg/model/formula_data.h"

namespace talweg {
namespace {

// What --formula leaves no use for.
Result<void> check_formula_request(const FitRequest& request) {
  const auto usage = [](std::string what, std::string remedy) -> Result<void> {
    return fail(ErrorKind::usage, std::move(what), std::move(remedy));
  };
  if (auto checked = check_formula(request.formula); !checked) return checked;
  if (!request.columns.target.empty()) {
    return usage("--target and --formula both say what is predicted",
                 "leave --target out: the formula's left side is the target");
  }
  if (request.columns.missing == MissingPolicy::mean) {
    return usage(
        "--missing mean is not for formulas: the mean of a column says little about a function of it",
        "use --missing drop");
  }
  if (request.optimizer == Optimizer::newton && is_squared(request.cost)) {
    return usage("--optimizer newton is for linear models and for other losses than squares",
                 "use lm, which takes the curvature of a formula's squares");
  }
  if (request.penalty_on_standard_scale) {
    return usage("--penalty-scale standard is not for formulas: their parameters belong to no column",
                 "leave it out");
  }
  return {};
}

}  // namespace

Result<void> check_storage(const FitRequest& request) {
  if (!request.formula.empty())
    return fail(ErrorKind::usage, "--storage does nothing for a formula, whose columns are kept as doubles",
                "leave it out");
  if (!needs_rows(request)) {
    return fail(ErrorKind::usage,
                fmt::format("--storage does nothing for --loss {}, which folds; "
                            "the rows of wide tables are kept as doubles",
                            cost_name(request.cost)),
                "leave it out, or add --batch-size");
  }
  return {};
}

Result<void> check_request(const FitRequest& request) {
  if (request.storage == CellType::floats) {
    if (auto checked = check_storage(request); !checked) return checked;
  }
  const auto usage = [](std::string what, std::string remedy) -> Result<void> {
    return fail(ErrorKind::usage, std::move(what), std::move(remedy));
  };
  if (request.learning_rate && !(std::isfinite(*request.learning_rate) && *request.learning_rate > 0)) {
    return usage(fmt::format("--learning-rate {} is not a positive number", *request.learning_rate),
                 "give a number above 0, or auto");
  }
  if (!(request.momentum >= 0 && request.momentum < 1)) {
    return usage(fmt::format("--momentum {} is not in [0, 1)", request.momentum), "0.9 is usual");
  }
  if (!(std::isfinite(request.l2) && request.l2 >= 0)) {
    return usage(fmt::format("--l2 {} is not a number >= 0", request.l2),
                 "a larger one shrinks the parameters more");
  }
  if (!(std::isfinite(request.l1) && request.l1 >= 0)) {
    return usage(fmt::format("--l1 {} is not a number >= 0", request.l1),
                 "a larger one makes more parameters zero");
  }
  if (request.l1 > 0 && request.optimizer && *request.optimizer != Optimizer::gd &&
      *request.optimizer != Optimizer::nesterov && *request.optimizer != Optimizer::newton) {
    return usage(fmt::format("--optimizer {} knows no proximal steps, which --l1 needs",
                             optimizer_name(*request.optimizer)),
                 "use gd, nesterov or newton, or leave it out");
  }
  if (request.tolerance && !(*request.tolerance >= 0 && *request.tolerance < 1)) {
    return usage(fmt::format("--tolerance {} is not in [0, 1)", *request.tolerance),
                 "1e-8 means 8 digits of the way");
  }
  if (request.max_seconds && !(std::isfinite(*request.max_seconds) && *request.max_seconds > 0)) {
    return usage(fmt::format("--max-seconds {} is not a positive number", *request.max_seconds),
                 "give seconds");
  }
  if (request.learning_rate && request.optimizer && !has_fixed_rate(*request.optimizer)) {
    return usage(
        fmt::format("--optimizer {} finds the length of each step itself and would not use --learning-rate",
                    optimizer_name(*request.optimizer)),
        "leave one of the two out");
  }
  if (request.cost == CostKind::huber && !(std::isfinite(request.huber_delta) && request.huber_delta > 0)) {
    return usage(fmt::format("--huber-delta {} is not a positive number", request.huber_delta),
                 "it is the residual from which on the loss is linear");
  }
  if (request.cost == CostKind::quantile && !(request.quantile > 0 && request.quantile < 1)) {
    return usage(fmt::format("--quantile {} is not between 0 and 1", request.quantile), "0.5 is the median");
  }
  if (has_kink(request.cost) && request.l1 > 0) {
    return usage(
        fmt::format("--l1 beside {}, which has kinks of its own, is not possible", cost_name(request.cost)),
        "use --l2, or --loss huber or squared-hinge");
  }
  if (request.batch_size && *request.batch_size == 0)
    return usage("--batch-size 0 is no row", "1 is the least");
  if (request.batch_size && request.optimizer && !has_fixed_rate(*request.optimizer)) {
    return usage(fmt::format("--optimizer {} needs all rows in every step, not batches",
                             optimizer_name(*request.optimizer)),
                 "use gd, momentum, nesterov or one of the adaptive ones, or leave --batch-size out");
  }
  if (request.batch_size && request.l1 > 0 && request.optimizer && *request.optimizer != Optimizer::gd) {
    return usage(fmt::format("--optimizer {} knows no proximal steps after batches, which --l1 needs",
                             optimizer_name(*request.optimizer)),
                 "use gd, or leave --batch-size out");
  }
  if (request.schedule.kind != ScheduleKind::constant && !request.learning_rate) {
    return usage(
        fmt::format("--schedule {} needs a rate to begin with", schedule_name(request.schedule.kind)),
        "give --learning-rate");
  }
  const double decay = request.schedule.decay;
  if (!(std::isfinite(decay) && decay >= 0) || (request.schedule.kind == ScheduleKind::step && decay > 1)) {
    return usage(fmt::format("--decay {} makes no rate that falls", decay),
                 "a number >= 0, for step a factor from 0 to 1");
  }
  if (!(std::isfinite(request.schedule.power) && request.schedule.power >= 0)) {
    return usage(fmt::format("--power {} is not a number >= 0", request.schedule.power), "0.5 to 1 is usual");
  }
  if (!is_squared(request.cost) && request.optimizer == Optimizer::lm) {
    return usage(
        fmt::format("--optimizer lm needs a sum of squares, and {} is none", cost_name(request.cost)),
        "use newton, or leave it out");
  }
  if (request.validation && !(*request.validation > 0 && *request.validation < 1)) {
    return usage(fmt::format("--validation {} is not between 0 and 1", *request.validation),
                 "it is the share of the rows held out; 0.2 is usual");
  }
  constexpr std::uint64_t kMostFolds = 1000;
  if (request.folds > 0 && (request.folds < 2 || request.folds > kMostFolds)) {
    return usage(fmt::format("--folds {} is not a number from 2 to {}", request.folds, kMostFolds),
                 "5 or 10 are usual");
  }
  if (request.folds > 0 && request.validation) {
    return usage("--folds and --validation both say which rows are held out", "leave one of the two out");
  }
  if (request.patience && !request.validation) {
    return usage("--patience waits for a lower cost of rows held out, and none are", "add --validation 0.2");
  }
  if (request.patience && *request.patience == 0) {
    return usage("--patience 0 would stop at the start", "give the number of epochs to wait, 10 or more");
  }
  for (const auto& [value, name] :
       {std::pair{request.adam_first, "first"}, {request.adam_second, "second"}}) {
    if (!(value >= 0 && value < 1))
      return usage(fmt::format("--adam-betas: the {}, {}, is not in [0, 1)", name, value),
                   "0.9,0.999 is usual");
  }
  if (!request.formula.empty()) {
    if (auto checked = check_formula_request(request); !checked) return checked;
  } else if (request.restarts > 0) {
    return usage("--restarts does nothing for a linear model: its cost has one valley", "leave it out");
  }
  for (const auto& [name, value] : request.start_values) {
    if (!std::isfinite(value))
      return usage(fmt::format("--start {}={} is not finite", name, value), "give a number");
  }
  return {};
}

}  // namespace talweg
