// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "talweg/formula/exp_log.h"
#include "talweg/formula/row_kernels.h"
#include "talweg/formula/scalar_kernels.h"

namespace talweg {
namespace {

double power_of_two(std::int64_t k) {
  return std::bit_cast<double>((k + 1023) << 52U);
}

}  // namespace

double exp_reference(double x) {
  using namespace exp_log;
  if (x != x) return x;
  const double inside = x < kLeastExponent ? kLeastExponent : x > kMostExponent ? kMostExponent : x;
  const double shifted = std::fma(inside, kLog2E, kRounder);
  const double k = shifted - kRounder;
  double r = std::fma(-k, kLn2High, inside);
  r = std::fma(-k, kLn2Low, r);
  double q = kExp[0];
  for (std::size_t i = 1; i < kExp.size(); ++i) q = std::fma(q, r, kExp[i]);
  const double e = std::fma(r * r, q, r) + 1;
  const std::int64_t whole = std::bit_cast<std::int64_t>(shifted) - kRounderBits;
  const std::int64_t half = whole >> 1U;
  return e * power_of_two(half) * power_of_two(whole - half);
}

double log_reference(double x) {
  using namespace exp_log;
  if (x == 0) return -kInfinity;
  if (!(x > 0)) return kNone;
  if (x == kInfinity) return x;
  const bool tiny = x < kLeastNormal;
  const auto bits = std::bit_cast<std::int64_t>(tiny ? x * kTwo54 : x);
  const std::int64_t k = (bits - kSqrtHalfBits) >> 52U;
  const auto m = std::bit_cast<double>(bits - (k << 52U));
  const double exponent = static_cast<double>(k) - (tiny ? 54.0 : 0.0);
  const double f = m - 1;
  const double s = f / (f + 2);
  const double z = s * s;
  double q = kLog[0];
  for (std::size_t i = 1; i < kLog.size(); ++i) q = std::fma(q, z, kLog[i]);
  const double half_square = 0.5 * f * f;
  const double inner = std::fma(s, std::fma(z, q, half_square), exponent * kLn2Low);
  return std::fma(exponent, kLn2High, f - (half_square - inner));
}

void run_rows_reference(const RowTask& task) {
  const int operands =
      task.op == Op::where                                                                          ? 4
      : (task.op >= Op::add && task.op <= Op::max) && !(task.op == Op::power && task.exponent != 0) ? 2
                                                                                                    : 1;
  if (task.low == nullptr) {
    double in[4] = {};
    for (std::size_t r = 0; r < task.rows; ++r) {
      for (int k = 0; k < operands; ++k)
        in[k] = task.in[k].high != nullptr ? task.in[k].high[r] : task.in[k].scalar_high;
      task.high[r] = apply(task.op, task.exponent, in);
    }
    return;
  }
  DoubleDouble in[4];
  for (std::size_t r = 0; r < task.rows; ++r) {
    for (int k = 0; k < operands; ++k) {
      const RowOperand& operand = task.in[k];
      in[k] = operand.high != nullptr
                  ? DoubleDouble(operand.high[r], operand.low != nullptr ? operand.low[r] : 0.0)
                  : DoubleDouble(operand.scalar_high, operand.scalar_low);
    }
    const DoubleDouble out = apply(task.op, task.exponent, in);
    task.high[r] = out.high;
    task.low[r] = out.low;
  }
}

}  // namespace talweg
