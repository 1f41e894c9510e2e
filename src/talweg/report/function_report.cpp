// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/function_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "talweg/base/numbers.h"
#include "talweg/formula/print.h"
#include "talweg/model/json_text.h"
#include "talweg/report/sentences.h"
#include "talweg/report/table.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestShown = 200;
constexpr std::size_t kPathRows = 1'000;

std::string line(const char* label, const std::string& text) {
  return fmt::format("{:<12}{}\n", label, text);
}

std::string shown(const Expression& e) {
  const std::string text = printable(to_text(e));
  return text.size() > kLongestShown ? text.substr(0, kLongestShown) + " ..." : text;
}

std::string method_of(const FunctionPlan& plan) {
  std::string out(optimizer_name(plan.optimizer));
  if (plan.momentum > 0) out += fmt::format(", momentum {}", shortest(plan.momentum));
  if (plan.learning_rate) {
    out += fmt::format(", learning rate {} (given)", shortest(*plan.learning_rate));
  } else if (has_fixed_rate(plan.optimizer)) {
    out += ", learning rate found on the way";
  } else {
    out += ", a search along each direction";
  }
  if (plan.optimizer_chosen) {
    out += plan.learning_rate ? "; gd because a learning rate is given"
                              : "; lbfgs because no learning rate is given";
  }
  return out;
}

std::string curvature_text(const FunctionPlan& plan, const std::optional<LocalCurvature>& local,
                           const char* where) {
  if (!local) return fmt::format("the curvature {} is not known", where);
  const double low = local->eigenvalues.front();
  const double high = local->eigenvalues.back();
  std::string out = local->eigenvalues.size() == 1
                        ? fmt::format("curvature {} {}", short_text(high), where)
                        : fmt::format("curvature from {} to {} {}", short_text(low), short_text(high), where);
  if (local->stable_rate) {
    out += fmt::format(": {} stable below {}{}",
                       plan.optimizer == Optimizer::momentum || plan.optimizer == Optimizer::nesterov
                           ? optimizer_name(plan.optimizer)
                           : "gd",
                       short_text(*local->stable_rate),
                       plan.quadratic ? " (everywhere: the function is quadratic)" : " there");
  } else {
    out += ": no rate is stable there, the function bends down";
  }
  return out;
}

std::string ending_of(const FunctionRun& run) {
  std::string epochs = plural(run.epochs, "epoch");
  switch (run.termination.reason) {
    case Reason::tolerance:
      return fmt::format("converged in {}: gradient norm {}, the limit {}", epochs,
                         short_text(run.termination.measured, 3), short_text(run.termination.limit, 3));
    case Reason::rounding:
      if (!run.arrived()) {
        return fmt::format("stopped after {}: no step lowers the function any more, at a gradient norm of {}",
                           epochs, short_text(run.gradient_norm, 3));
      }
      return fmt::format("converged in {} to the last digit: no step lowers the function any more", epochs);
    case Reason::epochs:
      return run.plan.tolerance ? fmt::format("stopped after {} by --epochs", epochs)
                                : fmt::format("ran {}, as asked", epochs);
    case Reason::seconds:
      return fmt::format("stopped after {} by --max-seconds", epochs);
    case Reason::interrupted:
      return fmt::format("interrupted after {}", epochs);
    case Reason::early_stopping:
    case Reason::callback:
      return fmt::format("stopped after {}", epochs);
    case Reason::diverged:
    case Reason::non_finite:
      return run.post_mortem;
  }
  return epochs;
}

const char* landing_name(Landing landing) {
  switch (landing) {
    case Landing::minimum:
      return "minimum";
    case Landing::saddle:
      return "saddle point";
    case Landing::maximum:
      return "maximum";
    case Landing::flat:
      return "flat";
    case Landing::slope:
    case Landing::unknown:
      break;
  }
  return "";
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
Json number(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}
Json numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(number(value));
  return out;
}
Json by_name(const std::vector<std::string>& names, const std::vector<double>& values) {
  Json out = Json::object();
  for (std::size_t j = 0; j < names.size(); ++j) out[valid_utf8(names[j])] = number(values[j]);
  return out;
}

Json picture(const FunctionRun& run) {
  Json out = Json::object();
  const std::vector<std::string>& names = run.plan.formula.parameters;
  out["curve"] = nullptr;
  out["contours"] = nullptr;
  if (run.curve) {
    out["curve"] = {{"parameter", valid_utf8(names[0])},
                    {"values", numbers(run.curve->values)},
                    {"costs", numbers(run.curve->costs)}};
  }
  if (run.contours) {
    Json rows = Json::array();
    const std::size_t width = run.contours->first.size();
    for (std::size_t k = 0; k < run.contours->second.size(); ++k) {
      const auto begin = run.contours->costs.begin() + static_cast<std::ptrdiff_t>(k * width);
      rows.push_back(numbers({begin, begin + static_cast<std::ptrdiff_t>(width)}));
    }
    out["contours"] = {
        {"x", {{"parameter", valid_utf8(names[0])}, {"values", numbers(run.contours->first)}}},
        {"y", {{"parameter", valid_utf8(names[1])}, {"values", numbers(run.contours->second)}}},
        {"costs", rows}};
  }
  const std::vector<TraceRow> rows = run.trace.rows();
  const std::size_t every = rows.size() / kPathRows + 1;
  Json epochs = Json::array();
  Json costs = Json::array();
  Json parameters = Json::array();
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (k % every != 0 && k + 1 != rows.size()) continue;
    epochs.push_back(rows[k].epoch);
    costs.push_back(number(rows[k].cost));
    parameters.push_back(numbers(rows[k].parameters));
  }
  out["path"] = {{"epochs", epochs}, {"costs", costs}, {"parameters", parameters}};
  return out;
}

}  // namespace

Plan names_as_plan(const std::vector<std::string>& names) {
  Plan out;
  for (const std::string& name : names) {
    Parameter parameter;
    parameter.name = name;
    out.parameters.push_back(std::move(parameter));
  }
  return out;
}

std::string function_text(const FunctionRun& run, const Style& style) {
  const FunctionPlan& plan = run.plan;
  const std::vector<std::string>& names = plan.formula.parameters;
  std::string out;
  out += line("function", "f = " + shown(plan.formula.right));
  constexpr std::size_t kDerivativesShown = 10;
  for (std::size_t j = 0; j < std::min(names.size(), kDerivativesShown); ++j) {
    out += line(j == 0 ? "gradient" : "",
                fmt::format("df/d{} = {}", printable(names[j]), shown(plan.gradient[j])));
  }
  if (names.size() > kDerivativesShown)
    out += line("", fmt::format("({} more)", names.size() - kDerivativesShown));
  out += line("method", method_of(plan));
  out += line("at start", fmt::format("f = {}; {}", short_text(plan.start_cost, 10),
                                      curvature_text(plan, plan.at_start, "where the descent starts")));
  const std::string ending = printable(ending_of(run));
  out += line("ended", run.diverged() ? style.bad(ending) : style.good(ending));
  TextTable table({"variable", "start", run.diverged() ? "best" : "end"});
  for (std::size_t j = 0; j < names.size(); ++j) {
    table.add({printable(names[j]), short_text(plan.start[j], 10), short_text(run.parameters[j], 10)});
  }
  out += '\n' + table.text() + '\n';
  out += line(run.diverged() ? "at best" : "at end",
              fmt::format("f = {}{}; {}", short_text(run.cost, 10),
                          run.diverged() ? fmt::format(" in epoch {}", grouped(run.best_epoch)) : "",
                          curvature_text(plan, run.at_end, "here")));
  const std::string landing = landing_name(run.landing);
  if (!landing.empty())
    out += line("found", landing == "flat" ? "a point where the function is flat" : "a " + landing);
  return out;
}

std::string function_json(const FunctionRun& run) {
  const FunctionPlan& plan = run.plan;
  const std::vector<std::string>& names = plan.formula.parameters;
  Json out = Json::object();
  out["function"] = valid_utf8(plan.formula.text);
  out["objective"] = "f = " + valid_utf8(to_text(plan.formula.right));
  out["variables"] = Json::array();
  out["gradient"] = Json::object();
  for (std::size_t j = 0; j < names.size(); ++j) {
    out["variables"].push_back(valid_utf8(names[j]));
    out["gradient"][valid_utf8(names[j])] = valid_utf8(to_text(plan.gradient[j]));
  }
  out["optimizer"] = optimizer_name(plan.optimizer);
  out["learning_rate"] = number(plan.learning_rate);
  const auto rate = [](const std::optional<LocalCurvature>& local) {
    return local ? number(local->stable_rate) : Json(nullptr);
  };
  const auto values = [](const std::optional<LocalCurvature>& local) {
    return local ? numbers(local->eigenvalues) : Json(nullptr);
  };
  out["largest_stable_learning_rate"] = plan.quadratic ? rate(plan.at_start) : Json(nullptr);
  out["local_stable_learning_rate"] = {{"start", rate(plan.at_start)}, {"end", rate(run.at_end)}};
  out["curvature"] = {{"start", values(plan.at_start)}, {"end", values(run.at_end)}};
  out["epochs"] = run.epochs;
  out["evaluations"] = run.evaluations;
  out["termination"] = {{"reason", reason_name(run.termination.reason)},
                        {"measured", number(run.termination.measured)},
                        {"limit", number(run.termination.limit)}};
  out["start"] = by_name(names, plan.start);
  out["start_cost"] = number(plan.start_cost);
  out["parameters"] = by_name(names, run.parameters);
  out["cost"] = number(run.cost);
  out["gradient_norm"] = number(run.gradient_norm);
  const std::string landing = landing_name(run.landing);
  out["stationary_point"] = landing.empty() ? Json(nullptr) : Json(landing);
  out["post_mortem"] = run.post_mortem.empty() ? Json(nullptr) : Json(valid_utf8(run.post_mortem));
  out["warnings"] = Json::array();
  for (const std::string& warning : run.warnings) out["warnings"].push_back(valid_utf8(warning));
  out["seconds"] = {{"descend", run.seconds}};
  out.update(picture(run));
  return out.dump(2) + "\n";
}

}  // namespace talweg
