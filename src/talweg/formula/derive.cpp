// SPDX-License-Identifier: Apache-2.0
// The rules are written once, over a builder: the plain one keeps every factor 1 and term 0 for the lines of
// a derivation, the simple one leaves them out at once. Derivatives that stand side by side are taken one
// after the other, left to right (arguments of a call would be taken in any order): the rules' names come as
// they are applied.
#include "talweg/formula/derive.h"

#include <algorithm>
#include <unordered_map>

#include "talweg/formula/functions.h"
#include "talweg/formula/simplify.h"

namespace talweg {
namespace {

struct Plain {
  static Expression negate(const Expression& a) { return Expression::unary(Op::negate, a); }
  static Expression binary(Op op, const Expression& a, const Expression& b) {
    return Expression::binary(op, a, b);
  }
  static Expression call(Op op, const Expression& a) { return Expression::unary(op, a); }
  static Expression where(const Expression& u, const Expression& v, const Expression& a,
                          const Expression& b) {
    return Expression::where(u, v, a, b);
  }
  static Expression log_rule(const Expression& derivative, const Expression& u) {
    return binary(Op::multiply, binary(Op::divide, Expression::number(1), u), derivative);
  }
};

struct Simple {
  static Expression negate(const Expression& a) { return simple::negate(a); }
  static Expression binary(Op op, const Expression& a, const Expression& b) {
    return simple::binary(op, a, b);
  }
  static Expression call(Op op, const Expression& a) { return simple::call(op, a); }
  static Expression where(const Expression& u, const Expression& v, const Expression& a,
                          const Expression& b) {
    return simple::where(u, v, a, b);
  }
  static Expression log_rule(const Expression& derivative, const Expression& u) {
    return simple::quotient_of_log(derivative, u);
  }
};

// One application of one rule. `Inner` gives the derivative of an operand: taken, or pending.
template <class Builder, class Inner>
class Rule {
 public:
  Rule(std::size_t parameter, Inner inner, std::vector<std::string>* names)
      : parameter_(parameter), inner_(std::move(inner)), names_(names) {}

  Expression apply(const Expression& f) {
    switch (f.op()) {
      case Op::number:
      case Op::pi:
      case Op::e:
      case Op::column:
      case Op::rows:
      case Op::pending:
      case Op::sign:
        return named("constant rule", number(0));
      case Op::parameter:
        if (f.index() != parameter_) return named("constant rule", number(0));
        return named("identity rule", number(1));
      case Op::negate:
        return named("constant factor rule", Builder::negate(inner(f.operand(0))));
      case Op::sum:
        return named("sum rule", f.with_operands({inner(f.operand(0))}));
      case Op::add:
      case Op::subtract: {
        const Expression left = term(f.operand(0));
        const Expression right = term(f.operand(1));
        return named("sum rule", Builder::binary(f.op(), left, right));
      }
      case Op::multiply:
        return multiply(f.operand(0), f.operand(1));
      case Op::divide:
        return divide(f.operand(0), f.operand(1));
      case Op::power:
        return power(f.operand(0), f.operand(1));
      case Op::power_log:
        // u^v log(u), written out.
        return inner(Expression::binary(Op::multiply,
                                        Expression::binary(Op::power, f.operand(0), f.operand(1)),
                                        Expression::unary(Op::log, f.operand(0))));
      case Op::min:
      case Op::max: {
        const Expression& u = f.operand(f.is(Op::max) ? 0 : 1);
        const Expression& v = f.operand(f.is(Op::max) ? 1 : 0);
        return branches(u, v, f.operand(0), f.operand(1));
      }
      case Op::where:
        return branches(f.operand(0), f.operand(1), f.operand(2), f.operand(3));
      default:
        return function(f.op(), f.operand(0));
    }
  }

 private:
  static Expression number(double value) { return Expression::number(value); }
  static Expression times(const Expression& a, const Expression& b) {
    return Builder::binary(Op::multiply, a, b);
  }
  static Expression over(const Expression& a, const Expression& b) {
    return Builder::binary(Op::divide, a, b);
  }
  static Expression square(const Expression& a) { return Builder::binary(Op::power, a, number(2)); }
  [[nodiscard]] bool constant(const Expression& e) const { return !depends_on(e, parameter_); }
  Expression inner(const Expression& e) { return inner_(e); }
  // A sum of many terms is taken at once, not two terms a line.
  Expression term(const Expression& e) {
    const bool whole = names_ != nullptr && (e.is(Op::add) || e.is(Op::subtract)) && !constant(e);
    return whole ? apply(e) : inner(e);
  }

  Expression named(const char* rule, Expression out) {
    if (names_ != nullptr && std::find(names_->begin(), names_->end(), rule) == names_->end()) {
      names_->emplace_back(rule);
    }
    return out;
  }

  Expression branches(const Expression& u, const Expression& v, const Expression& a, const Expression& b) {
    const Expression first = inner(a);
    const Expression second = inner(b);
    return named("branch by branch", Builder::where(u, v, first, second));
  }

  // outer * u', and the chain rule's name unless u is the parameter itself.
  Expression chained(const Expression& outer, const Expression& u) {
    const Expression inside = inner(u);
    if (u.is(Op::parameter)) return times(outer, inside);
    return named("chain rule", times(outer, inside));
  }

  Expression multiply(const Expression& u, const Expression& v) {
    if (constant(v)) return named("constant factor rule", times(inner(u), v));
    if (constant(u)) return named("constant factor rule", times(u, inner(v)));
    const Expression left = times(inner(u), v);
    const Expression right = times(u, inner(v));
    return named("product rule", Builder::binary(Op::add, left, right));
  }

  Expression divide(const Expression& u, const Expression& v) {
    if (constant(v)) return named("constant factor rule", over(inner(u), v));
    if (constant(u)) return named("quotient rule", over(Builder::negate(times(u, inner(v))), square(v)));
    const Expression left = times(inner(u), v);
    const Expression right = times(u, inner(v));
    return named("quotient rule", over(Builder::binary(Op::subtract, left, right), square(v)));
  }

  Expression power(const Expression& u, const Expression& v) {
    if (constant(v)) {
      const Expression less = simple::subtract(v, number(1));
      named("power rule", u);
      return chained(times(v, less.is_number(1) ? u : Builder::binary(Op::power, u, less)), u);
    }
    if (constant(u)) {
      named("exponential rule", u);
      if (u.is(Op::e)) return chained(Builder::binary(Op::power, u, v), v);
      return chained(Expression::binary(Op::power_log, u, v), v);
    }
    // Both the base and the exponent move.
    const Expression less = Builder::binary(Op::subtract, v, number(1));
    const Expression left = times(times(v, Builder::binary(Op::power, u, less)), inner(u));
    const Expression right = times(Expression::binary(Op::power_log, u, v), inner(v));
    return named("power rule, base and exponent", Builder::binary(Op::add, left, right));
  }

  Expression function(Op op, const Expression& u) {
    if (names_ != nullptr) named(rule_name(op).c_str(), u);
    const auto call = [&](Op f) { return Builder::call(f, u); };
    const Expression one = number(1);
    switch (op) {
      case Op::exp:
        return chained(call(Op::exp), u);
      case Op::log:
        if (!u.is(Op::parameter)) named("chain rule", u);
        return Builder::log_rule(inner(u), u);
      case Op::log2:
      case Op::log10:
        if (!u.is(Op::parameter)) named("chain rule", u);
        return over(Builder::log_rule(inner(u), u), Builder::call(Op::log, number(op == Op::log2 ? 2 : 10)));
      case Op::sqrt:
        return chained(over(one, times(number(2), call(Op::sqrt))), u);
      case Op::cbrt:
        return chained(over(one, times(number(3), square(call(Op::cbrt)))), u);
      case Op::sin:
        return chained(call(Op::cos), u);
      case Op::cos:
        return chained(Builder::negate(call(Op::sin)), u);
      case Op::tan:
        return chained(over(one, square(call(Op::cos))), u);
      case Op::asin:
        return chained(over(one, Builder::call(Op::sqrt, Builder::binary(Op::subtract, one, square(u)))), u);
      case Op::acos:
        return chained(Builder::negate(
                           over(one, Builder::call(Op::sqrt, Builder::binary(Op::subtract, one, square(u))))),
                       u);
      case Op::atan:
        return chained(over(one, Builder::binary(Op::add, one, square(u))), u);
      case Op::sinh:
        return chained(call(Op::cosh), u);
      case Op::cosh:
        return chained(call(Op::sinh), u);
      case Op::tanh:
        return chained(Builder::binary(Op::subtract, one, square(call(Op::tanh))), u);
      case Op::erf:
        return chained(times(over(number(2), Builder::call(Op::sqrt, Expression::leaf(Op::pi))),
                             Builder::call(Op::exp, Builder::negate(square(u)))),
                       u);
      case Op::abs:
        return chained(call(Op::sign), u);
      default:
        return number(0);
    }
  }

  static std::string rule_name(Op op) {
    switch (op) {
      case Op::exp:
        return "exponential rule";
      case Op::log:
      case Op::log2:
      case Op::log10:
        return "logarithm rule";
      case Op::sqrt:
      case Op::cbrt:
        return "root rule";
      default:
        return "derivative of " + std::string(function_name(op));
    }
  }

  std::size_t parameter_;
  Inner inner_;
  std::vector<std::string>* names_;
};

class Derivative {
 public:
  explicit Derivative(std::size_t parameter) : parameter_(parameter) {}

  Expression of(const Expression& f) {
    if (!f.may_depend_on(parameter_)) return Expression::number(0);
    if (const auto known = done_.find(f.identity()); known != done_.end()) return known->second.second;
    const auto inner = [this](const Expression& operand) { return of(operand); };
    Expression out = Rule<Simple, decltype(inner)>(parameter_, inner, nullptr).apply(f);
    done_.emplace(f.identity(), std::pair(f, out));
    return out;
  }

 private:
  std::size_t parameter_;
  // The expression is kept beside its derivative: an address is an identity only as long as its owner lives.
  std::unordered_map<const void*, std::pair<Expression, Expression>> done_;
};

// One line further: every pending derivative by one rule.
class NextLine {
 public:
  NextLine(std::size_t parameter, std::string name, std::vector<std::string>& rules)
      : parameter_(parameter), name_(std::move(name)), rules_(rules) {}

  /// The next line; the rules for what is plain to see are named last.
  Expression take(const Expression& line) {
    Expression out = of(line);
    for (const std::string& rule : plain_) {
      if (std::find(rules_.begin(), rules_.end(), rule) == rules_.end()) rules_.push_back(rule);
    }
    return out;
  }

 private:
  Expression of(const Expression& f) {
    if (f.operands() == 0) return f;
    if (const auto known = done_.find(f.identity()); known != done_.end()) return known->second;
    Expression out = f;
    if (f.is(Op::pending)) {
      const auto inner = [this](const Expression& operand) { return pending(operand); };
      out = Rule<Plain, decltype(inner)>(parameter_, inner, &rules_).apply(f.operand(0));
    } else {
      std::vector<Expression> operands;
      for (std::size_t k = 0; k < f.operands(); ++k) operands.push_back(of(f.operand(k)));
      out = f.with_operands(std::move(operands));
    }
    done_.emplace(f.identity(), out);
    return out;
  }

  // What is plain to see is taken at once.
  Expression pending(const Expression& f) {
    if (f.is(Op::parameter) && f.index() == parameter_) return note("identity rule", 1);
    if (!depends_on(f, parameter_)) return note("constant rule", 0);
    return Expression::pending(f, parameter_, name_);
  }
  Expression note(const char* rule, double value) {
    if (std::find(plain_.begin(), plain_.end(), rule) == plain_.end()) plain_.emplace_back(rule);
    return Expression::number(value);
  }

  std::size_t parameter_;
  std::string name_;
  std::vector<std::string>& rules_;
  std::vector<std::string> plain_;
  std::unordered_map<const void*, Expression> done_;
};

bool has_pending(const Expression& f, std::unordered_map<const void*, bool>& seen) {
  if (f.is(Op::pending)) return true;
  if (!seen.emplace(f.identity(), true).second) return false;
  for (std::size_t k = 0; k < f.operands(); ++k) {
    if (has_pending(f.operand(k), seen)) return true;
  }
  return false;
}

bool has_pending(const Expression& f) {
  std::unordered_map<const void*, bool> seen;
  return has_pending(f, seen);
}

}  // namespace

Expression derivative(const Expression& expression, std::size_t parameter) {
  return Derivative(parameter).of(expression);
}

Derivation derive(const Expression& expression, std::size_t parameter, const std::string& name,
                  std::uint64_t most_nodes) {
  return derive_to(derivative(expression, parameter), expression, parameter, name, most_nodes);
}

Derivation derive_to(const Expression& result, const Expression& expression, std::size_t parameter,
                     const std::string& name, std::uint64_t most_nodes) {
  Derivation out{parameter, name, {}, false};
  out.lines.push_back({Expression::pending(expression, parameter, name), {}});
  std::uint64_t nodes = expression.size();
  while (has_pending(out.lines.back().expression)) {
    DerivationStep line;
    line.expression = NextLine(parameter, name, line.rules).take(out.lines.back().expression);
    nodes = std::max(nodes, nodes + line.expression.size());
    if (nodes > most_nodes) {
      out.lines.resize(1);
      out.shortened = true;
      break;
    }
    out.lines.push_back(std::move(line));
  }
  if (out.shortened || !(out.lines.back().expression == result)) {
    out.lines.push_back({result, {out.shortened ? "all rules at once" : "simplified"}});
  }
  return out;
}

}  // namespace talweg
