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

std::string in_brackets(const std::string& content) {
  return "<mrow>" + op("(") + content + op(")") + "</mrow>";
}
std::string call(const char* function, const std::string& content) {
  return fmt::format("<mrow><mi>{}</mi>", function) + in_brackets(content) + "</mrow>";
}
std::string exponential(const std::string& content) {
  return "<msup><mi>e</mi><mrow>" + content + "</mrow></msup>";
}
// One value where a condition holds, another where the other does.
std::string where(const std::string& value, const std::string& condition, const std::string& other,
                  const std::string& opposite) {
  const auto row = [](const std::string& left, const std::string& right) {
    return "<mtr><mtd><mrow>" + left + "</mrow></mtd><mtd><mtext>\u00a0where\u00a0</mtext><mrow>" + right +
           "</mrow></mtd></mtr>";
  };
  return "<mrow>" + op("{") + "<mtable columnalign=\"left left\">" + row(value, condition) +
         row(other, opposite) + "</mtable></mrow>";
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
      return fraction(number("1"), n);
  }
}

std::string row_weight(const Fit& fit) {
  return fit.weights.empty() ? "" : of_row(name(fit.weights));
}

std::string penalty_of(const Fit& fit, const Parameter& parameter) {
  if (parameter.intercept) return "";
  std::string out;
  if (fit.l2 > 0) {
    const std::string squared = fit.penalty_on_standard_scale
                                    ? "<msubsup><mi>s</mi>" + name(parameter.name) + "<mn>2</mn></msubsup>"
                                    : "";
    out = op("+") + number(shortest(fit.l2)) + squared + weight_of(parameter);
  }
  if (fit.l1 > 0) {
    const std::string scaled =
        fit.penalty_on_standard_scale ? "<msub><mi>s</mi>" + name(parameter.name) + "</msub>" : "";
    out += op("+") + number(shortest(fit.l1)) + scaled + call("sign", weight_of(parameter));
  }
  return out;
}

// What is added to the cost for the size of the weights.
std::string penalty_of_all(const Fit& fit) {
  const std::string sum = "<munder><mo>∑</mo><mi>j</mi></munder>";
  std::string out;
  if (fit.l1 > 0) {
    out = op("+") + number(shortest(fit.l1)) + sum +
          (fit.penalty_on_standard_scale ? "<msub><mi>s</mi><mi>j</mi></msub>" : "") + op("|") +
          "<msub><mi>w</mi><mi>j</mi></msub>" + op("|");
  }
  if (fit.l2 > 0) {
    out += op("+") + fraction(number(shortest(fit.l2)), number("2")) + sum +
           (fit.penalty_on_standard_scale ? "<msubsup><mi>s</mi><mi>j</mi><mn>2</mn></msubsup>" : "") +
           "<msubsup><mi>w</mi><mi>j</mi><mn>2</mn></msubsup>";
  }
  return out;
}

// The loss of a row, its slope in f, and the rule in words (objective/loss.h).
struct LossLines {
  std::string value;
  std::string slope;
  std::string says;
};

LossLines loss_lines(const Fit& fit) {
  const std::string& y = kTarget;
  const std::string& f = kPrediction;
  const std::string margin = y + f;
  const std::string one = number("1");
  const std::string short_of = one + op("-") + margin;
  const std::string residual = f + op("-") + y;
  switch (fit.plan.cost) {
    case CostKind::mae:
      return {op("|") + residual + op("|"), call("sign", residual),
              "the slope of a distance is its sign; at zero it has a kink and every slope from -1 to 1"};
    case CostKind::huber: {
      const std::string delta = number(shortest(fit.plan.loss->huber_delta));
      return {call("huber", residual),
              call("max", op("-") + delta + op(",") + call("min", delta + op(",") + residual)),
              "a parabola up to the delta, a straight line beyond: the slope is the residual, cut off at the "
              "delta"};
    }
    case CostKind::quantile: {
      const std::string q = number(shortest(fit.plan.loss->quantile));
      const std::string away = in_brackets(y + op("-") + f);
      return {call("max", q + away + op(",") + in_brackets(q + op("-") + one) + away),
              where(op("-") + q, y + op(">") + f, one + op("-") + q, y + op("<") + f),
              "two straight lines: a row above the prediction pulls with the quantile, one below pushes with "
              "the rest; between them is a kink"};
    }
    case CostKind::logistic:
      return {call("log", one + op("+") + exponential(op("-") + margin)),
              op("-") + fraction(y, one + op("+") + exponential(margin)),
              "chain rule through the logarithm: the label times the probability of being wrong"};
    case CostKind::poisson:
      return {exponential(f) + op("-") + margin, exponential(f) + op("-") + y,
              "the exponential is its own derivative: the mean predicted less the count"};
    case CostKind::hinge:
      return {call("max", number("0") + op(",") + short_of),
              where(op("-") + y, margin + op("<") + one, number("0"), margin + op(">") + one),
              "a row within the margin pulls with its label, one beyond does not; at the margin is a kink"};
    case CostKind::squared_hinge:
      return {"<msup>" + call("max", number("0") + op(",") + short_of) + "<mn>2</mn></msup>",
              op("-") + number("2") + y + call("max", number("0") + op(",") + short_of),
              "power rule: a row within the margin pulls with its label, times how far within it is"};
    default:
      return {};
  }
}

}  // namespace

std::vector<DerivationLine> derive_gradient(const Fit& fit) {
  const std::vector<Parameter>& parameters = fit.plan.parameters;
  std::vector<DerivationLine> out;
  const auto add = [&](std::string says, const std::string& content) {
    out.push_back({std::move(says), math(content)});
  };
  const bool squares = is_squared(fit.plan.cost);
  const std::string residual = in_brackets(kPrediction + op("-") + kTarget);
  const LossLines lines =
      squares ? LossLines{"<msup>" + residual + "<mn>2</mn></msup>", "", ""} : loss_lines(fit);
  const std::string slope = "<msub><mi>g</mi><mi>r</mi></msub>";
  add("the prediction for row r", kPrediction + op("=") + prediction_of(parameters));
  add("the cost: how far predictions are from " + valid_utf8(printable(fit.plan.target)) +
          (is_classification(fit.plan.cost) ? " (y, -1 or +1)" : " (y)"),
      kCost + op("=") + factor(fit, false) + kSum + row_weight(fit) +
          (squares ? lines.value : in_brackets(lines.value)) + penalty_of_all(fit));

  constexpr std::size_t kShown = 2;
  std::vector<const Parameter*> shown;
  for (const Parameter& parameter : parameters) {
    if (!parameter.intercept && shown.size() < kShown) shown.push_back(&parameter);
  }
  if (parameters.back().intercept) shown.push_back(&parameters.back());
  const std::string generic = "<mi>p</mi>";
  if (squares) {
    add("power rule, then chain rule, for any parameter p: the square comes down as a factor, times what the "
        "inside "
        "changes by",
        partial(lines.value, generic) + op("=") + number("2") + residual + op("·") +
            partial(kPrediction, generic));
  } else {
    add(lines.says, slope + op("=") + fraction(op("∂"), op("∂") + kPrediction) + in_brackets(lines.value) +
                        op("=") + lines.slope);
    add("chain rule, for any parameter p: that slope, times what the prediction changes by",
        partial("<msub><mi>ℓ</mi><mi>r</mi></msub>", generic) + op("=") + slope + op("·") +
            partial(kPrediction, generic));
  }
  for (const Parameter* parameter : shown) {
    const std::string weight = weight_of(*parameter);
    const std::string feature = parameter->intercept ? number("1") : of_row(name(parameter->name));
    add(parameter->intercept ? "the intercept stands alone in the prediction: it changes it by one"
                             : "a weight changes the prediction by its column's value",
        partial(kPrediction, weight) + op("=") + feature);
    add("summed over the rows",
        fmt::format("{}{}{}{}{}{}{}{}", partial(kCost, weight), op("="), factor(fit, true), kSum,
                    row_weight(fit), squares ? residual : slope,
                    parameter->intercept ? std::string() : fmt::format("{}{}", op("·"), feature),
                    penalty_of(fit, *parameter)));
  }
  const std::string first = weight_of(*shown.front());
  add("one step of gradient descent, for every parameter at once, with the learning rate η",
      first + op("←") + first + op("-") + "<mi>η</mi>" + op("·") + partial(kCost, first));
  if (fit.l1 > 0)
    out.back().says +=
        "; the part of the l1 penalty has a kink at zero, so a step is made without it and then every weight "
        "is moved towards zero by the rate times the penalty, and not across: that is where exact zeros come "
        "from";
  return out;
}

}  // namespace talweg
