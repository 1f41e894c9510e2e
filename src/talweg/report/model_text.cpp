// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "talweg/base/numbers.h"
#include "talweg/model/formula_data.h"
#include "talweg/model/json_text.h"
#include "talweg/report/table.h"
#include "talweg/report/text.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

std::string plain(const Json& json) {
  if (const auto text = text_from_json(json)) return printable(*text);
  if (json.is_number_float()) return short_text(json.get<double>(), 10);
  return json.is_null() ? "-" : json.dump();
}

// The entries of one part of the document, a line each.
std::string part_text(const Json& document, const char* key) {
  std::string out;
  if (!document.contains(key) || !document.at(key).is_object()) return out;
  for (const auto& [name, value] : document.at(key).items())
    out += fmt::format("  {:<30}{}\n", name, plain(value));
  return out;
}

}  // namespace

Result<std::string> model_text(const Model& model, const Style& style) {
  const Json document = Json::parse(model.document, nullptr, false);
  if (document.is_discarded()) return fail(ErrorKind::data, "the model is not valid JSON");
  std::string out =
      model.formula != nullptr
          ? fmt::format("formula {}\npredicts {}\n",
                        style.bold(printable(model.formula->left_text + " = " + model.formula->right_text)),
                        printable(model.formula->left_text))
          : fmt::format("linear model of {}\n", style.bold(printable(model.target)));
  if (!model.classes.empty()) {
    out += printable(fmt::format("classes {} is +1{}, {} is -1", in_quotes(model.classes[1]),
                                 model.loss == CostKind::logistic ? ", predictions are its probability" : "",
                                 in_quotes(model.classes[0])));
    out += '\n';
  }
  TextTable parameters({"parameter", "value", "standard error"});
  for (std::size_t j = 0; j < model.parameters.size(); ++j) {
    const Json& entry = document.at("parameters").at(j);
    parameters.add({printable(model.parameters[j].name), shortest(model.values[j]),
                    entry.contains("standard_error") ? plain(entry.at("standard_error")) : "-"});
  }
  out += parameters.text();
  out += "\ncolumns\n";
  if (model.formula != nullptr) {
    std::vector<std::string> names;
    for (const ColumnUse& use : model.formula->formula.columns) names.push_back(use.text());
    out += fmt::format("  {}\n", printable(name_list(names, "and", names.size())));
    for (const char* key : {"fit", "options", "data"})
      out += fmt::format("\n{}\n{}", key, part_text(document, key));
    return out;
  }
  TextTable columns({"column", "kind", "mean", "levels"});
  for (const FeatureSummary& feature : model.features) {
    const bool numeric = feature.kind == ColumnKind::numeric;
    columns.add(
        {printable(feature.name), numeric ? "numeric" : "text", numeric ? short_text(feature.mean) : "",
         numeric ? ""
                 : printable(name_list(feature.levels)) +
                       (feature.has_reference
                            ? fmt::format(", {} is the reference", printable(in_quotes(feature.reference)))
                            : "")});
  }
  out += columns.text();
  for (const char* key : {"fit", "options", "data"})
    out += fmt::format("\n{}\n{}", key, part_text(document, key));
  return out;
}

}  // namespace talweg
