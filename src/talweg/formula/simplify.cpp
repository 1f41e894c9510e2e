// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/simplify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "talweg/base/numbers.h"

namespace talweg {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

bool is_integer(double value) {
  return std::isfinite(value) && value == std::trunc(value) && std::abs(value) < kExactIntegers;
}

// The number a person would write where arithmetic left 0.30000000000000004.
double tidy(double value) {
  if (!std::isfinite(value) || is_integer(value)) return value;
  const double rounded = parse_number(fmt::format("{:.14g}", value)).value;
  return std::abs(rounded - value) <= 4e-16 * std::abs(value) ? rounded : value;
}

// A number p/q. q is 1, or both are integers without a common factor and q > 1.
struct Ratio {
  double p = 1;
  double q = 1;

  [[nodiscard]] double value() const { return p / q; }
  [[nodiscard]] bool is(double number) const { return q == 1 && p == number; }
};

Ratio ratio(double p, double q) {
  if (!is_integer(p) || !is_integer(q) || q == 0) return {tidy(p / q), 1};
  const auto common = static_cast<double>(std::gcd(static_cast<long long>(p), static_cast<long long>(q)));
  const double sign = q < 0 ? -1 : 1;
  return {sign * p / common, sign * q / common};
}

Ratio product(Ratio a, Ratio b) {
  const double p = a.p * b.p;
  const double q = a.q * b.q;
  if (q == 1) return {is_integer(p) || std::fma(a.p, b.p, -p) == 0 ? p : tidy(p), 1};
  return ratio(p, q);
}

Ratio sum(Ratio a, Ratio b) {
  if (a.q == 1 && b.q == 1) return {tidy(a.p + b.p), 1};
  const double p = a.p * b.q + b.p * a.q;
  const double q = a.q * b.q;
  return is_integer(p) && is_integer(q) ? ratio(p, q) : Ratio{tidy(a.value() + b.value()), 1};
}

std::optional<Ratio> as_ratio(const Expression& e) {
  if (e.is(Op::number)) return Ratio{e.number(), 1};
  if (e.is(Op::negate)) {
    const auto inside = as_ratio(e.operand(0));
    if (inside) return Ratio{-inside->p, inside->q};
  }
  if (e.is(Op::divide) && e.operand(0).is(Op::number) && e.operand(1).is(Op::number) &&
      e.operand(1).number() != 0) {
    return ratio(e.operand(0).number(), e.operand(1).number());
  }
  return std::nullopt;
}

Expression from_ratio(Ratio r) {
  if (r.q == 1) return Expression::number(r.p);
  return Expression::binary(Op::divide, Expression::number(r.p), Expression::number(r.q));
}

// coefficient * product of top / product of bottom
struct Product {
  Ratio coefficient;
  std::vector<Expression> top;
  std::vector<Expression> bottom;
};

// Larger products and sums are taken as they stand, so that the work stays bounded on hostile text.
constexpr std::uint64_t kLargestProduct = 200;
constexpr std::uint64_t kLargestSum = 1'000;

void gather(const Expression& e, bool inverse, Product& out) {
  if (const auto number = as_ratio(e); number && !(inverse && number->p == 0)) {
    out.coefficient = product(out.coefficient, inverse ? ratio(number->q, number->p) : *number);
    return;
  }
  const bool open = e.is(Op::negate) || e.size() <= kLargestProduct;
  switch (open ? e.op() : Op::number) {
    case Op::negate:
      out.coefficient.p = -out.coefficient.p;
      gather(e.operand(0), inverse, out);
      return;
    case Op::multiply:
      gather(e.operand(0), inverse, out);
      gather(e.operand(1), inverse, out);
      return;
    case Op::divide:
      gather(e.operand(0), inverse, out);
      gather(e.operand(1), !inverse, out);
      return;
    default:
      (inverse ? out.bottom : out.top).push_back(e);
  }
}

// Parameters before columns before sums before functions.
int rank(const Expression& factor) {
  switch (factor.op()) {
    case Op::pi:
    case Op::e:
      return 0;
    case Op::parameter:
      return 1;
    case Op::rows:
      return 0;
    case Op::column:
      return 2;
    case Op::power:
      return factor.operand(0).is(Op::e) ? 4 : rank(factor.operand(0));
    case Op::add:
    case Op::subtract:
      return 3;
    case Op::sum:
      return 6;
    case Op::pending:
      return 5;
    default:
      return 4;
  }
}

struct Power {
  Expression base;
  std::optional<Ratio> exponent;  // of a numeric one
};

Power as_power(const Expression& e) {
  if (e.is(Op::power)) {
    if (const auto exponent = as_ratio(e.operand(1))) return {e.operand(0), exponent};
    return {e, Ratio{}};
  }
  return {e, Ratio{}};
}

bool is_whole_positive(const std::optional<Ratio>& exponent) {
  return exponent && exponent->q == 1 && is_integer(exponent->p) && exponent->p > 0;
}

// Equal bases with whole exponents above 0 become one power.
void merge_equal(std::vector<Expression>& factors) {
  std::vector<Expression> out;
  for (const Expression& factor : factors) {
    const Power power = as_power(factor);
    const auto same = std::find_if(out.begin(), out.end(), [&](const Expression& other) {
      const Power known = as_power(other);
      return known.base == power.base && is_whole_positive(known.exponent) &&
             is_whole_positive(power.exponent);
    });
    if (same == out.end()) {
      out.push_back(factor);
    } else {
      *same = Expression::binary(Op::power, power.base,
                                 from_ratio(sum(*as_power(*same).exponent, *power.exponent)));
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Expression& a, const Expression& b) { return rank(a) < rank(b); });
  factors = std::move(out);
}

Expression chain(std::optional<Expression> first, const std::vector<Expression>& factors) {
  for (const Expression& factor : factors) {
    first = first ? Expression::binary(Op::multiply, std::move(*first), factor) : factor;
  }
  return first ? *first : Expression::number(1);
}

Expression from_product(Product product) {
  Ratio c = product.coefficient;
  if (c.p == 0) return Expression::number(0);
  merge_equal(product.top);
  merge_equal(product.bottom);
  // -(a - b) is b - a.
  if (c.is(-1) && product.bottom.empty() && product.top.size() == 1 && product.top[0].is(Op::subtract)) {
    return Expression::binary(Op::subtract, product.top[0].operand(1), product.top[0].operand(0));
  }
  const bool negative = c.p < 0;
  c.p = std::abs(c.p);
  if (product.top.empty() && product.bottom.empty()) return from_ratio({negative ? -c.p : c.p, c.q});
  Expression out = product.top.empty()
                       ? Expression::number(negative ? -c.p : c.p)
                       : chain(c.p == 1 ? std::nullopt : std::optional(Expression::number(c.p)), product.top);
  if (c.q != 1 || !product.bottom.empty()) {
    out = Expression::binary(
        Op::divide, std::move(out),
        chain(c.q == 1 ? std::nullopt : std::optional(Expression::number(c.q)), product.bottom));
  }
  return negative && !product.top.empty() ? Expression::unary(Op::negate, std::move(out)) : out;
}

struct Term {
  Ratio coefficient;
  Expression rest;  // 1 for a number
};

Term as_term(const Expression& e, double sign) {
  Product product;
  gather(e, false, product);
  Ratio c = product.coefficient;
  product.coefficient = {};
  if (product.top.empty() && product.bottom.empty()) return {{sign * c.p, c.q}, Expression::number(1)};
  return {{sign * c.p, c.q}, from_product(std::move(product))};
}

void gather_terms(const Expression& e, double sign, std::vector<Term>& out) {
  const bool open = e.size() <= kLargestSum;
  if (open && (e.is(Op::add) || e.is(Op::subtract))) {
    gather_terms(e.operand(0), sign, out);
    gather_terms(e.operand(1), e.is(Op::add) ? sign : -sign, out);
  } else if (open && e.is(Op::negate) && (e.operand(0).is(Op::add) || e.operand(0).is(Op::subtract))) {
    gather_terms(e.operand(0), -sign, out);
  } else {
    out.push_back(as_term(e, sign));
  }
}

Expression from_term(const Term& term, bool absolute) {
  Product product;
  gather(term.rest, false, product);
  product.coefficient = {absolute ? std::abs(term.coefficient.p) : term.coefficient.p, term.coefficient.q};
  return from_product(std::move(product));
}

Expression from_terms(const std::vector<Term>& gathered) {
  std::vector<Term> terms;
  std::unordered_multimap<std::uint64_t, std::size_t> places;
  for (const Term& term : gathered) {
    const auto [first, last] = places.equal_range(term.rest.hash());
    const auto same =
        std::find_if(first, last, [&](const auto& place) { return terms[place.second].rest == term.rest; });
    if (same != last) {
      Ratio& c = terms[same->second].coefficient;
      c = sum(c, term.coefficient);
    } else {
      places.emplace(term.rest.hash(), terms.size());
      terms.push_back(term);
    }
  }
  std::optional<Expression> out;
  for (const Term& term : terms) {
    if (term.coefficient.p == 0) continue;
    if (!out) {
      out = from_term(term, false);
    } else {
      const bool negative = term.coefficient.p < 0;
      out = Expression::binary(negative ? Op::subtract : Op::add, std::move(*out), from_term(term, true));
    }
  }
  return out ? *out : Expression::number(0);
}

// Of a number, where the result is exact.
std::optional<double> exact_call(Op op, double x) {
  switch (op) {
    case Op::exp:
      return x == 0 ? std::optional(1.0) : std::nullopt;
    case Op::log:
    case Op::log2:
    case Op::log10:
      if (x == 1) return 0;
      return (op == Op::log2 && x == 2) || (op == Op::log10 && x == 10) ? std::optional(1.0) : std::nullopt;
    case Op::sqrt: {
      const double root = std::sqrt(x);
      return is_integer(root) && root * root == x ? std::optional(root) : std::nullopt;
    }
    case Op::cbrt: {
      const double root = std::cbrt(x);
      return is_integer(root) && root * root * root == x ? std::optional(root) : std::nullopt;
    }
    case Op::sin:
    case Op::tan:
    case Op::asin:
    case Op::atan:
    case Op::sinh:
    case Op::tanh:
    case Op::erf:
      return x == 0 ? std::optional(0.0) : std::nullopt;
    case Op::cos:
    case Op::cosh:
      return x == 0 ? std::optional(1.0) : std::nullopt;
    case Op::acos:
      return x == 1 ? std::optional(0.0) : std::nullopt;
    case Op::abs:
      return std::abs(x);
    case Op::sign:
      return static_cast<double>(x > 0) - static_cast<double>(x < 0);
    default:
      return std::nullopt;
  }
}

}  // namespace

namespace simple {

Expression negate(const Expression& a) {
  Product product;
  product.coefficient.p = -1;
  gather(a, false, product);
  return from_product(std::move(product));
}

Expression add(const Expression& a, const Expression& b) {
  if (a.is_number(0)) return b;
  if (b.is_number(0)) return a;
  std::vector<Term> terms;
  gather_terms(a, 1, terms);
  gather_terms(b, 1, terms);
  return from_terms(terms);
}

Expression subtract(const Expression& a, const Expression& b) {
  if (b.is_number(0)) return a;
  if (a.is_number(0)) return negate(b);
  std::vector<Term> terms;
  gather_terms(a, 1, terms);
  gather_terms(b, -1, terms);
  return from_terms(terms);
}

Expression multiply(const Expression& a, const Expression& b) {
  if (a.is_number(0) || b.is_number(0)) return Expression::number(0);
  if (a.is_number(1)) return b;
  if (b.is_number(1)) return a;
  Product product;
  gather(a, false, product);
  gather(b, false, product);
  return from_product(std::move(product));
}

Expression divide(const Expression& a, const Expression& b) {
  if (b.is_number(1)) return a;
  if (b.is_number(0)) return Expression::binary(Op::divide, a, b);
  Product product;
  gather(a, false, product);
  gather(b, true, product);
  return from_product(std::move(product));
}

Expression power(const Expression& base, const Expression& exponent) {
  const auto n = as_ratio(exponent);
  if (!n) return Expression::binary(Op::power, base, exponent);
  if (n->p == 0) return Expression::number(1);
  if (n->is(1)) return base;
  if (const auto number = as_ratio(base); number && n->q == 1) {
    const double p = std::pow(number->p, n->p);
    const double q = std::pow(number->q, n->p);
    if (is_integer(number->p) && is_integer(n->p) && is_integer(p) && is_integer(q))
      return from_ratio(ratio(p, q));
  }
  const bool whole = is_whole_positive(n);
  if (whole && base.is(Op::negate)) {
    const Expression magnitude = power(base.operand(0), exponent);
    return std::fmod(n->p, 2) == 0 ? magnitude : negate(magnitude);
  }
  if (whole && base.is(Op::power)) {
    const Power inside = as_power(base);
    if (is_whole_positive(inside.exponent) && inside.base != base) {
      return Expression::binary(Op::power, inside.base, from_ratio(product(*inside.exponent, *n)));
    }
  }
  if (whole && base.is(Op::sqrt) && n->is(2)) return base.operand(0);
  return Expression::binary(Op::power, base, from_ratio(*n));
}

Expression call(Op op, const Expression& a) {
  if (const auto number = as_ratio(a); number && number->q == 1) {
    if (const auto value = exact_call(op, number->p)) return Expression::number(*value);
  }
  if (op == Op::log && a.is(Op::e)) return Expression::number(1);
  return Expression::unary(op, a);
}

Expression binary(Op op, const Expression& a, const Expression& b) {
  switch (op) {
    case Op::add:
      return add(a, b);
    case Op::subtract:
      return subtract(a, b);
    case Op::multiply:
      return multiply(a, b);
    case Op::divide:
      return divide(a, b);
    case Op::power:
      return power(a, b);
    default:
      return Expression::binary(op, a, b);
  }
}

Expression where(const Expression& u, const Expression& v, const Expression& a, const Expression& b) {
  if (a == b) return a;
  return Expression::where(u, v, a, b);
}

Expression quotient_of_log(const Expression& derivative, const Expression& u) {
  Product product;
  gather(derivative, false, product);
  gather(u, true, product);
  for (auto below = product.bottom.begin(); below != product.bottom.end();) {
    const auto same = std::find(product.top.begin(), product.top.end(), *below);
    if (same == product.top.end()) {
      ++below;
    } else {
      product.top.erase(same);
      below = product.bottom.erase(below);
    }
  }
  return from_product(std::move(product));
}

}  // namespace simple

namespace {

Expression rebuilt(const Expression& e, std::unordered_map<const void*, Expression>& done) {
  if (e.operands() == 0) return e;
  if (const auto known = done.find(e.identity()); known != done.end()) return known->second;
  std::vector<Expression> in;
  for (std::size_t k = 0; k < e.operands(); ++k) in.push_back(rebuilt(e.operand(k), done));
  Expression out = e;
  switch (e.op()) {
    case Op::negate:
      out = simple::negate(in[0]);
      break;
    case Op::pending:
    case Op::sum:
      out = e.with_operands(std::move(in));
      break;
    case Op::where:
      out = simple::where(in[0], in[1], in[2], in[3]);
      break;
    default:
      out = in.size() == 1 ? simple::call(e.op(), in[0]) : simple::binary(e.op(), in[0], in[1]);
  }
  done.emplace(e.identity(), out);
  return out;
}

}  // namespace

Expression simplify(const Expression& expression) {
  std::unordered_map<const void*, Expression> done;
  return rebuilt(expression, done);
}

}  // namespace talweg
