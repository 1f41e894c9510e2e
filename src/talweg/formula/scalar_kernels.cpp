// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/scalar_kernels.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>

#include "talweg/formula/row_kernels.h"

namespace talweg {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

template <class Number>
Number power_by_squaring(Number x, int n) {
  Number out = 1;
  Number square = x;
  for (auto rest = static_cast<unsigned>(std::abs(n)); rest != 0; rest >>= 1U) {
    if ((rest & 1U) != 0) out = out * square;
    if (rest > 1) square = square * square;
  }
  return n < 0 ? Number(1) / out : out;
}

double function(Op op, double x) {
  switch (op) {
    case Op::negate:
      return -x;
    case Op::exp:
      return exp_reference(x);
    case Op::log:
      return log_reference(x);
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
      return x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x;
    default:
      return kNone;
  }
}

// f'(x), for the correction by the low part.
double slope(Op op, double x, double f) {
  switch (op) {
    case Op::exp:
      return f;
    case Op::log:
      return 1 / x;
    case Op::log2:
      return std::numbers::log2e / x;
    case Op::log10:
      return std::numbers::log10e / x;
    case Op::cbrt:
      return 1 / (3 * f * f);
    case Op::sin:
      return std::cos(x);
    case Op::cos:
      return -std::sin(x);
    case Op::tan:
      return 1 + f * f;
    case Op::asin:
      return 1 / std::sqrt(1 - x * x);
    case Op::acos:
      return -1 / std::sqrt(1 - x * x);
    case Op::atan:
      return 1 / (1 + x * x);
    case Op::sinh:
      return std::cosh(x);
    case Op::cosh:
      return std::sinh(x);
    case Op::tanh:
      return 1 - f * f;
    case Op::erf:
      return 2 * std::numbers::inv_sqrtpi * std::exp(-x * x);
    default:
      return 0;
  }
}

// f(high) + f'(high) low, where that is finite.
DoubleDouble corrected(double value, double correction) {
  if (!std::isfinite(value) || !std::isfinite(correction)) return {value, 0};
  return two_sum(value, correction);
}

DoubleDouble function(Op op, DoubleDouble x) {
  switch (op) {
    case Op::negate:
      return -x;
    case Op::sqrt:
      return sqrt(x);
    case Op::abs:
      return x.high < 0 ? -x : x;
    case Op::sign:
      return function(op, x.high);
    default: {
      const double f = function(op, x.high);
      return corrected(f, x.low == 0 ? 0 : slope(op, x.high, f) * x.low);
    }
  }
}

DoubleDouble general_power(DoubleDouble a, DoubleDouble b) {
  const double f = pow_reference(a.high, b.high);
  double correction = 0;
  if (a.low != 0) correction += b.high * f / a.high * a.low;
  if (b.low != 0) correction += f * std::log(a.high) * b.low;
  return corrected(f, correction);
}

DoubleDouble finite_or(DoubleDouble x, double plain) {
  return is_finite(x) ? x : DoubleDouble(plain);
}

}  // namespace

int whole_exponent(const Expression& power) {
  constexpr double kLargest = 64;
  if (!power.is(Op::power) || !power.operand(1).is(Op::number)) return 0;
  const double n = power.operand(1).number();
  return n == std::trunc(n) && std::abs(n) <= kLargest ? static_cast<int>(n) : 0;
}

double whole_power(double x, int n) {
  return power_by_squaring(x, n);
}
DoubleDouble whole_power(DoubleDouble x, int n) {
  return finite_or(power_by_squaring(x, n), power_by_squaring(x.high, n));
}

double apply(Op op, int exponent, const double* in) {
  switch (op) {
    case Op::add:
      return in[0] + in[1];
    case Op::subtract:
      return in[0] - in[1];
    case Op::multiply:
      return in[0] * in[1];
    case Op::divide:
      return in[0] / in[1];
    case Op::power:
      return exponent != 0 ? whole_power(in[0], exponent) : pow_reference(in[0], in[1]);
    case Op::power_log:
      return in[0] == 0 ? 0 : in[0] * in[1];
    case Op::min:
      return in[0] < in[1] || in[0] != in[0] ? in[0] : in[1];
    case Op::max:
      return in[0] > in[1] || in[0] != in[0] ? in[0] : in[1];
    case Op::where:
      return in[0] >= in[1] ? in[2] : in[0] < in[1] ? in[3] : kNone;
    default:
      return function(op, in[0]);
  }
}

// What is not finite has no low part: the plain operation decides whether it is infinite or no number.
DoubleDouble apply(Op op, int exponent, const DoubleDouble* in) {
  switch (op) {
    case Op::add:
      return finite_or(in[0] + in[1], in[0].high + in[1].high);
    case Op::subtract:
      return finite_or(in[0] - in[1], in[0].high - in[1].high);
    case Op::multiply:
      return finite_or(in[0] * in[1], in[0].high * in[1].high);
    case Op::divide:
      return finite_or(in[0] / in[1], in[0].high / in[1].high);
    case Op::power:
      return exponent != 0 ? whole_power(in[0], exponent) : general_power(in[0], in[1]);
    case Op::power_log: {
      if (in[0].high == 0) return 0.0;
      return finite_or(in[0] * in[1], in[0].high * in[1].high);
    }
    case Op::min:
      return in[0] < in[1] || in[0].high != in[0].high ? in[0] : in[1];
    case Op::max:
      return in[1] < in[0] || in[0].high != in[0].high ? in[0] : in[1];
    case Op::where:
      if (in[0].high != in[0].high || in[1].high != in[1].high) return kNone;
      return in[0] < in[1] ? in[3] : in[2];
    default:
      return function(op, in[0]);
  }
}

}  // namespace talweg
