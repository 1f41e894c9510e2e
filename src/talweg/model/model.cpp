// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "talweg/data/bytes.h"
#include "talweg/model/folded_table.h"
#include "talweg/model/formula_data.h"
#include "talweg/model/json_text.h"
#include "talweg/version.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "talweg model";

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
Json number(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}

Json parameters_json(const Fit& fit) {
  Json out = Json::array();
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    const Parameter& parameter = fit.plan.parameters[j];
    Json entry;
    entry["name"] = text_to_json(parameter.name);
    if (parameter.intercept) {
      entry["intercept"] = true;
    } else if (fit.formula == nullptr) {
      entry["column"] = text_to_json(parameter.column);
    }
    if (parameter.level) entry["level"] = text_to_json(*parameter.level);
    entry["value"] = fit.parameters[j];
    entry["standard_error"] = number(fit.standard_errors[j]);
    entry["start"] = number(fit.start[j]);
    out.push_back(std::move(entry));
  }
  return out;
}

Json features_json(const Fit& fit) {
  Json out = Json::array();
  for (const FeatureSummary& feature : fit.features) {
    Json entry;
    entry["name"] = text_to_json(feature.name);
    if (feature.kind == ColumnKind::numeric) {
      entry["kind"] = "numeric";
      entry["mean"] = number(feature.mean);
      entry["standard_deviation"] = number(feature.spread);
    } else {
      entry["kind"] = "text";
      entry["reference"] = feature.has_reference ? text_to_json(feature.reference) : Json(nullptr);
      entry["levels"] = Json::array();
      for (const std::string& level : feature.levels) entry["levels"].push_back(text_to_json(level));
    }
    entry["missing"] = feature.missing;
    out.push_back(std::move(entry));
  }
  return out;
}

// The columns of a formula, each once.
Json formula_columns_json(const BoundFormula& bound) {
  Json out = Json::array();
  std::vector<std::string> seen;
  for (const ColumnUse& use : bound.formula.columns) {
    if (std::find(seen.begin(), seen.end(), use.name) != seen.end()) continue;
    seen.push_back(use.name);
    Json entry;
    entry["name"] = text_to_json(use.name);
    entry["kind"] = use.level ? "text" : "numeric";
    out.push_back(std::move(entry));
  }
  return out;
}

Json options_json(const FitRequest& request, const Fit& fit) {
  Json out;
  out["loss"] = cost_name(request.cost);
  if (request.cost == CostKind::huber) out["huber_delta"] = request.huber_delta;
  if (request.cost == CostKind::quantile) out["quantile"] = request.quantile;
  if (request.l1 > 0) out["l1"] = request.l1;
  out["l2"] = request.l2;
  out["penalty_scale"] = request.penalty_on_standard_scale ? "standard" : "raw";
  out["intercept"] = fit.has_intercept;
  out["scale"] = request.scale == ScaleChoice::automatic ? "auto" : scale_name(fit.plan.scale);
  out["optimizer"] = request.optimizer ? optimizer_name(*request.optimizer) : "auto";
  out["learning_rate"] = request.learning_rate ? Json(*request.learning_rate) : Json("auto");
  if (request.optimizer == Optimizer::momentum || request.optimizer == Optimizer::nesterov) {
    out["momentum"] = request.momentum;
  }
  if (request.optimizer == Optimizer::adam || request.optimizer == Optimizer::adamw)
    out["adam_betas"] = {request.adam_first, request.adam_second};
  if (request.schedule.kind != ScheduleKind::constant) {
    out["schedule"] = schedule_name(request.schedule.kind);
    if (usual_decay(request.schedule.kind) > 0) out["decay"] = request.schedule.decay;
    if (request.schedule.kind == ScheduleKind::inverse) out["power"] = request.schedule.power;
  }
  if (request.batch_size) {
    out["batch_size"] = *request.batch_size;
    out["shuffle"] = request.shuffle;
  }
  if (request.storage == CellType::floats) out["storage"] = "float";
  const std::array<const char*, 5> starts = {
      fit.plan.over_rows && fit.formula != nullptr && !fit.formula->affine ? "ones" : "zeros", "zeros",
      "ones", "random", "values"};
  out["start"] = starts[static_cast<std::size_t>(request.start)];
  if (request.restarts > 0) out["restarts"] = request.restarts;
  const bool shuffled = request.batch_size && request.shuffle;
  if (request.validation) {
    out["validation"] = *request.validation;
    if (request.patience) out["patience"] = *request.patience;
  }
  if (request.start == StartKind::random || request.restarts > 0 || shuffled || request.validation)
    out["seed"] = request.seed;
  out["epochs"] = fit.plan.epochs;
  out["tolerance"] = number(fit.plan.tolerance);
  out["missing"] = missing_name(fit.missing);
  out["missing_words"] = Json::array();
  for (const std::string& word : fit.missing_words) out["missing_words"].push_back(text_to_json(word));
  out["bad_rows"] = fit.bad_rows == BadRowPolicy::error ? "error" : "skip";
  out["weights"] = fit.weights.empty() ? Json(nullptr) : text_to_json(fit.weights);
  return out;
}

Json fit_json(const Fit& fit) {
  Json out;
  out["objective"] = text_to_json(fit.plan.objective);
  out["optimizer"] = optimizer_name(fit.plan.optimizer);
  out["preconditioner"] = fit.plan.preconditioned ? Json("cholesky") : Json(nullptr);
  out["scale"] = scale_name(fit.plan.scale);
  out["learning_rate"] = number(fit.plan.learning_rate);
  out["largest_stable_learning_rate"] = number(fit.plan.largest_stable_rate);
  out["condition_number"] = number(fit.plan.condition_number);
  out["epochs"] = fit.epochs;
  // A time limit depends on the clock, and so would the number behind it.
  out["termination"] = reason_name(fit.termination.reason);
  out["cost"] = number(fit.cost);
  out["mse"] = number(fit.mse);
  out["r2"] = number(fit.r2);
  out["cost_gap_bound"] = number(fit.certificate.cost_gap_bound);
  if (fit.plan.over_rows && !fit.plan.loss) out["relative_offset"] = number(fit.relative_offset);
  return out;
}

Json data_json(const Fit& fit) {
  Json out;
  out["fingerprint"] = "xxh3-128:" + fit.fingerprint;
  out["records"] = fit.audit.records;
  out["rows"] = fit.audit.rows;
  out["rows_rejected"] = fit.audit.rows_rejected;
  out["rows_missing"] = fit.audit.rows_missing;
  out["rows_weightless"] = fit.audit.rows_weightless;
  return out;
}

// Access that says what is wrong instead of throwing.
class Part {
 public:
  Part(const Json& json, std::string path, std::string file)
      : json_(json), path_(std::move(path)), file_(std::move(file)) {}

  [[nodiscard]] Result<Part> at(const char* key) const {
    if (!json_.is_object() || !json_.contains(key)) return wrong(fmt::format("has no {}", key));
    return Part(json_.at(key), path_ + "/" + key, file_);
  }
  [[nodiscard]] Result<std::string> text(const char* key) const {
    const auto part = at(key);
    if (!part) return fail(part.error());
    auto value = text_from_json(part->json_);
    if (!value) return part->wrong("is not a text");
    return *value;
  }
  [[nodiscard]] Result<double> finite(const char* key) const {
    const auto part = at(key);
    if (!part) return fail(part.error());
    if (!part->json_.is_number() || !std::isfinite(part->json_.get<double>()))
      return part->wrong("is not a number");
    return part->json_.get<double>();
  }
  [[nodiscard]] Result<std::vector<std::string>> texts(const char* key) const {
    const auto part = at(key);
    if (!part) return fail(part.error());
    if (!part->json_.is_array()) return part->wrong("is not a list");
    std::vector<std::string> out;
    for (const Json& entry : part->json_) {
      auto value = text_from_json(entry);
      if (!value) return part->wrong("holds something that is not a text");
      out.push_back(*value);
    }
    return out;
  }
  [[nodiscard]] tl::unexpected<Error> wrong(const std::string& what) const {
    return fail(Error{ErrorKind::data,
                      fmt::format("the model file is damaged: {} {}", path_.empty() ? "it" : path_, what),
                      "write the model again with talweg fit ... -o MODEL", file_});
  }
  [[nodiscard]] const Json& json() const { return json_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  const Json& json_;
  std::string path_;
  std::string file_;
};

Result<FeatureSummary> read_feature(const Part& part) {
  FeatureSummary out;
  const auto name = part.text("name");
  if (!name) return fail(name.error());
  out.name = *name;
  const auto kind = part.text("kind");
  if (!kind) return fail(kind.error());
  if (*kind == "numeric") {
    const auto mean = part.finite("mean");
    if (!mean) return fail(mean.error());
    const auto spread = part.finite("standard_deviation");
    if (!spread) return fail(spread.error());
    out.mean = *mean;
    out.spread = *spread;
    return out;
  }
  if (*kind != "text") return part.wrong("has a kind that is neither numeric nor text");
  out.kind = ColumnKind::text;
  const auto levels = part.texts("levels");
  if (!levels) return fail(levels.error());
  out.levels = *levels;
  const auto reference = part.at("reference");
  if (!reference) return fail(reference.error());
  out.has_reference = !reference->json().is_null();
  if (out.has_reference) {
    const auto text = part.text("reference");
    if (!text) return fail(text.error());
    out.reference = *text;
  }
  return out;
}

Result<Parameter> read_parameter(const Part& part, bool of_formula) {
  Parameter out;
  const auto name = part.text("name");
  if (!name) return fail(name.error());
  out.name = *name;
  out.intercept = part.json().contains("intercept");
  if (!out.intercept && !of_formula) {
    const auto column = part.text("column");
    if (!column) return fail(column.error());
    out.column = *column;
  }
  if (part.json().contains("level")) {
    const auto level = part.text("level");
    if (!level) return fail(level.error());
    out.level = *level;
  }
  return out;
}

// The formula and the columns it was bound to; its parameters must be those of the file, in whatever order
// the file has them.
Result<std::shared_ptr<const BoundFormula>> read_formula(const Part& root, const Model& model) {
  const auto text = root.text("formula");
  if (!text) return fail(text.error());
  const auto columns = root.at("columns");
  if (!columns) return fail(columns.error());
  if (!columns->json().is_array()) return columns->wrong("is not a list");
  std::vector<std::string> names;
  for (std::size_t j = 0; j < columns->json().size(); ++j) {
    const auto name = Part(columns->json().at(j), fmt::format("/columns/{}", j), root.file()).text("name");
    if (!name) return fail(name.error());
    names.push_back(*name);
  }
  auto bound = bind_formula(*text, names);
  if (!bound) return root.wrong("has a formula that cannot be read: " + bound.error().what);
  std::vector<std::string> expected = (*bound)->formula.parameters;
  std::vector<std::string> found;
  for (const Parameter& parameter : model.parameters) found.push_back(parameter.name);
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  if (expected != found) return root.wrong("has other parameters than its formula");
  return *bound;
}

// Every parameter must belong to a column of the model, or predictions would leave it out.
Result<void> check_columns(const Model& model, const Part& root) {
  for (const Parameter& parameter : model.parameters) {
    if (parameter.intercept) continue;
    bool found = false;
    for (const FeatureSummary& feature : model.features) {
      const bool text = feature.kind == ColumnKind::text;
      found = found || (feature.name == parameter.column && text == parameter.level.has_value());
    }
    if (!found) return root.wrong(fmt::format("has no column for parameter {}", in_quotes(parameter.name)));
  }
  return {};
}

}  // namespace

Model make_model(const Fit& fit, const FitRequest& request) {
  Json out;
  out["format"] = kFormat;
  out["version"] = kModelVersion;
  out["talweg"] = kVersion;
  out["kind"] = fit.formula != nullptr ? "formula" : "linear";
  out["target"] = text_to_json(fit.plan.target);
  if (!fit.plan.classes.empty()) {
    out["classes"] = Json::array();
    for (const std::string& text : fit.plan.classes) out["classes"].push_back(text_to_json(text));
  }
  if (fit.formula != nullptr) out["formula"] = text_to_json(fit.formula->formula.text);
  out["parameters"] = parameters_json(fit);
  out["columns"] = fit.formula != nullptr ? formula_columns_json(*fit.formula) : features_json(fit);
  out["options"] = options_json(request, fit);
  out["fit"] = fit_json(fit);
  out["data"] = data_json(fit);

  Model model;
  model.target = fit.plan.target;
  model.classes = fit.plan.classes;
  model.has_intercept = fit.has_intercept;
  model.parameters = fit.plan.parameters;
  model.values = fit.parameters;
  model.features = fit.features;
  model.missing = fit.missing;
  model.missing_words = fit.missing_words;
  model.weights = fit.weights;
  model.loss = request.cost;
  model.formula = fit.formula;
  model.document = out.dump(2) + "\n";
  return model;
}

Result<Model> read_model(std::string_view document, const std::string& name) {
  const Json json = Json::parse(document.begin(), document.end(), nullptr, false);
  if (json.is_discarded()) {
    return fail(Error{ErrorKind::data, "this is not a model file: it is not valid JSON",
                      "give the file that talweg fit ... -o MODEL has written", name});
  }
  const Part root(json, "", name);
  if (!json.is_object() || !json.contains("format") || json.at("format") != kFormat) {
    return fail(Error{ErrorKind::data, "this JSON is not a talweg model",
                      "give the file that talweg fit ... -o MODEL has written", name});
  }
  if (!json.contains("version") || !json.at("version").is_number_integer())
    return root.wrong("has no version");
  if (json.at("version").get<std::int64_t>() > kModelVersion) {
    return fail(Error{ErrorKind::data,
                      fmt::format("the model has version {}, and this talweg ({}) reads up to version {}",
                                  json.at("version").get<std::int64_t>(), kVersion, kModelVersion),
                      "use the talweg that wrote it, or a later one", name});
  }
  Model model;
  model.document = std::string(document);
  const auto kind = json.contains("kind") ? root.text("kind") : Result<std::string>("linear");
  if (!kind) return fail(kind.error());
  if (*kind != "linear" && *kind != "formula")
    return root.wrong("has a kind that is neither linear nor formula");
  const bool of_formula = *kind == "formula";
  const auto target = root.text("target");
  if (!target) return fail(target.error());
  model.target = *target;
  if (json.contains("classes")) {
    auto classes = root.texts("classes");
    if (!classes) return fail(classes.error());
    if (classes->size() != 2 || (*classes)[0] == (*classes)[1])
      return root.wrong("has classes that are not two");
    model.classes = std::move(*classes);
  }
  const auto parameters = root.at("parameters");
  if (!parameters) return fail(parameters.error());
  if (!parameters->json().is_array() || parameters->json().empty()) return parameters->wrong("is not a list");
  model.has_intercept = false;
  for (std::size_t j = 0; j < parameters->json().size(); ++j) {
    const Part part(parameters->json().at(j), fmt::format("/parameters/{}", j), name);
    auto parameter = read_parameter(part, of_formula);
    if (!parameter) return fail(parameter.error());
    const auto value = part.finite("value");
    if (!value) return fail(value.error());
    model.has_intercept = model.has_intercept || parameter->intercept;
    model.parameters.push_back(std::move(*parameter));
    model.values.push_back(*value);
  }
  if (of_formula) {
    auto formula = read_formula(root, model);
    if (!formula) return fail(formula.error());
    model.formula = std::move(*formula);
  }
  const auto columns = root.at("columns");
  if (!columns) return fail(columns.error());
  if (!columns->json().is_array()) return columns->wrong("is not a list");
  for (std::size_t j = 0; j < columns->json().size() && !of_formula; ++j) {
    auto feature = read_feature(Part(columns->json().at(j), fmt::format("/columns/{}", j), name));
    if (!feature) return fail(feature.error());
    model.features.push_back(std::move(*feature));
  }
  const auto options = root.at("options");
  if (!options) return fail(options.error());
  const auto missing = options->text("missing");
  if (!missing) return fail(missing.error());
  if (*missing != "error" && *missing != "drop" && *missing != "mean")
    return options->wrong("has an unknown missing");
  model.missing = *missing == "error"  ? MissingPolicy::error
                  : *missing == "drop" ? MissingPolicy::drop
                                       : MissingPolicy::mean;
  const auto words = options->texts("missing_words");
  if (!words) return fail(words.error());
  model.missing_words = *words;
  const Json& settings = options->json();
  if (settings.contains("loss")) {
    const auto loss = options->text("loss");
    if (!loss) return fail(loss.error());
    const auto known = cost_from_name(*loss);
    if (!known) return options->wrong("has an unknown loss");
    model.loss = *known;
  }
  if (settings.contains("weights")) model.weights = text_from_json(settings.at("weights")).value_or("");
  if (of_formula) {
    // What r2 compares with is no matter of one parameter there.
    if (!settings.contains("intercept") || !settings.at("intercept").is_boolean())
      return options->wrong("does not say whether there is an intercept");
    model.has_intercept = settings.at("intercept").get<bool>();
    return model;
  }
  if (settings.contains("intercept") && settings.at("intercept") != model.has_intercept) {
    return root.wrong("says one thing about the intercept in /options and another in /parameters");
  }
  if (auto checked = check_columns(model, root); !checked) return fail(checked.error());
  return model;
}

std::string Model::label_column() const {
  if (formula == nullptr) return target;
  const Formula& f = formula->formula;
  for (const ColumnUse& use : f.columns) {
    if (f.plain_response() && use.on_left && !use.level) return use.name;
  }
  return {};
}

Result<Model> load_model(const std::string& path) {
  auto source = open_bytes(path);
  if (!source) return fail(source.error());
  constexpr std::size_t kLargestModel = std::size_t{1} << 30U;
  std::string document;
  std::vector<char> buffer(std::size_t{1} << 16U);
  while (true) {
    const auto read = (*source)->read(buffer);
    if (!read) return fail(read.error());
    if (*read == 0) break;
    document.append(buffer.data(), *read);
    if (document.size() > kLargestModel) {
      return fail(Error{ErrorKind::data, "this is no model file: it is larger than 1 GiB",
                        "give a model file", path});
    }
  }
  return read_model(document, path);
}

}  // namespace talweg
