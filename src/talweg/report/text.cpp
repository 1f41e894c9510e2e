// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/text.h"

#include <fmt/format.h>

#include <cmath>

#include "talweg/base/numbers.h"
#include "talweg/model/formula_data.h"
#include "talweg/model/json_text.h"
#include "talweg/report/cost_curve.h"
#include "talweg/report/sentences.h"
#include "talweg/report/table.h"

namespace talweg {
namespace {

constexpr std::size_t kParametersShown = 40;

std::string line(const char* label, const std::string& text) {
  return fmt::format("{:<12}{}\n", label, text);
}

// The formula and what its names were taken for.
std::string formula_text(const Plan& plan) {
  if (plan.formula.empty()) return {};
  std::vector<std::string> parameters;
  for (const Parameter& parameter : plan.parameters) parameters.push_back(parameter.name);
  return line("formula", printable(plan.formula)) +
         line("names", printable(fmt::format("columns {}; parameters {}", name_list(plan.formula_columns),
                                             name_list(parameters, "and", kParametersShown))));
}

std::string before_text(const Plan& plan) {
  std::string out;
  if (plan.loss && has_kink(plan.cost)) {
    out += line("stable",
                "no rate is stable: the loss has a kink; it is smoothed over a width that shrinks to "
                "nothing, unless a rate is given");
    out += line("forecast", forecast_line(plan));
    return out;
  }
  if (plan.loss && plan.formula.empty()) {
    out += line(
        "stable",
        plan.largest_stable_rate
            ? fmt::format("learning rates below {} everywhere ({})", short_text(*plan.largest_stable_rate),
                          is_squared(plan.cost) ? "gd; from the largest curvature by Lanczos' iteration"
                                                : "gd; for the steepest curvature that the loss can have")
            : std::string("no rate is stable everywhere: the curvature of the loss has no bound"));
    out += line("forecast", forecast_line(plan));
    return out;
  }
  if (plan.over_rows) {
    out += line(
        "stable",
        plan.at_start
            ? fmt::format("learning rates below {} near the start (gd; local, the curvature changes on "
                          "the way); condition number there {}",
                          short_text(plan.at_start->stable_rate), short_text(plan.at_start->condition_number))
            : std::string("not known: the cost has no curvature at the start"));
    out += line("forecast", forecast_line(plan));
    return out;
  }
  out += line("stable", fmt::format("learning rates below {}{}; best constant rate {}; condition number {}",
                                    optional_text(plan.largest_stable_rate),
                                    plan.optimizer == Optimizer::cg ? " (for gd)" : "",
                                    optional_text(plan.best_rate), optional_text(plan.condition_number)));
  if (plan.equivalent_mse) {
    out += line(
        "same steps",
        fmt::format("learning rate {} for mse, {} for half-mse, {} for sse", short_text(*plan.equivalent_mse),
                    short_text(*plan.equivalent_half_mse), short_text(*plan.equivalent_sse)));
  }
  out += line("forecast", forecast_line(plan));
  return out;
}

std::string parameter_table(const Fit& fit, const Style& style) {
  const bool closed_form = !fit.exact_parameters.empty();
  std::vector<std::string> header = {"parameter", "value", "standard error"};
  if (closed_form) header.insert(header.end(), {"closed form", "off by at most"});
  TextTable table(header);
  const std::vector<Parameter>& names = fit.plan.parameters;
  const std::size_t shown = names.size() > kParametersShown ? kParametersShown - 1 : names.size();
  const auto add = [&](std::size_t j) {
    std::vector<std::string> cells = {printable(names[j].name), short_text(fit.parameters[j], 10),
                                      optional_text(fit.standard_errors[j], 4)};
    if (closed_form) {
      cells.push_back(short_text(fit.exact_parameters[j], 10));
      cells.push_back(optional_text(fit.certificate.parameter_bounds[j], 2));
    }
    table.add(std::move(cells));
  };
  for (std::size_t j = 0; j < shown; ++j) add(j);
  if (shown < names.size()) add(names.size() - 1);
  std::string out = table.text(style.width, {3, 4, 2});
  if (shown + 1 < names.size()) {
    out += fmt::format("  ({} more; --json or the model file has them all)\n", names.size() - shown - 1);
  }
  return out;
}

// "mse 2.5, rmse 1.58, r2 0.7", what there is.
std::string score_text(const HeldOutScore& score) {
  std::string out = fmt::format("cost {}, mse {}, rmse {}", short_text(score.cost, 8),
                                short_text(score.mse, 8), short_text(std::sqrt(score.mse), 8));
  const auto add = [&](const char* name, const std::optional<double>& value) {
    if (value) out += fmt::format(", {} {}", name, short_text(*value, 6));
  };
  add("mae", score.mae);
  add("r2", score.r2);
  add("log loss", score.log_loss);
  add("accuracy", score.accuracy);
  add("auc", score.auc);
  return out;
}

std::string validation_text(const Fit& fit) {
  std::string out;
  if (fit.validation) {
    const ValidationResult& v = *fit.validation;
    out += line("held out", fmt::format("{} of {} rows (share {}, seed {}): {}; lowest cost in epoch {}, {}",
                                        grouped(v.score.rows), grouped(v.score.rows + v.rows_training),
                                        shortest(v.share), fit.seed, score_text(v.score),
                                        grouped(v.best_epoch), short_text(v.best_cost, 8)));
  }
  if (fit.folds.empty()) return out;
  std::vector<HeldOutScore> scores;
  for (const FoldScore& fold : fit.folds) scores.push_back(fold.score);
  std::vector<std::string> header = {"fold", "rows", "epochs"};
  std::vector<std::size_t> metrics;  // that some fold has
  for (std::size_t metric = 0; metric < kMetrics; ++metric) {
    const auto has = [&](const HeldOutScore& score) { return metric_of(score, metric).has_value(); };
    if (std::none_of(scores.begin(), scores.end(), has)) continue;
    metrics.push_back(metric);
    header.emplace_back(metric_name(metric));
    std::replace(header.back().begin(), header.back().end(), '_', ' ');
  }
  TextTable table(header);
  for (std::size_t k = 0; k < scores.size(); ++k) {
    std::vector<std::string> cells = {std::to_string(k + 1), grouped(scores[k].rows),
                                      grouped(fit.folds[k].epochs)};
    for (const std::size_t metric : metrics) cells.push_back(optional_text(metric_of(scores[k], metric), 6));
    table.add(std::move(cells));
  }
  std::vector<std::string> means = {"mean", "", ""};
  std::vector<std::string> deviations = {"+-", "", ""};
  for (const std::size_t metric : metrics) {
    const auto both = mean_and_deviation(scores, metric);
    means.push_back(both ? short_text(both->mean, 6) : "-");
    deviations.push_back(both ? optional_text(both->deviation, 3) : "-");
  }
  table.add(std::move(means));
  table.add(std::move(deviations));
  out += fmt::format("\n  each fold judges a fit of all other rows (seed {}); the fit above is of all rows\n",
                     fit.seed);
  return out + table.text() + '\n';
}

// Where the runs of --restarts have ended, the lowest first.
std::string valleys_text(const Fit& fit) {
  if (fit.valleys.empty()) return {};
  constexpr std::size_t kShown = 10;
  std::vector<std::string> header = {"valley", "runs", "cost"};
  for (const Parameter& parameter : fit.plan.parameters) header.push_back(printable(parameter.name));
  TextTable table(header);
  for (std::size_t k = 0; k < fit.valleys.size() && k < kShown; ++k) {
    std::vector<std::string> cells = {std::to_string(k + 1), grouped(fit.valleys[k].runs),
                                      short_text(fit.valleys[k].cost, 8)};
    for (const double value : fit.valleys[k].parameters) cells.push_back(short_text(value, 6));
    table.add(std::move(cells));
  }
  std::string out = table.text();
  if (fit.valleys.size() > kShown)
    out += fmt::format("  ({} more; --json has them all)\n", fit.valleys.size() - kShown);
  return out + '\n';
}

bool is_step(std::uint64_t epoch) {
  if (epoch <= 10) return true;
  while (epoch % 10 == 0) epoch /= 10;
  return epoch == 1 || epoch == 2 || epoch == 5;
}

}  // namespace

void EpochTable::begin(const Plan& plan) {
  for (const Parameter& parameter : plan.parameters) names_.push_back(printable(parameter.name));
  validated_ = plan.validated;
}

void EpochTable::add(const EpochView& view) {
  last_ = {view.epoch,
           view.cost,
           view.gradient_norm,
           view.learning_rate,
           std::vector<double>(view.parameters.begin(), view.parameters.end()),
           view.validation_cost};
  if (is_step(view.epoch)) rows_.push_back(*last_);
}

std::vector<TraceRow> EpochTable::rows() const {
  std::vector<TraceRow> out = rows_;
  if (last_ && (out.empty() || out.back().epoch != last_->epoch)) out.push_back(*last_);
  return out;
}

std::string EpochTable::text(std::size_t width) const {
  constexpr std::size_t kShown = 6;
  std::vector<std::string> header = {"epoch", "cost", "gradient norm"};
  if (validated_) header.emplace_back("validation cost");
  const std::size_t shown = std::min(kShown, names_.size());
  for (std::size_t j = 0; j < shown; ++j) header.push_back(names_[j]);
  TextTable table(header);
  for (const TraceRow& row : rows()) {
    std::vector<std::string> cells = {grouped(row.epoch), short_text(row.cost, 8),
                                      short_text(row.gradient_norm, 4)};
    if (validated_) cells.push_back(optional_text(row.validation_cost, 8));
    for (std::size_t j = 0; j < shown; ++j) cells.push_back(short_text(row.parameters[j], 8));
    table.add(std::move(cells));
  }
  std::string out = table.text(width);
  if (shown < names_.size())
    out += fmt::format("  ({} more parameters; --trace FILE has them all)\n", names_.size() - shown);
  return out;
}

namespace {

// Which label the predictions speak of, where they are not 0 and 1 or -1 and +1.
std::string classes_text(const Plan& plan) {
  if (!plan.labels_are_levels) return {};
  return line("classes", printable(fmt::format(
                             "{} is +1{}, {} is -1", in_quotes(plan.classes[1]),
                             plan.cost == CostKind::logistic ? ", predictions are its probability" : "",
                             in_quotes(plan.classes[0]))));
}

}  // namespace

std::string fit_text(const Fit& fit, const Style& style, const std::string& model_path) {
  std::string out;
  out += line("data", rows_text(fit.audit, fit.plan));
  out += formula_text(fit.plan);
  out += classes_text(fit.plan);
  out += line("cost", fmt::format("{} = {}", cost_name(fit.plan.cost), printable(fit.plan.objective)));
  out += line("method", method_text(fit.plan));
  out += before_text(fit.plan);
  const std::string ending = printable(ending_text(fit));
  out += line("ended", fit.diverged() ? style.bad(ending) : style.good(ending));
  const std::string curve = cost_curve(fit, style);
  if (!curve.empty()) out += '\n' + curve;
  out += '\n' + parameter_table(fit, style) + '\n' + valleys_text(fit);
  // What a formula predicts is its left side, on whatever scale that is.
  const bool transformed = fit.formula != nullptr && !fit.formula->formula.plain_response();
  const auto finite = [](double value) {
    return std::isfinite(value) ? short_text(value, 10) : std::string("-");
  };
  out += line("fit",
              fmt::format("{}mse {}, rmse {}, r2 {}{}",
                          transformed ? fmt::format("of {}: ", printable(fit.plan.target)) : std::string(),
                          finite(fit.mse), finite(std::sqrt(fit.mse)), optional_text(fit.r2, 10),
                          fit.l1 > 0 || fit.l2 > 0 || fit.plan.loss
                              ? fmt::format(", cost {}", short_text(fit.cost, 10))
                              : ""));
  out += validation_text(fit);
  out += line("certificate", certificate_text(fit));
  for (const std::string& note : fit.notes) out += line("note", printable(note));
  out += line("next", style.bold(next_text(fit, model_path)));
  return wrapped(out, style.width);
}

std::string forecast_text(const Problem& problem, const Style& style) {
  const Plan& plan = problem.plan;
  std::string out;
  out += line("data", rows_text(problem.data.audit, plan));
  out += formula_text(plan);
  out += classes_text(plan);
  out += line("cost", fmt::format("{} = {}", cost_name(plan.cost), printable(plan.objective)));
  out += line("method", method_text(plan));
  out += before_text(plan);
  if (!plan.steepest.empty()) {
    out += line("steepest", fmt::format("{:.0f}% of the direction that limits the rate belongs to {}",
                                        100 * plan.steepest_share, printable(in_quotes(plan.steepest))));
  }
  out += line("at start", problem.cost == nullptr
                              ? fmt::format("cost {}", short_text(plan.start_cost, 10))
                              : fmt::format("cost {}, lowest cost {}", short_text(plan.start_cost, 10),
                                            short_text(problem.cost->lowest_cost(), 10)));
  if (!plan.rounding.empty()) out += line("note", printable(plan.rounding));
  out += line("next", style.bold("talweg fit") + " with the same options runs it");
  return wrapped(out, style.width);
}

std::string audit_text(const IngestAudit& audit, const std::vector<ColumnInfo>& columns,
                       const std::vector<FeatureSummary>& features, std::size_t width) {
  std::string out;
  const std::string delimiter = audit.delimiter == '\t' ? "tab"
                                : audit.delimiter == 0  ? ""
                                                        : fmt::format("'{}'", audit.delimiter);
  out += line("read", fmt::format("{}{}{}", plural(audit.records, "record"),
                                  delimiter.empty() ? ""
                                                    : fmt::format(", delimiter {}{}", delimiter,
                                                                  audit.delimiter_sniffed ? " (found)" : ""),
                                  fmt::format(", {} header{}", audit.header ? "a" : "no",
                                              audit.header_sniffed ? " (found)" : "")));
  TextTable table({"column", "taken as", "missing", "levels", "mean", "std. deviation"});
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const ColumnInfo& column = columns[k];
    const bool target = k + 1 == columns.size();
    const FeatureSummary* summary = nullptr;
    for (const FeatureSummary& feature : features) {
      if (!target && feature.name == column.name) summary = &feature;
    }
    const bool numeric = column.kind == ColumnKind::numeric;
    table.add({printable(column.name),
               target    ? "target"
               : numeric ? "numeric"
                         : "text",
               grouped(column.missing), numeric ? "" : grouped(column.levels),
               numeric && summary != nullptr ? short_text(summary->mean) : "",
               numeric && summary != nullptr
                   ? (summary->spread > 0 ? short_text(summary->spread) : "constant")
                   : ""});
  }
  out += table.text(width, {5, 4, 3});
  if (!audit.unused.empty()) out += line("not used", printable(name_list(audit.unused)));
  if (audit.first_rejected) out += line("first bad", printable(audit.first_rejected->text()));
  return wrapped(out + '\n', width);
}

std::string evaluation_text(const Evaluation& evaluation, const Model& model) {
  std::string out = line("rows", grouped(evaluation.rows));
  if (evaluation.rows_missing > 0)
    out += line("left out", plural(evaluation.rows_missing, "row") + " with a missing cell");
  out += line("target", printable(model.target));
  out += line("mse", short_text(evaluation.mse, 10));
  out += line("rmse", short_text(evaluation.rmse, 10));
  out += line("mae", short_text(evaluation.mae, 10));
  if (evaluation.log_loss) out += line("log loss", short_text(*evaluation.log_loss, 10));
  if (evaluation.accuracy) out += line("accuracy", short_text(*evaluation.accuracy, 10));
  if (evaluation.auc) out += line("auc", short_text(*evaluation.auc, 10));
  if (evaluation.r2 || !evaluation.accuracy) out += line("r2", optional_text(evaluation.r2, 10));
  return out;
}

}  // namespace talweg
