// SPDX-License-Identifier: Apache-2.0
// Three ways of writing; what binds how strongly is the same in all of them.
#include "talweg/formula/print.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <vector>

#include "talweg/base/numbers.h"
#include "talweg/formula/formula.h"
#include "talweg/formula/functions.h"

namespace talweg {
namespace {

enum Strength { kSum = 1, kProduct = 2, kPower = 3, kAtom = 4 };

Strength strength(const Expression& e) {
  switch (e.op()) {
    case Op::number:
      return std::signbit(e.number()) ? kSum : kAtom;
    case Op::add:
    case Op::subtract:
    case Op::negate:
      return kSum;
    case Op::multiply:
    case Op::divide:
    case Op::power_log:
      return kProduct;
    case Op::power:
      return kPower;
    default:
      return kAtom;
  }
}

// Whether it begins with a minus. At the front of a sum or a product that needs no parentheses, behind a sign
// it does.
bool is_signed(const Expression& e) {
  switch (e.op()) {
    case Op::number:
      return std::signbit(e.number());
    case Op::negate:
      return true;
    case Op::multiply:
    case Op::divide:
      return is_signed(e.operand(0));
    default:
      return false;
  }
}

bool is_bare_sign(const Expression& e) {
  return e.is(Op::negate) || (e.is(Op::number) && is_signed(e));
}

// ---- text

std::string text_of(const Expression& e);

std::string in_parentheses(const std::string& text) {
  return '(' + text + ')';
}

std::string text_at(const Expression& e, Strength least) {
  return strength(e) < least ? in_parentheses(text_of(e)) : text_of(e);
}

std::string text_on_left(const Expression& e, Strength least) {
  return is_bare_sign(e) ? text_of(e) : text_at(e, least);
}

std::string text_after_sign(const Expression& e) {
  return is_signed(e) ? in_parentheses(text_of(e)) : text_at(e, kProduct);
}

std::string text_of(const Expression& e) {
  const auto in = [&](std::size_t k) -> const Expression& { return e.operand(k); };
  switch (e.op()) {
    case Op::number:
      return shortest(e.number());
    case Op::pi:
      return "pi";
    case Op::e:
      return "e";
    case Op::rows:
      return "n";
    case Op::column:
    case Op::parameter:
      return formula_name(e.name());
    case Op::negate:
      return '-' + text_after_sign(in(0));
    case Op::add:
      return text_on_left(in(0), kSum) + " + " + text_after_sign(in(1));
    case Op::subtract:
      return text_on_left(in(0), kSum) + " - " + text_after_sign(in(1));
    case Op::multiply:
      return text_on_left(in(0), kProduct) + '*' +
             text_at(in(1), in(1).is(Op::power_log) ? kProduct : kPower);
    case Op::divide:
      return text_on_left(in(0), kProduct) + '/' + text_at(in(1), kPower);
    case Op::power:
      return text_at(in(0), kAtom) + '^' + text_at(in(1), kAtom);
    case Op::power_log:
      return text_at(in(0), kAtom) + '^' + text_at(in(1), kAtom) + "*log(" + text_of(in(0)) + ')';
    case Op::pending:
      return fmt::format("d/d{}({})", formula_name(e.name()), text_of(in(0)));
    case Op::sum:
      return fmt::format("sum({})", text_of(in(0)));
    case Op::min:
    case Op::max:
      return fmt::format("{}({}, {})", function_name(e.op()), text_of(in(0)), text_of(in(1)));
    case Op::where:
      return fmt::format("where({} >= {}, {}, {})", text_of(in(0)), text_of(in(1)), text_of(in(2)),
                         text_of(in(3)));
    default:
      return fmt::format("{}({})", function_name(e.op()), text_of(in(0)));
  }
}

// ---- names

constexpr std::array<std::string_view, 24> kGreek = {"alpha", "beta",  "gamma", "delta", "epsilon", "zeta",
                                                     "eta",   "theta", "iota",  "kappa", "lambda",  "mu",
                                                     "nu",    "xi",    "rho",   "sigma", "tau",     "phi",
                                                     "chi",   "psi",   "omega", "Delta", "Sigma",   "Omega"};
constexpr std::array<std::string_view, 24> kGreekLetters = {"α", "β", "γ", "δ", "ε", "ζ", "η", "θ",
                                                            "ι", "κ", "λ", "μ", "ν", "ξ", "ρ", "σ",
                                                            "τ", "φ", "χ", "ψ", "ω", "Δ", "Σ", "Ω"};

// A name and its index: w1 and w_1 are w with the index 1.
struct Indexed {
  std::string_view stem;
  std::string_view index;
};

Indexed indexed(std::string_view name) {
  std::size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') --digits;
  if (digits == 0 || digits == name.size()) return {name, {}};
  std::string_view stem = name.substr(0, digits);
  if (stem.size() > 1 && stem.back() == '_') stem.remove_suffix(1);
  const bool letters = stem.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
                       std::string_view::npos;
  if (!letters) return {name, {}};
  return {stem, name.substr(digits)};
}

std::size_t greek(std::string_view stem) {
  std::size_t k = 0;
  while (k < kGreek.size() && kGreek[k] != stem) ++k;
  return k;
}

std::string latex_name(std::string_view name) {
  const Indexed parts = indexed(name);
  std::string out;
  if (greek(parts.stem) < kGreek.size()) {
    out = '\\' + std::string(parts.stem);
  } else if (parts.stem.size() == 1) {
    out = parts.stem == "_" ? "\\_" : std::string(parts.stem);
  } else {
    out = "\\mathrm{";
    for (const char c : parts.stem) {
      if (c == '\\' || c == '~' || c == '^') {
        out += c == '\\' ? "\\backslash{}" : fmt::format("\\{}{{}}", c);
      } else if (std::string_view("_%#&${}").find(c) != std::string_view::npos) {
        out += fmt::format("\\{}", c);
      } else if (c == ' ') {
        out += "\\ ";
      } else {
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
      }
    }
    out += '}';
  }
  if (!parts.index.empty()) out += fmt::format("_{{{}}}", parts.index);
  return out;
}

std::string escape_markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string mathml_name(std::string_view name) {
  const Indexed parts = indexed(name);
  const std::size_t letter = greek(parts.stem);
  std::string stem = fmt::format(
      "<mi>{}</mi>", letter < kGreek.size() ? std::string(kGreekLetters[letter]) : escape_markup(parts.stem));
  if (parts.index.empty()) return stem;
  return fmt::format("<msub>{}<mn>{}</mn></msub>", stem, parts.index);
}

// 1.5e-07 as mantissa and exponent of ten; the exponent is empty where there is none.
std::pair<std::string, std::string> scientific(double value) {
  const std::string text = shortest(value);
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return {text, {}};
  return {text.substr(0, e), fmt::format("{}", std::stoi(text.substr(e + 1)))};
}

// Whether two factors side by side would read as one number.
bool needs_sign(const Expression& right) {
  const Expression* first = &right;
  while (first->is(Op::multiply) || first->is(Op::power) || first->is(Op::power_log))
    first = &first->operand(0);
  return first->is(Op::number);
}

// ---- LaTeX

std::string latex_of(const Expression& e);

std::string latex_parentheses(const std::string& inside) {
  return "\\left(" + inside + "\\right)";
}

// A fraction stands for itself: it needs parentheses under an exponent only.
bool is_fraction(const Expression& e) {
  return e.is(Op::divide);
}

std::string latex_at(const Expression& e, Strength least) {
  const bool fine = strength(e) >= least || (is_fraction(e) && least <= kPower);
  return fine ? latex_of(e) : latex_parentheses(latex_of(e));
}

std::string latex_on_left(const Expression& e) {
  return is_bare_sign(e) ? latex_of(e) : latex_at(e, kProduct);
}

std::string latex_after_sign(const Expression& e) {
  return is_signed(e) ? latex_parentheses(latex_of(e)) : latex_at(e, kProduct);
}

std::string latex_number(double value) {
  const auto [mantissa, exponent] = scientific(value);
  return exponent.empty() ? mantissa : fmt::format("{} \\cdot 10^{{{}}}", mantissa, exponent);
}

std::string latex_of(const Expression& e) {
  const auto in = [&](std::size_t k) -> const Expression& { return e.operand(k); };
  const auto call = [&](std::string_view name) {
    return fmt::format("{}{}", name, latex_parentheses(latex_of(in(0))));
  };
  switch (e.op()) {
    case Op::number:
      return latex_number(e.number());
    case Op::pi:
      return "\\pi";
    case Op::e:
      return "e";
    case Op::rows:
      return "n";
    case Op::column:
    case Op::parameter:
      return latex_name(e.name());
    case Op::negate:
      return '-' + latex_after_sign(in(0));
    case Op::add:
      return latex_of(in(0)) + " + " + latex_after_sign(in(1));
    case Op::subtract:
      return latex_of(in(0)) + " - " + latex_after_sign(in(1));
    case Op::multiply:
      return latex_on_left(in(0)) + (needs_sign(in(1)) ? " \\cdot " : " \\, ") +
             (in(1).is(Op::multiply) ? latex_parentheses(latex_of(in(1))) : latex_at(in(1), kProduct));
    case Op::divide:
      return fmt::format("\\frac{{{}}}{{{}}}", latex_of(in(0)), latex_of(in(1)));
    case Op::power:
      return fmt::format("{{{}}}^{{{}}}", latex_at(in(0), kAtom), latex_of(in(1)));
    case Op::power_log:
      return fmt::format("{{{}}}^{{{}}} \\, \\ln{}", latex_at(in(0), kAtom), latex_of(in(1)),
                         latex_parentheses(latex_of(in(0))));
    case Op::pending:
      return fmt::format("\\frac{{\\partial}}{{\\partial {}}}{}", latex_name(e.name()),
                         latex_parentheses(latex_of(in(0))));
    case Op::sum:
      return fmt::format("\\sum {}", latex_at(in(0), kProduct));
    case Op::sqrt:
      return fmt::format("\\sqrt{{{}}}", latex_of(in(0)));
    case Op::cbrt:
      return fmt::format("\\sqrt[3]{{{}}}", latex_of(in(0)));
    case Op::abs:
      return fmt::format("\\left|{}\\right|", latex_of(in(0)));
    case Op::log:
      return call("\\ln");
    case Op::log2:
      return call("\\log_{2}");
    case Op::log10:
      return call("\\log_{10}");
    case Op::asin:
      return call("\\arcsin");
    case Op::acos:
      return call("\\arccos");
    case Op::atan:
      return call("\\arctan");
    case Op::erf:
      return call("\\operatorname{erf}");
    case Op::sign:
      return call("\\operatorname{sgn}");
    case Op::min:
    case Op::max:
      return fmt::format("\\{}{}", function_name(e.op()),
                         latex_parentheses(latex_of(in(0)) + ", " + latex_of(in(1))));
    case Op::where:
      return fmt::format("\\begin{{cases}} {} & {} \\ge {} \\\\ {} & \\text{{else}} \\end{{cases}}",
                         latex_of(in(2)), latex_of(in(0)), latex_of(in(1)), latex_of(in(3)));
    default:
      return call(fmt::format("\\{}", function_name(e.op())));
  }
}

// ---- MathML

std::string mathml_of(const Expression& e);

std::string mathml_parentheses(const std::string& inside) {
  return "<mrow><mo>(</mo>" + inside + "<mo>)</mo></mrow>";
}

std::string mathml_at(const Expression& e, Strength least) {
  const bool fine = strength(e) >= least || (is_fraction(e) && least <= kPower);
  return fine ? mathml_of(e) : mathml_parentheses(mathml_of(e));
}

std::string mathml_on_left(const Expression& e) {
  return is_bare_sign(e) ? mathml_of(e) : mathml_at(e, kProduct);
}

std::string mathml_after_sign(const Expression& e) {
  return is_signed(e) ? mathml_parentheses(mathml_of(e)) : mathml_at(e, kProduct);
}

std::string mathml_number(double value) {
  const auto [mantissa, exponent] = scientific(std::abs(value));
  const std::string number = fmt::format("<mn>{}</mn>", mantissa);
  const std::string whole =
      exponent.empty() ? number
                       : fmt::format("{}<mo>·</mo><msup><mn>10</mn><mn>{}</mn></msup>", number, exponent);
  return std::signbit(value) ? "<mrow><mo>-</mo>" + whole + "</mrow>"
         : exponent.empty()  ? whole
                             : "<mrow>" + whole + "</mrow>";
}

std::string mathml_of(const Expression& e) {
  const auto in = [&](std::size_t k) -> const Expression& { return e.operand(k); };
  const auto row = [](const std::string& inside) { return "<mrow>" + inside + "</mrow>"; };
  const auto call = [&](std::string_view name) {
    return row(fmt::format("{}<mo>&#x2061;</mo>{}", name, mathml_parentheses(mathml_of(in(0)))));
  };
  const auto infix = [&](std::string_view sign) {
    return row(fmt::format("{}<mo>{}</mo>{}", mathml_of(in(0)), sign, mathml_after_sign(in(1))));
  };
  const auto power = [&] {
    return fmt::format("<msup>{}<mrow>{}</mrow></msup>", mathml_at(in(0), kAtom), mathml_of(in(1)));
  };
  switch (e.op()) {
    case Op::number:
      return mathml_number(e.number());
    case Op::pi:
      return "<mi>π</mi>";
    case Op::e:
      return "<mi>e</mi>";
    case Op::rows:
      return "<mi>n</mi>";
    case Op::column:
    case Op::parameter:
      return mathml_name(e.name());
    case Op::negate:
      return row("<mo>-</mo>" + mathml_after_sign(in(0)));
    case Op::add:
      return infix("+");
    case Op::subtract:
      return infix("-");
    case Op::multiply:
      return row(
          mathml_on_left(in(0)) + (needs_sign(in(1)) ? "<mo>·</mo>" : "<mo>&#x2062;</mo>") +
          (in(1).is(Op::multiply) ? mathml_parentheses(mathml_of(in(1))) : mathml_at(in(1), kProduct)));
    case Op::divide:
      return fmt::format("<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>", mathml_of(in(0)), mathml_of(in(1)));
    case Op::power:
      return power();
    case Op::power_log:
      return row(power() + "<mo>&#x2062;</mo><mi>ln</mi><mo>&#x2061;</mo>" +
                 mathml_parentheses(mathml_of(in(0))));
    case Op::pending:
      return row(fmt::format("<mfrac><mo>∂</mo><mrow><mo>∂</mo>{}</mrow></mfrac>{}", mathml_name(e.name()),
                             mathml_parentheses(mathml_of(in(0)))));
    case Op::sum:
      return row("<mo>∑</mo>" + mathml_at(in(0), kProduct));
    case Op::sqrt:
      return fmt::format("<msqrt>{}</msqrt>", mathml_of(in(0)));
    case Op::cbrt:
      return fmt::format("<mroot><mrow>{}</mrow><mn>3</mn></mroot>", mathml_of(in(0)));
    case Op::abs:
      return row("<mo>|</mo>" + mathml_of(in(0)) + "<mo>|</mo>");
    case Op::log:
      return call("<mi>ln</mi>");
    case Op::log2:
      return call("<msub><mi>log</mi><mn>2</mn></msub>");
    case Op::log10:
      return call("<msub><mi>log</mi><mn>10</mn></msub>");
    case Op::asin:
      return call("<mi>arcsin</mi>");
    case Op::acos:
      return call("<mi>arccos</mi>");
    case Op::atan:
      return call("<mi>arctan</mi>");
    case Op::sign:
      return call("<mi>sgn</mi>");
    case Op::min:
    case Op::max:
      return row(fmt::format("<mi>{}</mi><mo>&#x2061;</mo>{}", function_name(e.op()),
                             mathml_parentheses(mathml_of(in(0)) + "<mo>,</mo>" + mathml_of(in(1)))));
    case Op::where:
      return row(
          fmt::format("<mo>{{</mo><mtable><mtr><mtd>{}</mtd><mtd>{}<mo>≥</mo>{}</mtd></mtr><mtr><mtd>{}</mtd>"
                      "<mtd><mtext>else</mtext></mtd></mtr></mtable>",
                      mathml_of(in(2)), mathml_of(in(0)), mathml_of(in(1)), mathml_of(in(3))));
    default:
      return call(fmt::format("<mi>{}</mi>", function_name(e.op())));
  }
}

}  // namespace

std::string to_text(const Expression& expression) {
  return text_of(expression);
}
std::string to_latex(const Expression& expression) {
  return latex_of(expression);
}
std::string to_mathml(const Expression& expression) {
  return mathml_of(expression);
}

}  // namespace talweg
