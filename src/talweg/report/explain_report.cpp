// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/explain_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "talweg/base/numbers.h"
#include "talweg/formula/affine.h"
#include "talweg/formula/print.h"
#include "talweg/model/json_text.h"
#include "talweg/report/sentences.h"
#include "talweg/report/table.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kDigits = 8;

std::string number_of(double value) {
  return short_text(value == 0 ? 0 : value, kDigits);
}

std::string in_sum(double value) {
  return value < 0 ? '(' + number_of(value) + ')' : number_of(value);
}

// 2/3, 1/6, 2: the factor before a sum, spelled out.
std::string factor_text(LossKind cost, bool derived, std::uint64_t rows) {
  switch (cost) {
    case LossKind::mse:
      return fmt::format("{}/{}", derived ? 2 : 1, rows);
    case LossKind::half_mse:
      return derived ? fmt::format("1/{}", rows) : fmt::format("1/(2*{})", rows);
    case LossKind::sse:
      return derived ? "2" : "";
    default:
      return fmt::format("1/{}", rows);
  }
}

bool is_square(LossKind cost) {
  return cost == LossKind::mse || cost == LossKind::half_mse || cost == LossKind::sse;
}
bool has_labels(LossKind cost) {
  return cost == LossKind::logistic || cost == LossKind::hinge || cost == LossKind::squared_hinge;
}

std::vector<std::string> table_header(const Explanation& explanation) {
  std::vector<std::string> out = {"row"};
  for (const Expression& e : explanation.step->header) out.push_back(printable(to_text(e)));
  const bool squares = is_square(explanation.cost);
  out.emplace_back(squares ? "prediction" : "f");
  out.emplace_back(squares ? "residual" : "slope");
  out.emplace_back(squares ? "residual^2" : "loss");
  for (const Expression& feature : explanation.derivation.features) {
    if (feature.is_number(1)) continue;
    const Expression product =
        Expression::binary(Op::multiply, Expression::parameter(0, squares ? "residual" : "slope"), feature);
    out.push_back(printable(to_text(product)));
  }
  return out;
}

std::string step_text(const Explanation& explanation) {
  const FirstStep& step = *explanation.step;
  const std::vector<std::string>& names = step.formula.parameters;
  std::string at;
  for (std::size_t p = 0; p < names.size(); ++p) {
    at += fmt::format("{}{} = {}", p == 0 ? "" : ", ", printable(formula_name(names[p])),
                      shortest(step.start[p]));
  }
  const std::string left = printable(to_text(step.formula.left));
  std::string out =
      fmt::format("\nThe first step, {}, from {}; {}\n\n", plural(step.rows, "row"), at,
                  is_square(explanation.cost)
                      ? "residual = prediction - " + left
                      : "f = " + printable(to_text(step.formula.right)) + ", slope = d loss/df" +
                            (has_labels(explanation.cost) ? ", " + left + " is -1 or +1" : std::string()));
  if (!step.table.empty()) {
    TextTable table(table_header(explanation));
    for (std::size_t r = 0; r < step.table.size(); ++r) {
      std::vector<std::string> cells = {fmt::format("{}", r + 1)};
      for (const double value : step.table[r]) cells.push_back(number_of(value));
      table.add(std::move(cells));
    }
    double residuals = 0;
    const std::size_t before = step.header.size() + 1;
    for (const auto& row : step.table) residuals += row[before];
    std::vector<std::string> cells = {"sum"};
    for (std::size_t k = 0; k < before; ++k) cells.emplace_back();
    cells.push_back(number_of(residuals));
    cells.push_back(number_of(step.sum_squares));
    for (std::size_t p = 0; p < names.size(); ++p) {
      if (!explanation.derivation.features[p].is_number(1)) cells.push_back(number_of(step.sums[p]));
    }
    table.add(std::move(cells));
    out += table.text() + '\n';
  }
  const std::string cost(loss_kind_name(explanation.cost));
  const auto product = [&](bool derived, double sum) {
    const std::string factor = factor_text(explanation.cost, derived, step.rows);
    return factor.empty() ? number_of(sum) : fmt::format("{}*{}", factor, in_sum(sum));
  };
  const std::string squares = product(false, step.sum_squares);
  out += fmt::format("{} = {}", cost, squares);
  out += squares == number_of(step.cost) ? "\n" : fmt::format(" = {}\n", number_of(step.cost));
  for (std::size_t p = 0; p < names.size(); ++p) {
    out += fmt::format("d {}/d{} = {} = {}\n", cost, printable(formula_name(names[p])),
                       product(true, step.sums[p]), number_of(step.gradient[p]));
  }
  out += '\n';
  if (!step.rate) return out + "with --learning-rate RATE the step follows\n";
  for (std::size_t p = 0; p < names.size(); ++p) {
    out += fmt::format("{} <- {} - {}*{} = {}\n", printable(formula_name(names[p])), shortest(step.start[p]),
                       shortest(*step.rate), in_sum(step.gradient[p]), number_of(step.next[p]));
  }
  if (std::isfinite(step.next_cost)) {
    return out + fmt::format("{} there: {}, {} {}\n", cost, number_of(step.next_cost),
                             step.next_cost < step.cost ? "down from" : "up from", number_of(step.cost));
  }
  return out + fmt::format("{} there: no finite number; take a smaller learning rate\n", cost);
}

// The numbers of the step in LaTeX or MathML: gradients and updates, a line each.
std::string step_markup(const Explanation& explanation, Notation notation) {
  const FirstStep& step = *explanation.step;
  const bool latex = notation == Notation::latex;
  const std::string cost(loss_kind_name(explanation.cost));
  std::string out;
  const auto number = [&](double value) {
    const Expression e = Expression::number(value == 0 ? 0 : parse_number(number_of(value)).value);
    return latex ? to_latex(e) : to_mathml(e);
  };
  for (std::size_t p = 0; p < step.start.size(); ++p) {
    const Expression name = Expression::parameter(0, step.formula.parameters[p]);
    const std::string shown = latex ? to_latex(name) : to_mathml(name);
    if (latex) {
      out += fmt::format("\\frac{{\\partial \\mathrm{{{}}}}}{{\\partial {}}} = {}", cost, shown,
                         number(step.gradient[p]));
      if (step.rate) {
        out += fmt::format(", \\quad {} \\leftarrow {} - {} \\cdot \\left({}\\right) = {}", shown,
                           number(step.start[p]), number(*step.rate), number(step.gradient[p]),
                           number(step.next[p]));
      }
      out += '\n';
      continue;
    }
    out += fmt::format(
        "<math display=\"block\"><mrow><mfrac><mrow><mo>∂</mo><mi mathvariant=\"normal\">{}</mi></mrow>"
        "<mrow><mo>∂</mo>{}</mrow></mfrac><mo>=</mo>{}",
        cost, shown, number(step.gradient[p]));
    if (step.rate) {
      out += fmt::format(
          "<mo>,</mo>{}<mo>←</mo>{}<mo>-</mo>{}<mo>·</mo><mrow><mo>(</mo>{}<mo>)</mo></mrow><mo>=</mo>{}",
          shown, number(step.start[p]), number(*step.rate), number(step.gradient[p]), number(step.next[p]));
    }
    out += "</mrow></math>\n";
  }
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<std::string> column_names(const Formula& formula) {
  std::vector<std::string> out;
  for (const ColumnUse& use : formula.columns) out.push_back(printable(formula_name(use.text())));
  return out;
}

Json number_json(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json by_name(const std::vector<std::string>& names, const std::vector<double>& values) {
  Json out = Json::object();
  for (std::size_t p = 0; p < names.size(); ++p) out[valid_utf8(names[p])] = number_json(values[p]);
  return out;
}

Json notations(const Expression& e) {
  return {{"text", valid_utf8(to_text(e))},
          {"latex", valid_utf8(to_latex(e))},
          {"mathml", valid_utf8(to_mathml(e))}};
}

Json step_json(const Explanation& explanation) {
  if (!explanation.step) return nullptr;
  const FirstStep& step = *explanation.step;
  const std::vector<std::string>& names = step.formula.parameters;
  Json out = Json::object();
  out["rows"] = step.rows;
  out["start"] = by_name(names, step.start);
  out["cost"] = number_json(step.cost);
  out["gradient"] = by_name(names, step.gradient);
  out["learning_rate"] = step.rate ? Json(*step.rate) : Json(nullptr);
  out["parameters"] = step.rate ? by_name(names, step.next) : Json(nullptr);
  out["next_cost"] = step.rate ? number_json(step.next_cost) : Json(nullptr);
  out["table"] = nullptr;
  if (step.table.empty()) return out;
  Json header = Json::array();
  for (const std::string& name : table_header(explanation)) header.push_back(valid_utf8(name));
  header.erase(0);  // the row's number
  Json rows = Json::array();
  for (const auto& row : step.table) {
    Json cells = Json::array();
    for (const double value : row) cells.push_back(number_json(value));
    rows.push_back(cells);
  }
  out["table"] = {{"columns", header}, {"rows", rows}};
  return out;
}

}  // namespace

std::string explain_text(const Explanation& explanation, Notation notation) {
  const Formula& formula = explanation.formula;
  if (notation != Notation::text) {
    return talweg::explanation(formula, explanation.derivation, notation) +
           (explanation.step ? step_markup(explanation, notation) : "");
  }
  std::string out = fmt::format("formula     {} = {}\n", printable(to_text(formula.left)),
                                printable(to_text(formula.right)));
  out += fmt::format("columns     {}{}\n", listed(column_names(formula)),
                     explanation.columns_guessed
                         ? "   (names on the left and x, t, x1, x2, ...; --features or data say otherwise)"
                         : "");
  std::vector<std::string> names;
  for (const std::string& name : formula.parameters) names.push_back(printable(formula_name(name)));
  out += fmt::format("parameters  {}\n", listed(names));
  const bool linear = affine_form(formula).has_value();
  out += !linear ? "linear      no: every epoch visits the rows\n"
         : is_square(explanation.cost)
             ? "linear      yes: no partial derivative holds a parameter, so the rows are "
               "read once\n"
             : "linear      yes: no partial derivative of the formula holds a parameter, so "
               "the cost is convex\n";
  if (has_labels(explanation.cost))
    out += fmt::format("labels      {} is -1 or +1\n", printable(to_text(formula.left)));
  out += '\n';
  out += talweg::explanation(formula, explanation.derivation, notation);
  if (explanation.step) out += step_text(explanation);
  return out;
}

std::string explain_json(const Explanation& explanation) {
  const Formula& formula = explanation.formula;
  Json out = Json::object();
  out["formula"] = valid_utf8(formula.text);
  out["columns"] = Json::array();
  for (const ColumnUse& use : formula.columns) out["columns"].push_back(valid_utf8(use.text()));
  out["parameters"] = Json::array();
  for (const std::string& name : formula.parameters) out["parameters"].push_back(valid_utf8(name));
  out["loss"] = loss_kind_name(explanation.cost);
  out["linear"] = affine_form(formula).has_value();
  out["cost"] = notations(explanation.derivation.value);
  out["derivations"] = Json::array();
  for (const Derivation& partial : explanation.derivation.partials) {
    Json lines = Json::array();
    for (const DerivationStep& line : partial.lines) {
      Json entry = notations(line.expression);
      entry["rules"] = line.rules;
      lines.push_back(entry);
    }
    out["derivations"].push_back(
        {{"parameter", valid_utf8(partial.name)}, {"shortened", partial.shortened}, {"lines", lines}});
  }
  out["first_step"] = step_json(explanation);
  out["warnings"] = Json::array();
  for (const std::string& warning : formula.warnings) out["warnings"].push_back(valid_utf8(warning));
  return out.dump(2) + "\n";
}

}  // namespace talweg
