// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/derivation.h"

#include <fmt/format.h>

#include "talweg/base/numbers.h"
#include "talweg/model/json_text.h"

namespace talweg {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : valid_utf8(printable(text))) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string name(const std::string& text) {
  return "<mi mathvariant=\"normal\">" + escaped(text) + "</mi>";
}
std::string op(const char* sign) {
  return fmt::format("<mo>{}</mo>", sign);
}
std::string number(const std::string& text) {
  return fmt::format("<mn>{}</mn>", text);
}
std::string of_row(const std::string& base) {
  return fmt::format("<msub>{}<mi>r</mi></msub>", base);
}
std::string fraction(const std::string& above, const std::string& below) {
  return fmt::format("<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>", above, below);
}
std::string math(const std::string& content) {
  return "<math display=\"block\"><mrow>" + content + "</mrow></math>";
}
std::string partial(const std::string& of, const std::string& by) {
  return fraction(op("∂") + of, op("∂") + by);
}

const std::string kCost = "<mi>J</mi>";
const std::string kSum = "<munder><mo>∑</mo><mi>r</mi></munder>";
const std::string kTarget = "<msub><mi>y</mi><mi>r</mi></msub>";
const std::string kPrediction = "<msub><mi>f</mi><mi>r</mi></msub>";

// The parameters as they stand in the formula: a feature's weight is w with the column's name below.
std::string weight_of(const Parameter& parameter) {
  if (parameter.intercept) return name(parameter.name);
  return "<msub><mi>w</mi>" + name(parameter.name) + "</msub>";
}

std::string prediction_of(const std::vector<Parameter>& parameters) {
  constexpr std::size_t kShown = 3;
  std::string out;
  std::size_t shown = 0;
  for (const Parameter& parameter : parameters) {
    if (parameter.intercept) continue;
    if (shown == kShown && parameters.size() > kShown + 2) {
      out += op("+") + op("⋯");
      break;
    }
    if (!out.empty()) out += op("+");
    out += weight_of(parameter) + op("·") + of_row(name(parameter.name));
    ++shown;
  }
  if (parameters.back().intercept) out += (out.empty() ? "" : op("+")) + weight_of(parameters.back());
  return out;
}

// 1/n, 1/(2n) or nothing in front of the sum; weighted: W, and the row's weight inside.
std::string factor(const Fit& fit, bool differentiated) {
  const std::string n = fit.weights.empty() ? "<mi>n</mi>" : "<mi>W</mi>";
  switch (fit.plan.cost) {
    case CostKind::mse:
      return fraction(number(differentiated ? "2" : "1"), n);
    case CostKind::half_mse:
      return fraction(number("1"), differentiated ? n : number("2") + n);
    case CostKind::sse:
      return differentiated ? number("2") : "";
    default:
      return "";
  }
}

std::string row_weight(const Fit& fit) {
  return fit.weights.empty() ? "" : of_row(name(fit.weights));
}

std::string penalty_of(const Fit& fit, const Parameter& parameter) {
  if (!(fit.l2 > 0) || parameter.intercept) return "";
  const std::string squared = fit.penalty_on_standard_scale
                                  ? "<msubsup><mi>s</mi>" + name(parameter.name) + "<mn>2</mn></msubsup>"
                                  : "";
  return op("+") + number(shortest(fit.l2)) + squared + weight_of(parameter);
}

}  // namespace

std::vector<DerivationLine> derive_gradient(const Fit& fit) {
  const std::vector<Parameter>& parameters = fit.plan.parameters;
  std::vector<DerivationLine> out;
  const auto add = [&](std::string says, const std::string& content) {
    out.push_back({std::move(says), math(content)});
  };
  const std::string residual = "<mrow>" + op("(") + kPrediction + op("-") + kTarget + op(")") + "</mrow>";
  const std::string squared = "<msup>" + residual + "<mn>2</mn></msup>";
  add("the prediction for row r", kPrediction + op("=") + prediction_of(parameters));
  std::string penalty;
  if (fit.l2 > 0) {
    penalty = op("+") + fraction(number(shortest(fit.l2)), number("2")) +
              "<munder><mo>∑</mo><mi>j</mi></munder>" +
              (fit.penalty_on_standard_scale ? "<msubsup><mi>s</mi><mi>j</mi><mn>2</mn></msubsup>" : "") +
              "<msubsup><mi>w</mi><mi>j</mi><mn>2</mn></msubsup>";
  }
  add("the cost: how far predictions are from " + valid_utf8(printable(fit.plan.target)) + " (y)",
      kCost + op("=") + factor(fit, false) + kSum + row_weight(fit) + squared + penalty);

  constexpr std::size_t kShown = 2;
  std::vector<const Parameter*> shown;
  for (const Parameter& parameter : parameters) {
    if (!parameter.intercept && shown.size() < kShown) shown.push_back(&parameter);
  }
  if (parameters.back().intercept) shown.push_back(&parameters.back());
  const std::string generic = "<mi>p</mi>";
  add("power rule, then chain rule, for any parameter p: the square comes down as a factor, times what the "
      "inside "
      "changes by",
      partial(squared, generic) + op("=") + number("2") + residual + op("·") + partial(kPrediction, generic));
  for (const Parameter* parameter : shown) {
    const std::string weight = weight_of(*parameter);
    const std::string feature = parameter->intercept ? number("1") : of_row(name(parameter->name));
    add(parameter->intercept ? "the intercept stands alone in the prediction: it changes it by one"
                             : "a weight changes the prediction by its column's value",
        partial(kPrediction, weight) + op("=") + feature);
    add("summed over the rows",
        fmt::format("{}{}{}{}{}{}{}{}", partial(kCost, weight), op("="), factor(fit, true), kSum,
                    row_weight(fit), residual,
                    parameter->intercept ? std::string() : fmt::format("{}{}", op("·"), feature),
                    penalty_of(fit, *parameter)));
  }
  const std::string first = weight_of(*shown.front());
  add("one step of gradient descent, for every parameter at once, with the learning rate η",
      first + op("←") + first + op("-") + "<mi>η</mi>" + op("·") + partial(kCost, first));
  return out;
}

}  // namespace talweg
