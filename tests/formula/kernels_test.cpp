// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "support/random.h"
#include "talweg/formula/row_kernels.h"
#include "talweg/formula/scalar_kernels.h"

namespace talweg {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// |got - exact| in units of the last place of the exact value, rounded.
double ulps(double got, long double exact) {
  const auto rounded = static_cast<double>(exact);
  if (!std::isfinite(rounded) || rounded == 0) return got == rounded ? 0 : kInfinity;
  const double unit = std::abs(std::nextafter(rounded, kInfinity) - rounded);
  return static_cast<double>(std::abs(static_cast<long double>(got) - exact) / unit);
}

bool same_bits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

TEST(Kernels, ExpIsWithinOneUlp) {
  test::Random random(1);
  double worst = 0;
  for (int k = 0; k < 400'000; ++k) {
    const double x = k % 2 == 0 ? random.uniform(-708, 709.7) : random.uniform(-2, 2);
    worst = std::max(worst, ulps(exp_reference(x), std::exp(static_cast<long double>(x))));
  }
  EXPECT_LT(worst, 1.0);
  EXPECT_GT(worst, 0.4);
}

TEST(Kernels, ExpAtTheEnds) {
  EXPECT_EQ(exp_reference(0), 1);
  EXPECT_EQ(exp_reference(-0.0), 1);
  EXPECT_EQ(exp_reference(710), kInfinity);
  EXPECT_EQ(exp_reference(kInfinity), kInfinity);
  EXPECT_EQ(exp_reference(-kInfinity), 0);
  EXPECT_EQ(exp_reference(-746), 0);
  EXPECT_TRUE(std::isnan(exp_reference(kNone)));
  // Subnormal results are rounded once.
  for (double x = -745; x < -708; x += 0.37) {
    const auto exact = static_cast<double>(std::exp(static_cast<long double>(x)));
    EXPECT_NEAR(exp_reference(x), exact, 0x1p-1074) << x;
  }
}

TEST(Kernels, LogIsWithinOneUlp) {
  test::Random random(2);
  double worst = 0;
  for (int k = 0; k < 400'000; ++k) {
    const double x = k % 2 == 0 ? random.decade(-307, 308) : random.uniform(0.5, 2);
    if (x == 1) continue;
    worst = std::max(worst, ulps(log_reference(x), std::log(static_cast<long double>(x))));
  }
  EXPECT_LT(worst, 1.0);
  EXPECT_GT(worst, 0.4);
}

TEST(Kernels, LogAtTheEnds) {
  EXPECT_EQ(log_reference(1), 0);
  EXPECT_EQ(log_reference(0), -kInfinity);
  EXPECT_EQ(log_reference(-0.0), -kInfinity);
  EXPECT_EQ(log_reference(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(log_reference(-1)));
  EXPECT_TRUE(std::isnan(log_reference(kNone)));
  EXPECT_LT(ulps(log_reference(5e-324), std::log(static_cast<long double>(5e-324))), 1);
  EXPECT_LT(ulps(log_reference(3e-310), std::log(static_cast<long double>(3e-310))), 1);
}

TEST(Kernels, PowIsWithinAnUlpAndAQuarter) {
  test::Random random(5);
  double worst = 0;
  for (int k = 0; k < 400'000; ++k) {
    const double x =
        k % 3 == 0 ? random.uniform(0.5, 2) : random.decade(k % 3 == 1 ? -3 : -300, k % 3 == 1 ? 3 : 300);
    const double most = 700 / std::max(1e-3, std::abs(std::log(x)));
    const double y = k % 2 == 0 ? random.uniform(-5, 5) : random.uniform(-most, most);
    const long double exact = std::pow(static_cast<long double>(x), static_cast<long double>(y));
    if (!std::isnormal(static_cast<double>(exact))) continue;
    worst = std::max(worst, ulps(pow_reference(x, y), exact));
  }
  EXPECT_LT(worst, 1.25);
  EXPECT_GT(worst, 0.4);
}

TEST(Kernels, PowAtTheEnds) {
  for (const double x : {0.0, -0.0, 1.0, -1.0, -2.0, 0.5, 2.0, kInfinity, -kInfinity, kNone, 5e-324, 1e308}) {
    for (const double y :
         {0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -0.5, 1e308, -1e308, kInfinity, -kInfinity, kNone}) {
      const double got = pow_reference(x, y);
      const double expected = std::pow(x, y);
      EXPECT_TRUE(same_bits(got, expected) || std::abs(got - expected) <= 2.3e-16 * std::abs(expected))
          << x << '^' << y << ": " << got << " and " << expected;
    }
  }
}

std::vector<double> values(test::Random& random, std::size_t count) {
  const std::array<double, 12> special = {0.0,   -0.0,   1,     -1,     kInfinity, -kInfinity,
                                          kNone, 5e-324, 1e308, -1e308, 709.9,     -745.5};
  std::vector<double> out(count);
  for (double& x : out) {
    x = random.below(8) == 0 ? special[random.below(special.size())] : random.normal() * random.decade(-3, 3);
  }
  return out;
}

constexpr std::array<Op, 29> kOps = {
    Op::negate,    Op::exp, Op::log,  Op::log2,  Op::log10,    Op::sqrt,     Op::cbrt,   Op::sin,
    Op::cos,       Op::tan, Op::asin, Op::acos,  Op::atan,     Op::sinh,     Op::cosh,   Op::tanh,
    Op::erf,       Op::abs, Op::sign, Op::add,   Op::subtract, Op::multiply, Op::divide, Op::power,
    Op::power_log, Op::min, Op::max,  Op::where, Op::power};

// Every kernel, over columns and numbers, at every length of the tail, gives the bits of the plain reference.
TEST(Kernels, VectorsGiveTheBitsOfTheReference) {
  test::Random random(3);
  for (std::size_t k = 0; k < kOps.size(); ++k) {
    for (std::size_t rows : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 16U, 17U, 257U}) {
      for (unsigned scalars = 0; scalars < 16; ++scalars) {
        std::array<std::vector<double>, 4> in;
        std::array<RowOperand, 4> operands;
        for (std::size_t i = 0; i < 4; ++i) {
          in[i] = values(random, rows);
          operands[i].scalar_high = in[i][0];
          if ((scalars >> i & 1U) == 0) operands[i].high = in[i].data();
        }
        if (operands[0].high == nullptr && (kOps[k] < Op::add || operands[1].high == nullptr)) continue;
        std::vector<double> got(rows, 7);
        std::vector<double> expected(rows, 8);
        RowTask task{kOps[k], 0, operands.data(), got.data(), nullptr, rows};
        if (k + 1 == kOps.size()) {
          if (operands[0].high == nullptr) continue;
          task.exponent = static_cast<int>(random.below(20)) - 10;
          if (task.exponent == 0) task.exponent = 2;
        }
        run_rows(task);
        task.high = expected.data();
        run_rows_reference(task);
        for (std::size_t r = 0; r < rows; ++r) {
          ASSERT_TRUE(same_bits(got[r], expected[r]))
              << "op " << static_cast<int>(kOps[k]) << " exponent " << task.exponent << " row " << r << " of "
              << rows << ": " << in[0][r] << ", " << in[1][r] << " -> " << got[r] << " and " << expected[r];
        }
      }
    }
  }
}

TEST(Kernels, OutMayBeAnOperand) {
  test::Random random(4);
  std::vector<double> a = values(random, 100);
  const std::vector<double> before = a;
  RowOperand in[2];
  in[0].high = a.data();
  in[1].high = a.data();
  run_rows({Op::multiply, 0, in, a.data(), nullptr, a.size()});
  for (std::size_t r = 0; r < a.size(); ++r) EXPECT_TRUE(same_bits(a[r], before[r] * before[r]));
}

TEST(Kernels, WholePowers) {
  for (int n = -20; n <= 20; ++n) {
    if (n == 0) continue;
    for (double x : {-3.0, -0.7, 0.2, 1.1, 2.0, 10.0}) {
      const long double exact = std::pow(static_cast<long double>(x), static_cast<long double>(n));
      EXPECT_LT(ulps(whole_power(x, n), exact), 8) << x << '^' << n;
      const DoubleDouble pair = whole_power(DoubleDouble(x), n);
      EXPECT_NEAR(static_cast<double>((pair.high - exact + pair.low) / exact), 0, 1e-18) << x << '^' << n;
    }
  }
}

}  // namespace
}  // namespace talweg
