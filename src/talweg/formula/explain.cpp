// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "talweg/formula/affine.h"
#include "talweg/formula/print.h"
#include "talweg/formula/simplify.h"

namespace talweg {
namespace {

Expression number(double value) {
  return Expression::number(value);
}
Expression times(Expression a, Expression b) {
  return Expression::binary(Op::multiply, std::move(a), std::move(b));
}
Expression over(Expression a, Expression b) {
  return Expression::binary(Op::divide, std::move(a), std::move(b));
}
Expression sum_of(Expression inside) {
  return Expression::unary(Op::sum, std::move(inside));
}
Expression rows() {
  return Expression::leaf(Op::rows);
}

// What stands before the sum of squares, and before the sum of its derivative; nothing for 1.
std::optional<Expression> factor(LossKind cost, bool derived) {
  switch (cost) {
    case LossKind::mse:
      return over(number(derived ? 2 : 1), rows());
    case LossKind::half_mse:
      return derived ? over(number(1), rows()) : over(number(1), times(number(2), rows()));
    case LossKind::sse:
      return derived ? std::optional(number(2)) : std::nullopt;
    case LossKind::squared_hinge:
      return over(number(derived ? 2 : 1), rows());
    default:
      return over(number(1), rows());
  }
}

Expression minus(Expression a, Expression b) {
  return Expression::binary(Op::subtract, std::move(a), std::move(b));
}
Expression plus(Expression a, Expression b) {
  return Expression::binary(Op::add, std::move(a), std::move(b));
}
Expression square(Expression a) {
  return Expression::binary(Op::power, std::move(a), number(2));
}

// The loss of a row, and what its derivative has in front of df/dp beside the factor.
struct RowLoss {
  Expression value;
  Expression slope;
  bool negative = false;  // of the slope
};

RowLoss row_loss(LossKind cost, const LossNumbers& numbers, const Expression& f, const Expression& y) {
  const Expression residual = minus(f, y);
  const Expression size = Expression::unary(Op::abs, residual);
  const Expression margin = times(y, f);
  const Expression lack = Expression::binary(Op::max, number(0), minus(number(1), margin));
  switch (cost) {
    case LossKind::mae:
      return {size, Expression::unary(Op::sign, residual)};
    case LossKind::huber: {
      const double d = numbers.huber_delta;
      const Expression linear = minus(d == 1 ? size : times(number(d), size), number(d * d / 2));
      const Expression capped = Expression::binary(Op::min, number(d), residual);
      return {Expression::where(number(d), size, over(square(residual), number(2)), linear),
              Expression::binary(Op::max, number(-d), capped)};
    }
    case LossKind::quantile: {
      const double q = numbers.quantile;
      const Expression rest = minus(y, f);
      return {Expression::binary(Op::max, times(number(q), rest), times(number(q - 1), rest)),
              Expression::where(y, f, number(-q), number(1 - q))};
    }
    case LossKind::logistic: {
      const Expression other = Expression::unary(Op::exp, Expression::unary(Op::negate, margin));
      return {Expression::unary(Op::log, plus(number(1), other)),
              over(y, plus(number(1), Expression::unary(Op::exp, margin))), true};
    }
    case LossKind::poisson: {
      const Expression mean = Expression::unary(Op::exp, f);
      return {minus(mean, times(y, f)), minus(mean, y)};
    }
    case LossKind::hinge:
      return {lack, Expression::where(number(0), minus(number(1), margin), number(0), y), true};
    case LossKind::squared_hinge:
      return {square(lack), times(y, lack), true};
    default:
      return {square(residual), residual};
  }
}

// factor * sum(slope * feature), with the sign in front.
Expression gradient(LossKind cost, const RowLoss& loss, const Expression& feature) {
  if (feature.is_number(0)) return number(0);
  const bool negative = feature.is(Op::negate) || (feature.is(Op::number) && feature.number() < 0);
  const Expression magnitude = negative ? simple::negate(feature) : feature;
  const Expression sum = sum_of(magnitude.is_number(1) ? loss.slope : times(loss.slope, magnitude));
  const Expression out = times(*factor(cost, true), sum);
  return negative != loss.negative ? Expression::unary(Op::negate, out) : out;
}

// The lines of one derivation in one notation: what it is of, then the lines.
std::string joined(const std::vector<std::string>& rules) {
  return fmt::format("{}", fmt::join(rules, ", "));
}

struct Line {
  std::string left;
  std::string right;
  std::string rules;
};

std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t columns) {
  const std::size_t shown = width(text);
  return text + std::string(shown < columns ? columns - shown : 0, ' ');
}

// Rules stand in one column, as far as lines are not too long for it.
std::string text_block(const std::vector<Line>& lines) {
  constexpr std::size_t kWidest = 70;
  std::size_t left = 0;
  std::size_t right = 0;
  for (const Line& line : lines) {
    left = std::max(left, width(line.left));
    if (!line.rules.empty()) right = std::max(right, std::min(kWidest, width(line.right)));
  }
  std::string out;
  for (const Line& line : lines) {
    std::string text = padded(line.left, left) + " = ";
    text += line.rules.empty() ? line.right : padded(line.right, right) + "   [" + line.rules + "]";
    out += text + '\n';
  }
  return out;
}

std::string latex_block(const std::vector<Line>& lines) {
  std::string out = "\\begin{aligned}\n";
  for (std::size_t k = 0; k < lines.size(); ++k) {
    out += lines[k].left + " &= " + lines[k].right;
    if (!lines[k].rules.empty()) out += " && \\text{" + lines[k].rules + "}";
    out += k + 1 < lines.size() ? " \\\\\n" : "\n";
  }
  return out + "\\end{aligned}\n";
}

std::string mathml_block(const std::vector<Line>& lines) {
  std::string out = "<math display=\"block\"><mtable columnalign=\"right center left left\">";
  for (const Line& line : lines) {
    out += "<mtr><mtd>" + (line.left.empty() ? "<mrow></mrow>" : line.left) +
           "</mtd><mtd><mo>=</mo></mtd><mtd>" + line.right + "</mtd><mtd>" +
           (line.rules.empty() ? "<mrow></mrow>" : "<mtext>" + line.rules + "</mtext>") + "</mtd></mtr>";
  }
  return out + "</mtable></math>\n";
}

class Writer {
 public:
  Writer(const CostDerivation& derivation, bool function, Notation notation)
      : derivation_(derivation), notation_(notation) {
    name_ = function ? "f" : std::string(loss_kind_name(derivation.cost));
  }

  std::string write() const {
    std::string out = block({{cost_name(), in(derivation_.value), {}}});
    for (const Derivation& partial : derivation_.partials) {
      std::vector<Line> lines;
      for (std::size_t k = 0; k < partial.lines.size(); ++k) {
        lines.push_back({k == 0 ? partial_name(partial.name) : "", in(partial.lines[k].expression),
                         joined(partial.lines[k].rules)});
      }
      out += gap() + block(lines);
    }
    return out + gap() + updates();
  }

  [[nodiscard]] std::string updates() const {
    std::string out;
    for (const Derivation& partial : derivation_.partials) out += update(partial);
    return out;
  }

 private:
  [[nodiscard]] std::string in(const Expression& e) const {
    switch (notation_) {
      case Notation::text:
        return to_text(e);
      case Notation::latex:
        return to_latex(e);
      case Notation::mathml:
        return to_mathml(e);
    }
    return {};
  }
  [[nodiscard]] std::string block(const std::vector<Line>& lines) const {
    switch (notation_) {
      case Notation::text:
        return text_block(lines);
      case Notation::latex:
        return latex_block(lines);
      case Notation::mathml:
        return mathml_block(lines);
    }
    return {};
  }
  [[nodiscard]] std::string gap() const { return notation_ == Notation::text ? "\n" : ""; }

  [[nodiscard]] std::string cost_name() const {
    switch (notation_) {
      case Notation::text:
        return name_;
      case Notation::latex:
        return name_ == "f" ? "f" : "\\mathrm{" + name_ + "}";
      case Notation::mathml:
        return "<mi mathvariant=\"normal\">" + name_ + "</mi>";
    }
    return {};
  }
  [[nodiscard]] std::string partial_name(const std::string& parameter) const {
    const Expression p = Expression::parameter(0, parameter);
    switch (notation_) {
      case Notation::text:
        return fmt::format("d {}/d{}", name_, to_text(p));
      case Notation::latex:
        return fmt::format("\\frac{{\\partial {}}}{{\\partial {}}}", cost_name(), to_latex(p));
      case Notation::mathml:
        return "<mfrac><mrow><mo>∂</mo>" + cost_name() + "</mrow><mrow><mo>∂</mo>" + to_mathml(p) +
               "</mrow></mfrac>";
    }
    return {};
  }
  [[nodiscard]] std::string update(const Derivation& partial) const {
    const Expression p = Expression::parameter(0, partial.name);
    const Expression& gradient = partial.lines.back().expression;
    const bool bare = !gradient.is(Op::add) && !gradient.is(Op::subtract) && !gradient.is(Op::negate);
    const bool minus = gradient.is(Op::negate);
    switch (notation_) {
      case Notation::text: {
        const std::string step = minus ? to_text(gradient.operand(0)) : to_text(gradient);
        return fmt::format("{0} <- {0} {1} rate*{2}\n", to_text(p), minus ? '+' : '-',
                           bare || minus ? step : '(' + step + ')');
      }
      case Notation::latex:
        return fmt::format("{0} \\leftarrow {0} - \\eta \\, {1}\n", to_latex(p), partial_name(partial.name));
      case Notation::mathml:
        return fmt::format(
            "<math "
            "display=\"block\"><mrow>{0}<mo>←</mo>{0}<mo>-</mo><mi>η</mi><mo>&#x2062;</mo>{1}</mrow></"
            "math>\n",
            to_mathml(p), partial_name(partial.name));
    }
    return {};
  }

  const CostDerivation& derivation_;
  std::string name_;
  Notation notation_;
};

std::uint64_t share(std::size_t parameters) {
  return kDerivationNodes / std::max<std::size_t>(1, parameters);
}

}  // namespace

std::string_view loss_kind_name(LossKind cost) {
  switch (cost) {
    case LossKind::mse:
      return "mse";
    case LossKind::half_mse:
      return "half-mse";
    case LossKind::sse:
      return "sse";
    case LossKind::mae:
      return "mae";
    case LossKind::huber:
      return "huber";
    case LossKind::quantile:
      return "quantile";
    case LossKind::logistic:
      return "logistic";
    case LossKind::poisson:
      return "poisson";
    case LossKind::hinge:
      return "hinge";
    case LossKind::squared_hinge:
      return "squared-hinge";
  }
  return "";
}

CostDerivation derive_cost(const Formula& formula, LossKind cost, const LossNumbers& numbers) {
  CostDerivation out;
  out.cost = cost;
  out.residual = Expression::binary(Op::subtract, formula.right, formula.left);
  const RowLoss loss = row_loss(cost, numbers, formula.right, formula.left);
  const Expression sum = sum_of(loss.value);
  const auto before = factor(cost, false);
  out.value = before ? times(*before, sum) : sum;
  out.features = partial_derivatives(formula);
  for (std::size_t p = 0; p < formula.parameters.size(); ++p) {
    out.partials.push_back(derive_to(gradient(cost, loss, out.features[p]), out.value, p,
                                     formula.parameters[p], share(formula.parameters.size())));
  }
  return out;
}

CostDerivation derive_function(const Formula& formula) {
  CostDerivation out;
  out.value = formula.right;
  out.residual = formula.right;
  out.features = partial_derivatives(formula);
  for (std::size_t p = 0; p < formula.parameters.size(); ++p) {
    out.partials.push_back(derive(formula.right, p, formula.parameters[p], share(formula.parameters.size())));
  }
  return out;
}

std::string explanation(const Formula& formula, const CostDerivation& derivation, Notation notation) {
  const bool function = formula.columns.empty();
  return Writer(derivation, function, notation).write();
}

std::string derivation_mathml(const Formula& formula, LossKind cost, const LossNumbers& numbers) {
  return explanation(formula, derive_cost(formula, cost, numbers), Notation::mathml);
}

}  // namespace talweg
