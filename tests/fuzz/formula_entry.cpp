// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/entries.h"
#include "talweg/formula/affine.h"
#include "talweg/formula/derive.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/print.h"
#include "talweg/formula/program.h"

namespace talweg::fuzz {
namespace {

void require(bool held, const char* promise) {
  if (held) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || a == b;
}

// Expressions of this size are walked as trees, too.
constexpr std::uint64_t kWalked = 20'000;

void check_parsed(const Formula& formula, std::span<const std::string> columns) {
  const std::size_t count = formula.parameters.size();
  std::vector<double> row(formula.columns.size());
  std::vector<double> parameters(count);
  for (std::size_t c = 0; c < row.size(); ++c) row[c] = 0.5 + 0.25 * static_cast<double>(c);
  for (std::size_t p = 0; p < count; ++p) parameters[p] = 1.25 - 0.125 * static_cast<double>(p % 16);
  const Program program = compile_right(formula);
  require(program.partials() == count, "a partial derivative for each parameter");
  std::vector<const double*> pointers;
  for (const double& x : row) pointers.push_back(&x);
  double value = 0;
  std::vector<double> partials(count);
  std::vector<double*> out;
  for (double& partial : partials) out.push_back(&partial);
  Program::Workspace work(program);
  program.evaluate(pointers, 1, parameters, &value, out, work);
  double alone = 0;
  program.evaluate(pointers, 1, parameters, &alone, {}, work);
  require(same(value, alone), "the value alone is the value");
  if (formula.right.size() > kWalked) return;

  require(why_not_finite(formula.right, row, parameters).empty() ==
              std::isfinite(evaluate(formula.right, row, parameters)),
          "what is not finite has a reason");
  const std::string text = to_text(formula.left) + " = " + to_text(formula.right);
  require(!to_latex(formula.right).empty() && !to_mathml(formula.right).empty(), "it can be printed");
  if (text.size() <= kFormulaBytes) {
    const auto again = parse_formula(text, columns);
    const bool deeper = !again && again.error().what.find("inside one another") != std::string::npos;
    require(again.has_value() || deeper, "what is printed can be read");
    if (again) {
      // Branches may have changed places, and the names with them.
      std::vector<double> again_parameters;
      for (const std::string& name : again->parameters) {
        const auto place = std::find(formula.parameters.begin(), formula.parameters.end(), name);
        require(place != formula.parameters.end(), "the parameters are read back");
        again_parameters.push_back(parameters[static_cast<std::size_t>(place - formula.parameters.begin())]);
      }
      std::vector<double> again_row;
      for (const ColumnUse& use : again->columns) {
        std::size_t c = 0;
        while (c < formula.columns.size() && formula.columns[c].text() != use.text()) ++c;
        require(c < formula.columns.size(), "the columns are read back");
        again_row.push_back(row[c]);
      }
      require(again_parameters.size() == count && again_row.size() == row.size(), "no name is lost");
      require(
          same(evaluate(again->right, again_row, again_parameters), evaluate(formula.right, row, parameters)),
          "what is printed reads back as the same value");
    }
  }
  if (count > 0 && formula.right.size() < 300) {
    const Derivation derivation = derive(formula.right, 0, formula.parameters[0]);
    require(derivation.lines.back().expression == derivative(formula.right, 0),
            "a derivation ends at the derivative");
  }
  const auto form = affine_form(formula);
  if (form) {
    require(form->features.size() == count, "a feature for each parameter");
    require(!form->offset.has_parameters(), "an offset holds no parameter");
  }
}

}  // namespace

void formula(std::span<const std::uint8_t> input) {
  if (input.empty()) return;
  const std::string_view text(reinterpret_cast<const char*>(input.data()) + 1, input.size() - 1);
  const std::vector<std::string> columns = {"x", "y", "z", "my col", "cut", "e1"};
  if ((input[0] & 1U) != 0) {
    const auto function = parse_function(text);
    if (!function) {
      require(!function.error().what.empty() && function.error().kind == ErrorKind::usage,
              "an error says what");
    }
    return;
  }
  const auto parsed = parse_formula(text, columns);
  const auto checked = check_formula(text);
  if (!parsed) {
    require(!parsed.error().what.empty() && !parsed.error().remedy.empty(),
            "an error says what, and what to do");
    return;
  }
  require(checked.has_value(), "what can be read has no error of syntax");
  check_parsed(*parsed, columns);
}

}  // namespace talweg::fuzz
