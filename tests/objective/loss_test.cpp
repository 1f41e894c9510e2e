// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

struct Point3 {
  double value, slope, curvature;
};

Point3 at(const LossSettings& loss, double f, double y) {
  Point3 out{};
  evaluate_loss(loss, &f, &y, 1, &out.value, &out.slope, &out.curvature);
  return out;
}

std::vector<LossSettings> all_losses() {
  std::vector<LossSettings> out;
  for (const std::string_view name : cost_names()) {
    const CostKind kind = *cost_from_name(name);
    EXPECT_EQ(cost_name(kind), name);
    out.push_back({kind, 1.5, 0.3, has_kink(kind) ? 0.25 : 0});
  }
  return out;
}

double some_target(CostKind kind, test::Random& random) {
  if (is_classification(kind)) return random.coin() ? 1 : -1;
  if (kind == CostKind::poisson) return static_cast<double>(random.below(9));
  return 3 * random.normal();
}

TEST(Loss, SlopesAndCurvaturesAreThoseOfTheValue) {
  test::Random random(11);
  for (const LossSettings& loss : all_losses()) {
    SCOPED_TRACE(cost_name(loss.kind));
    for (int trial = 0; trial < 400; ++trial) {
      const double y = some_target(loss.kind, random);
      const double f = 3 * random.normal();
      const double h = 1e-6 * (1 + std::abs(f));
      const Point3 here = at(loss, f, y);
      const Point3 above = at(loss, f + h, y);
      const Point3 below = at(loss, f - h, y);
      const double slope = (above.value - below.value) / (2 * h);
      EXPECT_NEAR(here.slope, slope, 2e-6 * (1 + std::abs(here.slope))) << f << ' ' << y;
      // Where the curvature jumps it lies between its two sides.
      const double curvature = (above.slope - below.slope) / (2 * h);
      const double jump = std::abs(above.curvature - below.curvature);
      EXPECT_NEAR(here.curvature, curvature, 1e-5 * (1 + std::abs(here.curvature)) + jump) << f << ' ' << y;
      const auto bound = curvature_bound(loss);
      EXPECT_EQ(bound.has_value(), loss.kind != CostKind::poisson);
      if (bound) {
        EXPECT_LE(here.curvature, *bound);
      }
    }
  }
}

TEST(Loss, SmoothingIsNeverAboveAndNeverFurtherThanSaid) {
  test::Random random(12);
  for (LossSettings loss : all_losses()) {
    if (!has_kink(loss.kind)) continue;
    SCOPED_TRACE(cost_name(loss.kind));
    const DualRange range = dual_range(loss);
    const double most = std::max(range.low * range.low, range.high * range.high);
    for (int trial = 0; trial < 300; ++trial) {
      const double y = some_target(loss.kind, random);
      const double f = random.normal();
      loss.width = random.decade(-4, 1);
      const double smooth = at(loss, f, y).value;
      loss.width = 0;
      const double sharp = at(loss, f, y).value;
      EXPECT_LE(smooth, sharp);
    }
    for (int trial = 0; trial < 300; ++trial) {
      const double y = some_target(loss.kind, random);
      const double f = 2 * random.normal();
      LossSettings wide = loss;
      wide.width = 0.5;
      LossSettings sharp = loss;
      sharp.width = 0;
      EXPECT_GE(at(wide, f, y).value, at(sharp, f, y).value - 0.25 * most - 1e-15);
    }
  }
}

TEST(Loss, HasTheValuesOfItsDefinition) {
  EXPECT_DOUBLE_EQ(at({CostKind::mse}, 5, 2).value, 9);
  EXPECT_DOUBLE_EQ(at({CostKind::half_mse}, 5, 2).value, 4.5);
  EXPECT_DOUBLE_EQ(at({CostKind::huber, 2}, 5, 2).value, 2 * 3 - 2);
  EXPECT_DOUBLE_EQ(at({CostKind::huber, 4}, 5, 2).value, 4.5);
  EXPECT_DOUBLE_EQ(at({CostKind::mae}, 5, 2).value, 3);
  EXPECT_DOUBLE_EQ(at({CostKind::quantile, 1, 0.9}, 5, 2).value, 0.1 * 3);
  EXPECT_DOUBLE_EQ(at({CostKind::quantile, 1, 0.9}, 2, 5).value, 0.9 * 3);
  EXPECT_DOUBLE_EQ(at({CostKind::logistic}, 0, 1).value, std::log(2.0));
  EXPECT_NEAR(at({CostKind::poisson}, 1, 3).value, std::exp(1.0) - 3, 1e-15);
  EXPECT_DOUBLE_EQ(at({CostKind::hinge}, 0.25, 1).value, 0.75);
  EXPECT_DOUBLE_EQ(at({CostKind::hinge}, 0.25, -1).value, 1.25);
  EXPECT_DOUBLE_EQ(at({CostKind::squared_hinge}, 0.5, 1).value, 0.25);
  EXPECT_DOUBLE_EQ(at({CostKind::squared_hinge}, 1.5, 1).value, 0);
}

// Against long double: log1p and expm1 know what is left far out.
TEST(Loss, LogisticKeepsItsDigitsInTheTails) {
  for (const double f : {1e-300, 1e-9, 0.3, 1.0, 7.0, 20.0, 36.0, 37.0, 50.0, 200.0, 700.0}) {
    for (const double y : {-1.0, 1.0}) {
      for (const double sign : {-1.0, 1.0}) {
        const Point3 got = at({CostKind::logistic}, sign * f, y);
        const long double z = static_cast<long double>(y) * sign * f;
        const long double value = z > 0 ? std::log1p(std::exp(-z)) : -z + std::log1p(std::exp(z));
        const long double share = z > 0 ? std::exp(-z) / (1 + std::exp(-z)) : 1 / (1 + std::exp(z));
        const auto near = [](double a, long double b) {
          return std::abs(static_cast<long double>(a) - b) <= 1e-15L * std::abs(b);
        };
        EXPECT_TRUE(near(got.value, value)) << f << ' ' << y << ' ' << got.value;
        EXPECT_TRUE(near(got.slope, -y * share)) << f << ' ' << y << ' ' << got.slope;
      }
    }
  }
  EXPECT_DOUBLE_EQ(at({CostKind::logistic}, 1e6, -1).value, 1e6);
  EXPECT_DOUBLE_EQ(at({CostKind::logistic}, 1e6, 1).value, 0);
}

TEST(Loss, MeansOfPredictions) {
  EXPECT_DOUBLE_EQ(mean_of_prediction(CostKind::logistic, 0), 0.5);
  EXPECT_NEAR(mean_of_prediction(CostKind::logistic, 2), 1 / (1 + std::exp(-2.0)), 1e-15);
  EXPECT_NEAR(mean_of_prediction(CostKind::logistic, -40), std::exp(-40.0), 1e-30);
  EXPECT_NEAR(mean_of_prediction(CostKind::poisson, 2), std::exp(2.0), 1e-14);
  EXPECT_EQ(mean_of_prediction(CostKind::huber, 2), 2);
}

}  // namespace
}  // namespace talweg
