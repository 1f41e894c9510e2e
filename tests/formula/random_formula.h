// SPDX-License-Identifier: Apache-2.0
// Seeded random expressions over a few columns and parameters. No subtree is made of numbers alone.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <string>

#include "support/random.h"
#include "talweg/formula/evaluate.h"
#include "talweg/formula/expression.h"

namespace talweg::test {

inline constexpr std::size_t kRandomColumns = 2;
inline constexpr std::size_t kRandomParameters = 3;

class RandomFormula {
 public:
  explicit RandomFormula(Random& random) : random_(random) {}

  Expression make(int depth) {
    if (depth == 0 || random_.below(8) == 0) return name();
    switch (random_.below(10)) {
      case 0:
      case 1:
        return binary(Op::add, depth);
      case 2:
        return binary(Op::subtract, depth);
      case 3:
      case 4:
        return binary(Op::multiply, depth);
      case 5:
        return binary(Op::divide, depth);
      case 6:
        return power(depth);
      case 7:
        return Expression::unary(Op::negate, make(depth - 1));
      default:
        return call(depth);
    }
  }

 private:
  Expression name() {
    if (random_.coin()) {
      const std::size_t k = random_.below(kRandomColumns);
      return Expression::column(k, "x" + std::to_string(k));
    }
    const std::size_t k = random_.below(kRandomParameters);
    return Expression::parameter(k, std::string(1, static_cast<char>('a' + k)));
  }
  Expression number() {
    constexpr std::array<double, 8> kNumbers = {1, 2, 3, 0.5, 0.1, 1.25, 7, -2};
    return Expression::number(kNumbers[random_.below(kNumbers.size())]);
  }
  Expression binary(Op op, int depth) {
    switch (random_.below(6)) {
      case 0:
        return Expression::binary(op, make(depth - 1), number());
      case 1:
        return Expression::binary(op, number(), make(depth - 1));
      default:
        return Expression::binary(op, make(depth - 1), make(depth - 1));
    }
  }
  Expression power(int depth) {
    if (random_.below(3) != 0) {
      const auto n = static_cast<double>(random_.below(5)) - 1;
      return Expression::binary(Op::power, make(depth - 1), Expression::number(n == 0 ? 1.5 : n));
    }
    return Expression::binary(Op::power, make(depth - 1), make(depth - 1));
  }
  Expression call(int depth) {
    constexpr std::array<Op, 18> kCalls = {Op::exp,  Op::log,  Op::log2, Op::log10, Op::sqrt, Op::cbrt,
                                           Op::sin,  Op::cos,  Op::tan,  Op::asin,  Op::acos, Op::atan,
                                           Op::sinh, Op::cosh, Op::tanh, Op::erf,   Op::abs,  Op::exp};
    if (random_.below(12) == 0) {
      return Expression::binary(random_.coin() ? Op::min : Op::max, make(depth - 1), make(depth - 1));
    }
    if (random_.below(20) == 0) {
      return Expression::where(make(depth - 1), make(depth - 1), make(depth - 1), make(depth - 1));
    }
    return Expression::unary(kCalls[random_.below(kCalls.size())], make(depth - 1));
  }

  Random& random_;
};

/// Whether every operation in it has a finite value and is smooth there: where an infinite one is swallowed,
/// or a root is taken of 0, calculus has no say.
inline bool smooth_throughout(const Expression& e, std::span<const double> columns,
                              std::span<const double> parameters) {
  if (!std::isfinite(evaluate(e, columns, parameters))) return false;
  const bool kink = e.is(Op::cbrt) || e.is(Op::sqrt) || e.is(Op::abs) || e.is(Op::sign) || e.is(Op::power);
  const double operand = kink ? evaluate(e.operand(0), columns, parameters) : 1;
  if (operand == 0) return false;
  if (e.is(Op::power) && operand < 0 && !e.operand(1).is(Op::number)) return false;
  for (std::size_t k = 0; k < e.operands(); ++k) {
    if (!smooth_throughout(e.operand(k), columns, parameters)) return false;
  }
  return true;
}

}  // namespace talweg::test
