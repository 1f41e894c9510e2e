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

// e^(x + low), |low| far below x's last digits.
double exp_of_pair(double x, double low) {
  using namespace exp_log;
  const double inside = x < kLeastExponent ? kLeastExponent : x > kMostExponent ? kMostExponent : x;
  const double shifted = std::fma(inside, kLog2E, kRounder);
  const double k = shifted - kRounder;
  double r = std::fma(-k, kLn2High, inside);
  r = std::fma(-k, kLn2Low, r) + low;
  const auto pair = [r](std::size_t i) { return std::fma(kExp[i], r, kExp[i + 1]); };
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double rest = std::fma(std::fma(pair(3), r2, pair(5)), r4, std::fma(pair(7), r2, pair(9)));
  const double high = std::fma(kExp[0], r2, pair(1));
  const double q = std::fma(std::fma(high, r4 * r4, rest), r, kExp[11]);
  const double e = std::fma(r2, q, r) + 1;
  const std::int64_t whole = std::bit_cast<std::int64_t>(shifted) - kRounderBits;
  const std::int64_t half = whole >> 1U;
  return e * power_of_two(half) * power_of_two(whole - half);
}

// For positive finite x and finite y.
double positive_power(double x, double y) {
  using namespace exp_log;
  const bool tiny = x < kLeastNormal;
  const auto bits = std::bit_cast<std::int64_t>(tiny ? x * kTwo54 : x);
  const std::int64_t k = (bits - kSqrtHalfBits) >> 52U;
  const auto m = std::bit_cast<double>(bits - (k << 52U));
  const double exponent = static_cast<double>(k) - (tiny ? 54.0 : 0.0);
  const double f = m - 1;
  const double t = f + 2;
  const double t_low = f - (t - 2);
  const double s = f / t;
  const double s_low = std::fma(-s, t_low, std::fma(-s, t, f)) / t;
  const double z = s * s;
  const double z_low = std::fma(s + s, s_low, std::fma(s, s, -z));
  double q = kPow[0];
  for (std::size_t i = 1; i < kPow.size(); ++i) q = std::fma(q, z, kPow[i]);
  const double w = std::fma(z, q, kTwoThirds);
  const double w_low = std::fma(z, q, kTwoThirds - w) + kTwoThirdsLow;
  const double u = s * z;
  const double u_low = std::fma(s, z_low, std::fma(s_low, z, std::fma(s, z, -u)));
  const double v = u * w;
  const double v_low = std::fma(u, w_low, std::fma(u_low, w, std::fma(u, w, -v)));
  // exponent ln2 + 2 s + v, largest first.
  const double a = exponent * kLn2High;
  const double b = s + s;
  const double ab = a + b;
  const double ab_t = ab - a;
  const double ab_low = (a - (ab - ab_t)) + (b - ab_t);
  const double abv = ab + v;
  const double abv_t = abv - ab;
  const double abv_low = (ab - (abv - abv_t)) + (v - abv_t);
  const double rest = std::fma(exponent, kLn2Low, (s_low + s_low) + (v_low + (ab_low + abv_low)));
  const double log = abv + rest;
  const double log_low = rest - (log - abv);
  const double product = y * log;
  const double product_low = std::fma(y, log_low, std::fma(y, log, -product));
  const bool beyond = !(std::abs(product) < kMostProduct);
  return exp_of_pair(product, beyond ? 0 : product_low);
}

}  // namespace

double exp_reference(double x) {
  return x != x ? x : exp_of_pair(x, 0);
}

double pow_reference(double x, double y) {
  const bool regular = x > 0 && x < exp_log::kInfinity && std::abs(y) < exp_log::kInfinity;
  return regular ? positive_power(x, y) : std::pow(x, y);
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
  const auto pair = [z](std::size_t i) { return std::fma(kLog[i], z, kLog[i + 1]); };
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double low = std::fma(std::fma(pair(2), z2, pair(4)), z4, std::fma(pair(6), z2, pair(8)));
  const double q = std::fma(pair(0), z4 * z4, low);
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
