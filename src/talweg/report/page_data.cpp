// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "talweg/formula/explain.h"
#include "talweg/model/formula_data.h"
#include "talweg/model/json_text.h"
#include "talweg/report/base64.h"
#include "talweg/report/derivation.h"
#include "talweg/report/page.h"
#include "talweg/report/page_parts.h"
#include "talweg/report/sentences.h"
#include "talweg/version.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
Json number(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}

// Null where there is no such entry.
template <class Value>
Json at(const std::vector<Value>& values, std::size_t j) {
  return j < values.size() ? number(values[j]) : Json(nullptr);
}

// As the terminal shows it: valid UTF-8, control characters escaped.
std::string shown(const std::string& text) {
  return printable(text);
}

Json texts(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const std::string& value : values) out.push_back(shown(value));
  return out;
}

const char* tone(const Fit& fit) {
  if (fit.diverged()) return "bad";
  const bool arrived =
      fit.termination.reason == Reason::tolerance || fit.termination.reason == Reason::rounding;
  return arrived && (fit.certificate.cost_gap_bound || fit.plan.over_rows) ? "good" : "caution";
}

Json verdict(const Fit& fit, const std::string& model_path) {
  return {{"tone", tone(fit)},
          {"ending", shown(ending_text(fit))},
          {"certificate", certificate_text(fit)},
          {"next", shown(next_text(fit, model_path))}};
}

Json plan(const Plan& plan) {
  return {{"objective", shown(plan.objective)},
          {"formula", shown(plan.formula)},
          {"over_rows", plan.over_rows},
          {"loss", cost_name(plan.cost)},
          {"optimizer", optimizer_name(plan.optimizer)},
          {"classification", is_classification(plan.cost)},
          {"kink", has_kink(plan.cost)},
          {"huber_delta", plan.loss ? Json(plan.loss->huber_delta) : Json(nullptr)},
          {"quantile", plan.loss ? Json(plan.loss->quantile) : Json(nullptr)},
          {"l1", plan.l1},
          {"classes", texts(plan.classes)},
          {"preconditioned", plan.preconditioned},
          {"scale", scale_name(plan.scale)},
          {"method", shown(method_text(plan))},
          {"learning_rate", number(plan.learning_rate)},
          {"momentum", plan.momentum},
          {"schedule", schedule_name(plan.schedule.kind)},
          {"batch_size", plan.batch_size ? Json(*plan.batch_size) : Json(nullptr)},
          {"largest_stable_rate", number(plan.largest_stable_rate)},
          {"best_rate", number(plan.best_rate)},
          {"condition_number", number(plan.condition_number)},
          {"steepest", shown(plan.steepest)},
          {"steepest_share", plan.steepest_share},
          {"tolerance", number(plan.tolerance)},
          {"forecast", forecast_line(plan)},
          {"forecast_epochs", plan.forecast.epochs ? Json(*plan.forecast.epochs) : Json(nullptr)}};
}

// A name of any length: beyond kMostBytes its beginning.
std::string label(const std::string& name) {
  constexpr std::size_t kMostBytes = 160;
  std::string out = shown(name);
  if (out.size() <= kMostBytes) return out;
  out.resize(kMostBytes);
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U) out.pop_back();
  if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0U) out.pop_back();
  return out + "…";
}

// The page has a table of so many parameters and columns; what it leaves out it counts.
constexpr std::size_t kMostListed = 1000;

// The parameters that the page knows: all, or those carried and then the first others.
std::vector<std::size_t> listed(const Fit& fit, const std::vector<std::size_t>& carried) {
  const std::size_t count = fit.plan.parameters.size();
  std::vector<bool> in(count, count <= kMostListed);
  std::size_t room = count <= kMostListed ? 0 : kMostListed - carried.size();
  for (const std::size_t j : carried) in[j] = true;
  for (std::size_t j = 0; j < count && room > 0; ++j) {
    if (in[j]) continue;
    in[j] = true;
    --room;
  }
  std::vector<std::size_t> out;
  for (std::size_t j = 0; j < count; ++j) {
    if (in[j]) out.push_back(j);
  }
  return out;
}

// The name as it must be typed, where that is not what is shown; null where it is too long to be typed.
Json typed(const std::string& name) {
  constexpr std::size_t kMostBytes = 1000;
  return name.size() <= kMostBytes ? Json(valid_utf8(name)) : Json(nullptr);
}

Json parameters(const Fit& fit, const std::vector<std::size_t>& list) {
  Json out = Json::array();
  for (const std::size_t j : list) {
    out.push_back({{"name", label(fit.plan.parameters[j].name)},
                   {"typed", typed(fit.plan.parameters[j].name)},
                   {"intercept", fit.plan.parameters[j].intercept},
                   {"start", number(fit.start[j])},
                   {"value", number(fit.parameters[j])},
                   {"standard_error", number(fit.standard_errors[j])},
                   {"exact", at(fit.exact_parameters, j)},
                   {"bound", at(fit.certificate.parameter_bounds, j)}});
    if (out.back()["typed"] == out.back()["name"]) out.back().erase("typed");
  }
  return out;
}

Json columns(const Fit& fit) {
  Json out = Json::array();
  for (std::size_t k = 0; k < fit.columns.size(); ++k) {
    const bool target = k + 1 == fit.columns.size();
    if (!target && k + 1 >= kMostListed) continue;
    const ColumnInfo& column = fit.columns[k];
    const bool numeric = column.kind == ColumnKind::numeric;
    Json entry = {{"name", label(column.name)},
                  {"kind", numeric ? "numeric" : "text"},
                  {"role", target ? "target" : "feature"},
                  {"missing", column.missing},
                  {"levels", numeric ? Json(nullptr) : Json(column.levels)},
                  {"mean", nullptr},
                  {"spread", nullptr}};
    for (const FeatureSummary& feature : fit.features) {
      if (!numeric || target || feature.name != column.name) continue;
      entry["mean"] = number(feature.mean);
      entry["spread"] = number(feature.spread);
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Json audit(const Fit& fit) {
  const IngestAudit& audit = fit.audit;
  return {
      {"records", audit.records},
      {"rows", audit.rows},
      {"rejected", audit.rows_rejected},
      {"missing", audit.rows_missing},
      {"weightless", audit.rows_weightless},
      {"header", audit.header},
      {"header_found", audit.header_sniffed},
      {"delimiter", audit.delimiter == 0 ? Json(nullptr) : Json(shown(std::string(1, audit.delimiter)))},
      {"delimiter_found", audit.delimiter_sniffed},
      {"unused", texts(audit.unused)},
      {"first_rejected", audit.first_rejected ? Json(shown(audit.first_rejected->text())) : Json(nullptr)}};
}

// The parameters whose path the page shows, most important first.
std::vector<std::size_t> carried(const Fit& fit) {
  if (fit.replay) return fit.replay->carried;
  if (fit.landscape) return fit.landscape->carried;
  std::vector<std::size_t> out(fit.plan.parameters.size());
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = j;
  const auto t = [&](std::size_t j) {
    return fit.standard_errors[j] && *fit.standard_errors[j] > 0
               ? std::abs(fit.parameters[j] / *fit.standard_errors[j])
               : 0.0;
  };
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return t(a) > t(b); });
  out.resize(std::min(out.size(), Replay::kMostCarried));
  return out;
}

// Then a list of start values need only name those carried.
bool others_start_at_zero(const Fit& fit, const std::vector<std::size_t>& carried) {
  for (std::size_t j = 0; j < fit.start.size(); ++j) {
    if (fit.start[j] != 0 && std::find(carried.begin(), carried.end(), j) == carried.end()) return false;
  }
  return true;
}

// The run as it was, thinned.
Json trace(const Fit& fit, const std::vector<std::size_t>& shown_parameters) {
  std::vector<double> epochs;
  std::vector<double> cost;
  std::vector<double> gradient;
  std::vector<double> rate;
  std::vector<double> validation;
  std::vector<double> values;
  for (const TraceRow& row : fit.trace.thinned(kShownEpochs)) {
    epochs.push_back(static_cast<double>(row.epoch));
    cost.push_back(row.cost);
    gradient.push_back(row.gradient_norm);
    rate.push_back(row.learning_rate.value_or(std::nan("")));
    if (row.validation_cost) validation.push_back(*row.validation_cost);
    for (const std::size_t j : shown_parameters) values.push_back(row.parameters[j]);
  }
  return {{"epochs", base64_doubles(epochs)},         {"cost", base64_doubles(cost)},
          {"gradient", base64_doubles(gradient)},     {"rate", base64_doubles(rate)},
          {"validation", base64_doubles(validation)}, {"parameters", base64_doubles(values)}};
}

Json replay(const Replay& replay) {
  return {{"eigenvalues", base64_doubles(replay.eigenvalues)},
          {"start", base64_doubles(replay.start)},
          {"unit", base64_doubles(replay.unit)},
          {"origin", base64_doubles(replay.origin)},
          {"optimum", base64_doubles(replay.optimum)},
          {"rows", base64_doubles(replay.rows)},
          {"intercept_row", base64_doubles(replay.intercept_row)}};
}

Json rows(const RowView& rows) {
  // Few rows are shown in numbers, many are drawn.
  constexpr std::size_t kExactParts = 20'000;
  const bool exact_parts = rows.parts.size() <= kExactParts;
  const bool exact_cells = rows.cells.size() <= kExactParts;
  const std::vector<double> numbers(rows.numbers.begin(), rows.numbers.end());
  return {{"of", rows.of},
          {"numbers", base64_doubles(numbers)},
          {"target", base64_doubles(rows.target)},
          {"prediction", base64_doubles(rows.prediction)},
          {"optimal", base64_doubles(rows.optimal)},
          {"weight", base64_doubles(rows.weight)},
          {"x_name", shown(rows.x_name)},
          {"x", base64_doubles(rows.x)},
          {"curve_x", base64_doubles(rows.curve_x)},
          {"curve_path", base64_floats(rows.curve_path)},
          {"path", base64_doubles(rows.path)},
          {"predictor", base64_doubles(rows.predictor)},
          {"cells_bytes", exact_cells ? 8 : 4},
          {"cells", exact_cells ? base64_doubles(rows.cells) : base64_floats(rows.cells)},
          {"parts_bytes", exact_parts ? 8 : 4},
          {"parts", exact_parts ? base64_doubles(rows.parts) : base64_floats(rows.parts)}};
}

// A formula's own derivation, the cost first and then a gradient a parameter; else that of a linear model.
std::vector<DerivationLine> derivation(const Fit& fit) {
  if (fit.formula == nullptr) return derive_gradient(fit);
  // In the same order.
  const auto cost = static_cast<LossKind>(fit.plan.cost);
  LossNumbers numbers;
  if (fit.plan.loss) numbers = {fit.plan.loss->huber_delta, fit.plan.loss->quantile};
  const std::string all = derivation_mathml(fit.formula->formula, cost, numbers);
  std::vector<DerivationLine> out;
  const std::string end = "</math>";
  for (std::size_t from = all.find("<math"); from != std::string::npos;) {
    const std::size_t to = all.find(end, from);
    if (to == std::string::npos) break;
    out.push_back(
        {out.empty() ? "the cost" : "the gradient, rule by rule", all.substr(from, to + end.size() - from)});
    from = all.find("<math", to);
  }
  return out;
}

// `<`, `>` and `&` as escapes of JSON: nothing in the block can end it or begin another.
std::string block(const Json& json) {
  std::string out;
  for (const char c : json.dump()) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string page_data(const Fit& fit, const std::vector<std::string>& arguments,
                      const std::string& model_path) {
  const std::vector<std::size_t> shown_parameters = carried(fit);
  const std::vector<std::size_t> list = listed(fit, shown_parameters);
  Json out;
  out["version"] = kVersion;
  out["arguments"] = Json::array();
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    // The number of threads never changes anything, so it does not change the page either.
    if (arguments[k] == "--threads") {
      ++k;
    } else if (!arguments[k].starts_with("--threads=")) {
      out["arguments"].push_back(valid_utf8(arguments[k]));
    }
  }
  out["verdict"] = verdict(fit, model_path);
  out["data"] = shown(rows_text(fit.audit, fit.plan));
  out["target"] = shown(fit.plan.target);
  out["plan"] = plan(fit.plan);
  out["warnings"] = texts(fit.warnings);
  out["notes"] = texts(fit.notes);
  out["termination"] = reason_name(fit.termination.reason);
  out["diverged"] = fit.diverged();
  out["epochs"] = fit.epochs;
  out["evaluations"] = fit.evaluations;
  out["best_epoch"] = fit.best_epoch;
  out["cost"] = number(fit.cost);
  out["lowest_cost"] = fit.exact_parameters.empty() ? Json(nullptr) : number(fit.exact_cost);
  out["divergence_cost"] = number(fit.divergence_cost);
  out["mse"] = number(fit.mse);
  out["r2"] = number(fit.r2);
  out["gradient_norm"] = number(fit.gradient_norm);
  out["cost_gap_bound"] = number(fit.certificate.cost_gap_bound);
  out["parameter_distance_bound"] = number(fit.certificate.parameter_distance_bound);
  out["l2"] = fit.l2;
  out["weights"] = shown(fit.weights);
  out["parameters"] = parameters(fit, list);
  out["parameter_count"] = fit.plan.parameters.size();
  // Of all parameters, those that the page does not carry, too.
  std::size_t coefficients = 0;
  std::size_t zeros = 0;
  for (std::size_t j = 0; j < fit.plan.parameters.size(); ++j) {
    if (fit.plan.parameters[j].intercept) continue;
    ++coefficients;
    zeros += fit.parameters[j] == 0 ? 1 : 0;
  }
  out["coefficient_count"] = coefficients;
  out["zero_count"] = zeros;
  out["carried"] = Json::array();
  for (const std::size_t j : shown_parameters)
    out["carried"].push_back(std::lower_bound(list.begin(), list.end(), j) - list.begin());
  out["others_start_at_zero"] = others_start_at_zero(fit, shown_parameters);
  out["columns"] = columns(fit);
  out["column_count"] = fit.columns.size();
  out["audit"] = audit(fit);
  out["fingerprint"] = "xxh3-128:" + fit.fingerprint;
  out["trace"] = trace(fit, shown_parameters);
  out["replay"] = fit.replay ? replay(*fit.replay) : Json(nullptr);
  out["rows"] = fit.rows ? rows(*fit.rows) : Json(nullptr);
  out["landscape"] = page_landscape(fit);
  out["steps"] = page_steps(fit, shown_parameters);
  out["validation"] = page_validation(fit);
  out["folds"] = page_folds(fit);
  out["derivation"] = Json::array();
  for (const DerivationLine& line : derivation(fit)) {
    out["derivation"].push_back({{"says", line.says}, {"mathml", line.mathml}});
  }
  return block(out);
}

}  // namespace talweg
