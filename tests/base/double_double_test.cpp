// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/double_double.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "support/quad.h"
#include "support/random.h"

namespace talweg {
namespace {

using test::plain;
using test::Quad;
using test::quad;
using test::relative_error;

constexpr int kTrials = 200'000;

double random_double(test::Random& random, int exponents) {
  const double mantissa = (random.coin() ? 1 : -1) * (1 + random.uniform());
  return std::ldexp(mantissa,
                    static_cast<int>(random.below(static_cast<std::size_t>(2 * exponents + 1))) - exponents);
}

// A double-double whose low part is at most half an ulp of the high one; at most 111 bits, so a quad holds
// it.
DoubleDouble random_pair(test::Random& random, int exponents) {
  const double high = random_double(random, exponents);
  const double ulp = std::ldexp(1.0, std::ilogb(high) - 52);
  const double low = (random.coin() ? 0.5 : -0.5) * ulp * random.uniform(0.1, 1.0);
  return fast_two_sum(high, random.below(10) == 0 ? 0.0 : low);
}

TEST(DoubleDouble, SumOfTwoDoublesIsExact) {
  test::Random random(1);
  for (int trial = 0; trial < kTrials; ++trial) {
    const double a = random_double(random, 28);
    const double b = random.below(20) == 0 ? -a : random_double(random, 28);
    const DoubleDouble sum = two_sum(a, b);
    ASSERT_EQ(sum.high, a + b);
    ASSERT_TRUE(quad(sum) == quad(a) + quad(b)) << a << " " << b;
    const DoubleDouble difference = two_difference(a, b);
    ASSERT_TRUE(quad(difference) == quad(a) - quad(b)) << a << " " << b;
    const DoubleDouble ordered = std::abs(a) >= std::abs(b) ? fast_two_sum(a, b) : fast_two_sum(b, a);
    ASSERT_TRUE(ordered == sum);
  }
}

TEST(DoubleDouble, ProductOfTwoDoublesIsExact) {
  test::Random random(2);
  for (int trial = 0; trial < kTrials; ++trial) {
    const double a = random_double(random, 100);
    const double b = random_double(random, 100);
    const DoubleDouble product = two_product(a, b);
    ASSERT_EQ(product.high, a * b);
    ASSERT_TRUE(quad(product) == quad(a) * quad(b)) << a << " " << b;
  }
}

TEST(DoubleDouble, RelativeErrorsStayWithinTheStatedBounds) {
  test::Random random(3);
  double sum = 0;
  double product = 0;
  double quotient = 0;
  double root = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const DoubleDouble a = random_pair(random, trial % 3 == 0 ? 1 : 20);
    DoubleDouble b = random_pair(random, trial % 3 == 0 ? 1 : 20);
    if (trial % 7 == 0) b = {-a.high, b.low * std::abs(a.high / b.high)};  // the high parts cancel
    sum = std::max(sum, relative_error(quad(a + b), quad(a) + quad(b)));
    sum = std::max(sum, relative_error(quad(a - b), quad(a) - quad(b)));
    product = std::max(product, relative_error(quad(a * b), quad(a) * quad(b)));
    quotient = std::max(quotient, relative_error(quad(a / b), quad(a) / quad(b)));
    const DoubleDouble positive = a.high > 0 ? a : -a;
    root = std::max(root, relative_error(quad(sqrt(positive)), test::sqrt(quad(positive))));
  }
  EXPECT_LE(sum, 3.05 * 0x1p-106);
  EXPECT_LE(product, 5.05 * 0x1p-106);
  EXPECT_LE(quotient, 10.05 * 0x1p-106);
  EXPECT_LE(root, 10.05 * 0x1p-106);
  EXPECT_LE(std::max({sum, product, quotient, root}), kDoubleDoubleUnit);
  // The measure itself is alive: plain doubles would show 1e-16, exact arithmetic zero.
  EXPECT_GT(std::min({sum, product, quotient, root}), 0x1p-108);
}

TEST(DoubleDouble, ResultsAreNormalised) {
  test::Random random(4);
  for (int trial = 0; trial < 20'000; ++trial) {
    const DoubleDouble a = random_pair(random, 10);
    const DoubleDouble b = random_pair(random, 10);
    for (const DoubleDouble c : {a + b, a - b, a * b, a / b}) ASSERT_EQ(c.high, c.high + c.low);
  }
}

TEST(DoubleDouble, AssignmentFormsEqualTheOperators) {
  test::Random random(5);
  const DoubleDouble a = random_pair(random, 5);
  const DoubleDouble b = random_pair(random, 5);
  DoubleDouble c = a;
  EXPECT_TRUE((c += b) == a + b);
  c = a;
  EXPECT_TRUE((c -= b) == a - b);
  c = a;
  EXPECT_TRUE((c *= b) == a * b);
}

TEST(DoubleDouble, OrderLooksAtTheLowPartToo) {
  EXPECT_TRUE(DoubleDouble(1, -1e-20) < DoubleDouble(1));
  EXPECT_FALSE(DoubleDouble(1) < DoubleDouble(1));
  EXPECT_TRUE(DoubleDouble(1) < DoubleDouble(1, 1e-20));
  EXPECT_TRUE(DoubleDouble(1, 5) < DoubleDouble(2));
  EXPECT_FALSE(DoubleDouble(1) == DoubleDouble(1, 1e-20));
}

TEST(DoubleDouble, EdgeCases) {
  EXPECT_EQ(sqrt(DoubleDouble(0)).high, 0);
  EXPECT_TRUE(std::isnan(sqrt(DoubleDouble(-1)).high));
  EXPECT_TRUE(is_finite(DoubleDouble(1, 2)));
  EXPECT_FALSE(is_finite(DoubleDouble(std::numeric_limits<double>::infinity())));
  EXPECT_FALSE(is_finite(DoubleDouble(1, std::numeric_limits<double>::quiet_NaN())));
  EXPECT_EQ(DoubleDouble(1, 0x1p-53 + 0x1p-100).value(), 1 + 0x1p-52);
}

// 0.1 and 0.3 are no exact decimals in 106 bits either, but the third is known to 32 digits.
TEST(DoubleDouble, AThirdHasThirtyTwoDigits) {
  const DoubleDouble third = DoubleDouble(1) / DoubleDouble(3);
  EXPECT_EQ(third.high, 1.0 / 3.0);
  EXPECT_LE(plain(test::abs(quad(third) * 3 - 1)), 0x1p-105);
}

}  // namespace
}  // namespace talweg
