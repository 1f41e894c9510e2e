// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/rates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/random.h"

namespace talweg {
namespace {

constexpr Optimizer kConstantRate[] = {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov};

// The factor by which a mode really shrinks an epoch, from running its recurrence: the root of the decay over
// a long time.
double measured_factor(Optimizer optimizer, double r, double b) {
  double before = 1;
  double z = 1;
  double log_scale = 0;
  double at_half = 0;
  constexpr int kSteps = 40'000;
  const auto size = [&] { return log_scale + 0.5 * std::log(z * z + before * before); };
  for (int k = 0; k < kSteps; ++k) {
    double next = (1 - r) * z;
    if (optimizer == Optimizer::momentum) next = (1 + b - r) * z - b * before;
    if (optimizer == Optimizer::nesterov) next = (1 - r) * ((1 + b) * z - b * before);
    before = z;
    z = next;
    const double scale = std::hypot(z, before);
    if (scale < 1e-100 || scale > 1e100) {
      z /= scale;
      before /= scale;
      log_scale += std::log(scale);
    }
    if (k == kSteps / 2 - 1) at_half = size();
  }
  return std::exp((size() - at_half) / (kSteps / 2.0));
}

TEST(ModeFactor, EqualsTheDecayOfTheRecurrence) {
  test::Random random(101);
  for (const Optimizer optimizer : kConstantRate) {
    for (int trial = 0; trial < 60; ++trial) {
      const double b = random.uniform(0, 0.98);
      const double r = random.uniform(0.01, 1.2) * largest_stable_rate(optimizer, 1, b);
      EXPECT_NEAR(measured_factor(optimizer, r, b), mode_factor(optimizer, r, b), 2e-3) << r << " " << b;
    }
  }
}

// The factor is 1 at the limit, below before and above behind it.
TEST(LargestStableRate, IsWhereTheFactorPassesOne) {
  test::Random random(102);
  for (const Optimizer optimizer : kConstantRate) {
    for (int trial = 0; trial < 200; ++trial) {
      const double b = random.uniform(0, 0.999);
      const double lambda = random.decade(-6, 6);
      const double limit = largest_stable_rate(optimizer, lambda, b);
      EXPECT_NEAR(mode_factor(optimizer, limit * lambda, b), 1, 1e-12);
      for (const double share : {1e-6, 0.01, 0.3, 0.7, 0.999999}) {
        EXPECT_LT(mode_factor(optimizer, share * limit * lambda, b), 1) << share;
      }
      EXPECT_GT(mode_factor(optimizer, 1.000001 * limit * lambda, b), 1);
    }
  }
  EXPECT_EQ(largest_stable_rate(Optimizer::gd, 0, 0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(largest_stable_rate(Optimizer::gd, 4, 0.9), 0.5);
  EXPECT_EQ(largest_stable_rate(Optimizer::cg, 4, 0.9), 0.5);
  EXPECT_DOUBLE_EQ(largest_stable_rate(Optimizer::momentum, 2, 0.5), 1.5);
  EXPECT_DOUBLE_EQ(largest_stable_rate(Optimizer::nesterov, 2, 0.5), 0.75);
}

double slowest(Optimizer optimizer, double rate, double smallest, double largest, double b) {
  return std::max(mode_factor(optimizer, rate * smallest, b), mode_factor(optimizer, rate * largest, b));
}

TEST(BestRate, BeatsAFineGrid) {
  test::Random random(103);
  for (const Optimizer optimizer : kConstantRate) {
    for (int trial = 0; trial < 100; ++trial) {
      const double b = trial % 10 == 0 ? 0 : random.uniform(0, 0.99);
      const double smallest = random.decade(-3, 3);
      const double largest = trial % 7 == 0 ? smallest : smallest * random.decade(0, 8);
      const double rate = best_rate(optimizer, largest, smallest, b);
      const double limit = largest_stable_rate(optimizer, largest, b);
      ASSERT_GT(rate, 0);
      ASSERT_LT(rate, limit);
      const double best = slowest(optimizer, rate, smallest, largest, b);
      // Near a double root the factor moves with the root of the rate, which is sought to 1e-12.
      const double slack = 1e-4 * (1 - best) + (best < 1e-3 ? 1e-7 : 0) + 4e-16;
      for (int k = 1; k < 5000; ++k) {
        const double other = slowest(optimizer, limit * k / 5000, smallest, largest, b);
        ASSERT_LE(best, other + slack)
            << optimizer_name(optimizer) << " " << b << " " << largest / smallest << " " << k;
      }
      // And close by, where the valley is sharp.
      for (int k = -200; k <= 200; ++k) {
        const double other = slowest(optimizer, rate * (1 + k * 1e-5), smallest, largest, b);
        ASSERT_LE(best, other + slack)
            << optimizer_name(optimizer) << " " << b << " " << largest / smallest << " " << k;
      }
    }
  }
  EXPECT_DOUBLE_EQ(best_rate(Optimizer::gd, 3, 1, 0.9), 0.5);
  EXPECT_DOUBLE_EQ(best_rate(Optimizer::cg, 3, 1, 0.9), 0.5);
  EXPECT_EQ(best_rate(Optimizer::gd, 0, 0, 0), 1);
}

}  // namespace
}  // namespace talweg
