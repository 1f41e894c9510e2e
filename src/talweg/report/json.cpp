// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "talweg/model/json_text.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
Json number(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}

template <class Value>
Json by_name(const std::vector<Parameter>& parameters, const std::vector<Value>& values) {
  Json out = Json::object();
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    out[valid_utf8(parameters[j].name)] = j < values.size() ? number(values[j]) : Json(nullptr);
  }
  return out;
}

Json texts(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const std::string& value : values) out.push_back(valid_utf8(value));
  return out;
}

void add_data(const IngestAudit& audit, const std::vector<ColumnInfo>& columns, Json& out) {
  out["rows"] = audit.rows;
  out["rows_rejected"] = audit.rows_rejected;
  out["rows_missing"] = audit.rows_missing;
  out["rows_weightless"] = audit.rows_weightless;
  out["columns"] = Json::object();
  for (const ColumnInfo& column : columns) {
    out["columns"][valid_utf8(column.name)] = column.kind == ColumnKind::numeric ? "numeric" : "text";
  }
}

void add_plan(const Plan& plan, Json& out) {
  out["target"] = valid_utf8(plan.target);
  if (!plan.formula.empty()) {
    out["formula"] = valid_utf8(plan.formula);
    out["formula_columns"] = texts(plan.formula_columns);
  }
  out["classes"] = plan.classes.empty() ? Json(nullptr) : texts(plan.classes);
  out["objective"] = valid_utf8(plan.objective);
  out["loss"] = cost_name(plan.cost);
  out["optimizer"] = optimizer_name(plan.optimizer);
  out["preconditioner"] = plan.preconditioned ? Json("cholesky") : Json(nullptr);
  out["scale"] = scale_name(plan.scale);
  out["learning_rate"] = number(plan.learning_rate);
  out["schedule"] = schedule_name(plan.schedule.kind);
  out["batch_size"] = plan.batch_size ? Json(*plan.batch_size) : Json("full");
  out["storage"] = !plan.storage                       ? Json(nullptr)
                   : *plan.storage == CellType::floats ? Json("float")
                                                       : Json("double");
  out["largest_stable_learning_rate"] = number(plan.largest_stable_rate);
  out["best_learning_rate"] = number(plan.best_rate);
  out["equivalent_learning_rates"] = {{"mse", number(plan.equivalent_mse)},
                                      {"half-mse", number(plan.equivalent_half_mse)},
                                      {"sse", number(plan.equivalent_sse)}};
  out["condition_number"] = number(plan.condition_number);
  out["arithmetic"] =
      plan.arithmetic.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(plan.arithmetic);
  out["forecast_epochs"] = plan.forecast.epochs ? Json(*plan.forecast.epochs) : Json(nullptr);
  out["forecast_quality"] = plan.forecast.epochs ? Json(quality_name(plan.forecast.quality)) : Json(nullptr);
}

Json exact(const std::vector<Parameter>& names, const std::vector<double>& parameters, double cost) {
  if (parameters.empty()) return nullptr;
  Json out;
  out["parameters"] = by_name(names, parameters);
  out["cost"] = number(cost);
  return out;
}

Json local_rates(const std::optional<LocalRates>& rates) {
  if (!rates) return nullptr;
  return {{"stable_learning_rate", number(rates->stable_rate)},
          {"condition_number", number(rates->condition_number)}};
}

Json audit_json(const IngestAudit& audit, const std::vector<ColumnInfo>& columns,
                const std::vector<FeatureSummary>& features) {
  Json out;
  out["records"] = audit.records;
  out["header"] = audit.header;
  out["header_found"] = audit.header_sniffed;
  out["delimiter"] = audit.delimiter == 0 ? Json(nullptr) : Json(valid_utf8(std::string(1, audit.delimiter)));
  out["delimiter_found"] = audit.delimiter_sniffed;
  out["columns"] = Json::array();
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const bool numeric = columns[k].kind == ColumnKind::numeric;
    Json entry = {{"name", valid_utf8(columns[k].name)},
                  {"kind", numeric ? "numeric" : "text"},
                  {"role", k + 1 == columns.size() ? "target" : "feature"},
                  {"missing", columns[k].missing}};
    if (!numeric) entry["levels"] = columns[k].levels;
    for (const FeatureSummary& feature : features) {
      if (numeric && k + 1 < columns.size() && feature.name == columns[k].name) {
        entry["constant"] = !(feature.spread > 0);
      }
    }
    out["columns"].push_back(std::move(entry));
  }
  out["unused"] = texts(audit.unused);
  out["first_rejected"] =
      audit.first_rejected ? Json(valid_utf8(audit.first_rejected->text())) : Json(nullptr);
  return out;
}

Json epoch_table_json(const EpochTable& table, const std::vector<Parameter>& names) {
  Json out = Json::array();
  for (const TraceRow& row : table.rows()) {
    out.push_back({{"epoch", row.epoch},
                   {"cost", number(row.cost)},
                   {"gradient_norm", number(row.gradient_norm)},
                   {"learning_rate", number(row.learning_rate)},
                   {"parameters", by_name(names, row.parameters)}});
    if (row.validation_cost) out.back()["validation_cost"] = number(row.validation_cost);
  }
  return out;
}

Json score_json(const HeldOutScore& score) {
  return {{"rows", score.rows},
          {"cost", number(score.cost)},
          {"mse", number(score.mse)},
          {"rmse", number(std::sqrt(score.mse))},
          {"mae", number(score.mae)},
          {"r2", number(score.r2)},
          {"log_loss", number(score.log_loss)},
          {"accuracy", number(score.accuracy)},
          {"auc", number(score.auc)}};
}

Json validation_json(const Fit& fit) {
  if (!fit.validation) return nullptr;
  const ValidationResult& validation = *fit.validation;
  Json out = {{"share", validation.share}, {"seed", fit.seed}, {"rows_training", validation.rows_training}};
  out.update(score_json(validation.score));
  out["patience"] = validation.patience ? Json(*validation.patience) : Json(nullptr);
  out["best_epoch"] = validation.best_epoch;
  out["best_cost"] = number(validation.best_cost);
  return out;
}

// One entry a fold; then over all of them the mean and the standard deviation of each metric.
void add_folds(const Fit& fit, Json& out) {
  if (fit.folds.empty()) {
    out["folds"] = nullptr;
    return;
  }
  out["folds"] = Json::array();
  std::vector<HeldOutScore> scores;
  for (const FoldScore& fold : fit.folds) {
    Json entry = {
        {"rows_training", fold.rows_training}, {"epochs", fold.epochs}, {"reason", reason_name(fold.reason)}};
    entry.update(score_json(fold.score));
    out["folds"].push_back(std::move(entry));
    scores.push_back(fold.score);
  }
  Json summary = {{"seed", fit.seed}};
  for (std::size_t metric = 0; metric < kMetrics; ++metric) {
    const auto both = mean_and_deviation(scores, metric);
    summary[metric_name(metric)] =
        both ? Json{{"mean", both->mean}, {"standard_deviation", number(both->deviation)}} : Json(nullptr);
  }
  out["folds_summary"] = std::move(summary);
}

std::string text(const Json& json) {
  return json.dump(2) + "\n";
}

}  // namespace

std::string fit_json(const Fit& fit, const EpochTable* epochs) {
  const std::vector<Parameter>& names = fit.plan.parameters;
  Json out;
  add_data(fit.audit, fit.columns, out);
  add_plan(fit.plan, out);
  out["epochs"] = fit.epochs;
  out["evaluations"] = fit.evaluations;
  out["termination"] = {{"reason", reason_name(fit.termination.reason)},
                        {"measured", number(fit.termination.measured)},
                        {"limit", number(fit.termination.limit)}};
  out["parameters"] = by_name(names, fit.parameters);
  out["standard_errors"] = by_name(names, fit.standard_errors);
  out["cost"] = number(fit.cost);
  out["mse"] = number(fit.mse);
  out["rmse"] = number(std::sqrt(fit.mse));
  out["r2"] = number(fit.r2);
  out["gradient_norm"] = number(fit.gradient_norm);
  out["validation"] = validation_json(fit);
  add_folds(fit, out);
  out["certificate"] = {{"cost_gap_bound", number(fit.certificate.cost_gap_bound)},
                        {"parameter_bounds", by_name(names, fit.certificate.parameter_bounds)},
                        {"parameter_distance_bound", number(fit.certificate.parameter_distance_bound)}};
  out["exact"] = exact(names, fit.exact_parameters, fit.exact_cost);
  if (fit.plan.over_rows && !fit.plan.loss) {
    out["local"] = {{"start", local_rates(fit.plan.at_start)}, {"end", local_rates(fit.at_end)}};
    out["relative_offset"] = number(fit.relative_offset);
  }
  if (!fit.valleys.empty()) {
    out["valleys"] = Json::array();
    for (const Valley& valley : fit.valleys) {
      out["valleys"].push_back({{"cost", number(valley.cost)},
                                {"runs", valley.runs},
                                {"parameters", by_name(names, valley.parameters)}});
    }
  }
  out["post_mortem"] = fit.post_mortem.empty() ? Json(nullptr) : Json(valid_utf8(fit.post_mortem));
  std::vector<std::string> warnings = fit.warnings;
  warnings.insert(warnings.end(), fit.notes.begin(), fit.notes.end());
  out["warnings"] = texts(warnings);
  out["fingerprint"] = "xxh3-128:" + fit.fingerprint;
  out["seconds"] = {{"read", fit.seconds.read},
                    {"fold", fit.seconds.fold},
                    {"descend", fit.seconds.descend},
                    {"write", fit.seconds.write}};
  if (epochs != nullptr) {
    out["audit"] = audit_json(fit.audit, fit.columns, fit.features);
    out["epoch_table"] = epoch_table_json(*epochs, names);
  }
  return text(out);
}

std::string forecast_json(const Problem& problem, bool audit) {
  const Plan& plan = problem.plan;
  Json out;
  std::vector<ColumnInfo> columns = problem.data.features;
  columns.push_back(problem.data.target);
  add_data(problem.data.audit, columns, out);
  add_plan(plan, out);
  out["start_cost"] = number(plan.start_cost);
  out["tolerance"] = number(plan.tolerance);
  out["exact"] = problem.cost == nullptr
                     ? Json(nullptr)
                     : exact(plan.parameters, problem.cost->optimum(), problem.cost->lowest_cost());
  if (plan.over_rows && !plan.loss) {
    out["parameters"] = by_name(plan.parameters, problem.start);
    out["local"] = {{"start", local_rates(plan.at_start)}};
  }
  out["warnings"] = texts(plan.warnings);
  out["seconds"] = {{"read", problem.data.seconds_reading}, {"fold", problem.data.seconds_folding}};
  if (audit) out["audit"] = audit_json(problem.data.audit, columns, problem.features);
  return text(out);
}

std::string evaluation_json(const Evaluation& evaluation) {
  Json out;
  out["rows"] = evaluation.rows;
  out["rows_missing"] = evaluation.rows_missing;
  out["mse"] = number(evaluation.mse);
  out["rmse"] = number(evaluation.rmse);
  out["mae"] = number(evaluation.mae);
  out["log_loss"] = number(evaluation.log_loss);
  out["accuracy"] = number(evaluation.accuracy);
  out["auc"] = number(evaluation.auc);
  out["r2"] = number(evaluation.r2);
  return text(out);
}

}  // namespace talweg
