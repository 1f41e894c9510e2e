// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/evaluate.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/formula/print.h"
#include "talweg/formula/scalar_kernels.h"

namespace talweg {
namespace {

// The operations of Program, one row at a time.
double operation(const Expression& e, const double* in) {
  if (e.is(Op::power_log)) {
    const double parts[2] = {apply(Op::power, 0, in), apply(Op::log, 0, in)};
    return apply(Op::power_log, 0, parts);
  }
  return apply(e.op(), whole_exponent(e), in);
}

// An independent reference: the functions of the C library in long double.
long double operation(const Expression& e, const long double* in) {
  const long double x = in[0];
  switch (e.op()) {
    case Op::add:
      return in[0] + in[1];
    case Op::subtract:
      return in[0] - in[1];
    case Op::multiply:
      return in[0] * in[1];
    case Op::divide:
      return in[0] / in[1];
    case Op::power:
      return std::pow(in[0], in[1]);
    case Op::power_log:
      return in[0] == 0 && in[1] > 0 ? 0 : std::pow(in[0], in[1]) * std::log(in[0]);
    case Op::min:
      return in[0] < in[1] || std::isnan(in[0]) ? in[0] : in[1];
    case Op::max:
      return in[0] > in[1] || std::isnan(in[0]) ? in[0] : in[1];
    case Op::negate:
      return -x;
    case Op::exp:
      return std::exp(x);
    case Op::log:
      return std::log(x);
    case Op::log2:
      return std::log2(x);
    case Op::log10:
      return std::log10(x);
    case Op::sqrt:
      return std::sqrt(x);
    case Op::cbrt:
      return std::cbrt(x);
    case Op::sin:
      return std::sin(x);
    case Op::cos:
      return std::cos(x);
    case Op::tan:
      return std::tan(x);
    case Op::asin:
      return std::asin(x);
    case Op::acos:
      return std::acos(x);
    case Op::atan:
      return std::atan(x);
    case Op::sinh:
      return std::sinh(x);
    case Op::cosh:
      return std::cosh(x);
    case Op::tanh:
      return std::tanh(x);
    case Op::erf:
      return std::erf(x);
    case Op::abs:
      return std::abs(x);
    case Op::sign:
      return std::isnan(x) ? x : static_cast<long double>((x > 0) - (x < 0));
    default:
      return std::numeric_limits<long double>::quiet_NaN();
  }
}

template <class Number>
class Evaluator {
 public:
  Evaluator(std::span<const double> columns, std::span<const double> parameters)
      : columns_(columns), parameters_(parameters) {}

  Number of(const Expression& e) const {
    switch (e.op()) {
      case Op::number:
        return e.number();
      case Op::pi:
        return std::numbers::pi_v<Number>;
      case Op::e:
        return std::numbers::e_v<Number>;
      case Op::column:
        return columns_[e.index()];
      case Op::parameter:
        return parameters_[e.index()];
      case Op::where: {
        const Number u = of(e.operand(0));
        const Number v = of(e.operand(1));
        if (std::isnan(u) || std::isnan(v)) return std::numeric_limits<Number>::quiet_NaN();
        return of(e.operand(u >= v ? 2 : 3));
      }
      default:
        break;
    }
    Number in[2] = {};
    for (std::size_t k = 0; k < e.operands(); ++k) in[k] = of(e.operand(k));
    return operation(e, in);
  }

 private:
  std::span<const double> columns_;
  std::span<const double> parameters_;
};

// Follows values that are not finite from the result down to the first operation, in the order of
// computation, whose operands are finite. An infinite operand of a finite result is no reason: 1/(1 + exp(x))
// is 0 for a large x. Of where() the branch taken counts, as its value does.
class Blame {
 public:
  Blame(std::span<const double> columns, std::span<const double> parameters) : leaves_(columns, parameters) {}

  struct Judged {
    double value = 0;
    std::string reason;  // empty where the value is finite
  };

  [[nodiscard]] Judged walk(const Expression& e) const {
    if (e.operands() == 0) return judged(e, leaves_.of(e), {});
    Judged first = walk(e.operand(0));
    if (e.operands() == 1) {
      const double in[1] = {first.value};
      return of_operands(e, operation(e, in), in, std::move(first.reason));
    }
    Judged second = walk(e.operand(1));
    if (e.is(Op::where)) {
      if (std::isnan(first.value)) return first;
      if (std::isnan(second.value)) return second;
      return walk(e.operand(first.value >= second.value ? 2 : 3));
    }
    std::string reason = std::move(first.reason.empty() ? second.reason : first.reason);
    const double in[2] = {first.value, second.value};
    return of_operands(e, operation(e, in), in, std::move(reason));
  }

 private:
  static Judged of_operands(const Expression& e, double value, std::span<const double> in,
                            std::string reason) {
    if (std::isfinite(value) || reason.empty()) return judged(e, value, in);
    return {value, std::move(reason)};
  }
  static Judged judged(const Expression& e, double value, std::span<const double> in) {
    if (std::isfinite(value)) return {value, {}};
    constexpr std::size_t kMostShown = 60;
    const std::string what = std::isnan(value) ? "is not a number" : "is infinite or too large";
    const bool large = e.size() > kMostShown;
    const std::string shown = large ? "a part of the formula" : to_text(e);
    std::string operands;
    for (std::size_t k = 0; k < in.size() && !large; ++k) {
      operands += fmt::format("{}{} = {}", k == 0 ? "" : ", ", to_text(e.operand(k)), short_text(in[k]));
    }
    const bool fits = !operands.empty() && operands.size() <= 2 * kMostShown;
    return {value,
            fits ? fmt::format("{} {} where {}", shown, what, operands) : fmt::format("{} {}", shown, what)};
  }

  Evaluator<double> leaves_;
};

}  // namespace

double evaluate(const Expression& expression, std::span<const double> columns,
                std::span<const double> parameters) {
  return Evaluator<double>(columns, parameters).of(expression);
}

long double evaluate_long(const Expression& expression, std::span<const double> columns,
                          std::span<const double> parameters) {
  return Evaluator<long double>(columns, parameters).of(expression);
}

std::string why_not_finite(const Expression& expression, std::span<const double> columns,
                           std::span<const double> parameters) {
  return Blame(columns, parameters).walk(expression).reason;
}

}  // namespace talweg
