// SPDX-License-Identifier: Apache-2.0
// Adagrad, rmsprop and adamw against their formulas in long double; the rate that is found on the way;
// restarts.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/functions.h"
#include "support/random.h"
#include "talweg/descent/minimiser.h"

namespace talweg {
namespace {

constexpr std::array<Optimizer, 4> kAdaptive = {Optimizer::adagrad, Optimizer::rmsprop, Optimizer::adam,
                                                Optimizer::adamw};
constexpr std::array<Optimizer, 7> kSearching = {Optimizer::gd,      Optimizer::momentum, Optimizer::nesterov,
                                                 Optimizer::adagrad, Optimizer::rmsprop,  Optimizer::adam,
                                                 Optimizer::adamw};

// (x - 2)^2 + 10 (y + 1)^2 with a penalty q/2 y^2 that the method can see.
class Penalised final : public Objective {
 public:
  explicit Penalised(double q) : weights_{0, q} {}
  [[nodiscard]] std::size_t size() const override { return 2; }
  [[nodiscard]] std::span<const double> l2_weights() const override { return weights_; }
  double evaluate(const Point& point, std::span<double> g) override {
    const double x = point.high[0];
    const double y = point.high[1];
    g[0] = 2 * (x - 2);
    g[1] = 20 * (y + 1) + weights_[1] * y;
    return (x - 2) * (x - 2) + 10 * (y + 1) * (y + 1) + weights_[1] / 2 * y * y;
  }

 private:
  std::vector<double> weights_;
};

std::vector<std::vector<double>> iterates(Objective& cost, const DescentSettings& wanted) {
  DescentSettings settings = wanted;
  std::vector<std::vector<double>> seen;
  settings.observer = [&](const EpochRecord& record) {
    seen.push_back(record.point->high);
    return false;
  };
  minimise(cost, Point({5, 5}), settings);
  return seen;
}

TEST(Adaptive, IteratesAreThoseOfTheFormulas) {
  using Real = long double;
  constexpr int kEpochs = 200;
  constexpr Real kRate = 0.05L;
  constexpr Real kPenalty = 3;
  for (const Optimizer optimizer : kAdaptive) {
    SCOPED_TRACE(optimizer_name(optimizer));
    Penalised cost(static_cast<double>(kPenalty));
    DescentSettings settings;
    settings.method.optimizer = optimizer;
    settings.method.learning_rate = static_cast<double>(kRate);
    settings.method.adam_first = 0.8;
    settings.method.adam_second = 0.99;
    settings.epochs = kEpochs;
    const auto seen = iterates(cost, settings);
    ASSERT_EQ(seen.size(), kEpochs + 1U);
    std::array<Real, 2> x = {5, 5}, m = {}, v = {};
    const Real rate = static_cast<Real>(0.05);
    for (int k = 1; k <= kEpochs; ++k) {
      const std::array<Real, 2> loss = {2 * (x[0] - 2), 20 * (x[1] + 1)};
      const std::array<Real, 2> decay = {0, kPenalty * x[1]};
      for (std::size_t j = 0; j < 2; ++j) {
        const Real whole = loss[j] + decay[j];
        if (optimizer == Optimizer::adagrad) {
          v[j] += whole * whole;
          x[j] -= rate * whole / (std::sqrt(v[j]) + 1e-8L);
        } else if (optimizer == Optimizer::rmsprop) {
          v[j] = static_cast<Real>(0.9) * v[j] + (1 - static_cast<Real>(0.9)) * whole * whole;
          x[j] -= rate * whole / (std::sqrt(v[j]) + 1e-8L);
        } else {
          const bool apart = optimizer == Optimizer::adamw;
          const Real g = apart ? loss[j] : whole;
          m[j] = 0.8L * m[j] + 0.2L * g;
          v[j] = 0.99L * v[j] + 0.01L * g * g;
          const Real root = std::sqrt(v[j] / (1 - std::pow(0.99L, k))) + 1e-8L;
          x[j] -= rate * m[j] / (1 - std::pow(0.8L, k)) / root;
          if (apart && j == 1) x[j] /= 1 + rate * kPenalty / root;
        }
        EXPECT_NEAR(seen[static_cast<std::size_t>(k)][j], static_cast<double>(x[j]), 1e-12) << k;
      }
    }
  }
}

TEST(Adaptive, AdamwRestsAtTheOptimumOfTheWholeObjective) {
  for (const bool searched : {false, true}) {
    Penalised cost(3);
    DescentSettings settings;
    settings.method.optimizer = Optimizer::adamw;
    if (!searched) settings.method.learning_rate = 0.01;
    settings.tolerance = 1e-10;
    settings.epochs = 100'000;
    const DescentResult result = minimise(cost, Point({5, 5}), settings);
    EXPECT_EQ(result.termination.reason, Reason::tolerance);
    EXPECT_NEAR(result.point.high[0], 2, 1e-8);
    EXPECT_NEAR(result.point.high[1], -20.0 / 23, 1e-8);
  }
}

// sum_j a_j (log cosh(c_j.x) + x_j^2/100) with directions c_j and weights a_j over six powers of ten: convex,
// its lowest point zero, and no curvature bound is told.
test::Function valley(test::Random& random, std::size_t n) {
  std::vector<double> a(n), c(n * n);
  for (double& value : a) value = random.decade(-3, 3);
  for (double& value : c) value = random.normal();
  return {n, [a, c, n](std::span<const double> x, std::span<double> g) {
            double sum = 0;
            for (double& value : g) value = 0;
            for (std::size_t j = 0; j < n; ++j) {
              double t = 0;
              for (std::size_t k = 0; k < n; ++k) t += c[j * n + k] * x[k];
              sum += a[j] * (std::abs(t) + std::log1p(std::exp(-2 * std::abs(t))) - std::log(2.0));
              for (std::size_t k = 0; k < n; ++k) g[k] += a[j] * std::tanh(t) * c[j * n + k];
              sum += a[j] * x[j] * x[j] / 100;
              g[j] += a[j] * x[j] / 50;
            }
            return sum;
          }};
}

TEST(RateSearch, EveryMethodEndsAtTheLowestCostOfAConvexFunction) {
  test::Random random(7);
  for (int trial = 0; trial < 20; ++trial) {
    const std::size_t n = 1 + random.below(3);
    test::Function cost = valley(random, n);
    std::vector<double> start(n);
    for (double& value : start) value = 3 * random.normal();
    for (const Optimizer optimizer : kSearching) {
      SCOPED_TRACE(std::string(optimizer_name(optimizer)) + " " + std::to_string(trial));
      DescentSettings settings;
      settings.method.optimizer = optimizer;
      settings.tolerance = 1e-8;
      settings.epochs = 100'000;
      double before = INFINITY;
      settings.observer = [&](const EpochRecord& record) {
        EXPECT_LE(record.cost, before * (1 + 1e-12) + 1e-300) << record.epoch;
        EXPECT_EQ(record.learning_rate.has_value(), record.epoch > 0);
        before = record.cost;
        return false;
      };
      const DescentResult result = minimise(cost, Point(start), settings);
      EXPECT_TRUE(result.termination.reason == Reason::tolerance ||
                  result.termination.reason == Reason::rounding);
      EXPECT_LE(result.cost, 1e-8 * result.start_cost);
    }
  }
}

TEST(RateSearch, WithoutAToleranceAllEpochsAreMade) {
  for (const Optimizer optimizer : kSearching) {
    SCOPED_TRACE(optimizer_name(optimizer));
    test::Function cost = test::bowl();
    DescentSettings settings;
    settings.method.optimizer = optimizer;
    settings.epochs = 3000;
    std::uint64_t rows = 0;
    settings.observer = [&](const EpochRecord& record) {
      EXPECT_EQ(record.epoch, rows);
      ++rows;
      return false;
    };
    const DescentResult result = minimise(cost, Point({2, 7}), settings);
    EXPECT_EQ(result.termination.reason, Reason::epochs);
    EXPECT_EQ(result.epochs, 3000U);
    EXPECT_EQ(rows, 3001U);
    EXPECT_NEAR(result.cost, 3, 1e-9);
    EXPECT_LT(cost.calls, 10'000U);
  }
}

TEST(RateSearch, ACostThatIsNotFiniteIsTooFar) {
  // -log(1 - x) - log(x + 1000): no value at 1 and beyond.
  for (const Optimizer optimizer : kSearching) {
    SCOPED_TRACE(optimizer_name(optimizer));
    test::Function cost(1, [](std::span<const double> x, std::span<double> g) {
      g[0] = 1 / (1 - x[0]) - 1 / (x[0] + 1000);
      return -std::log(1 - x[0]) - std::log(x[0] + 1000);
    });
    DescentSettings settings;
    settings.method.optimizer = optimizer;
    settings.tolerance = 1e-12;
    settings.epochs = 10'000;
    const DescentResult result = minimise(cost, Point({0.999}), settings);
    EXPECT_NEAR(result.point.high[0], -499.5, 1e-2);
  }
}

TEST(Restart, TheVelocityIsForgottenAfterACostThatRose) {
  for (const Optimizer optimizer : {Optimizer::momentum, Optimizer::nesterov}) {
    SCOPED_TRACE(optimizer_name(optimizer));
    test::Function cost = test::log_cosh(2);
    DescentSettings settings;
    settings.method.optimizer = optimizer;
    settings.method.learning_rate = 0.5;
    settings.method.momentum = 0.95;
    settings.method.restart = true;
    settings.epochs = 60;
    std::vector<double> costs;
    std::vector<std::vector<double>> points;
    settings.observer = [&](const EpochRecord& record) {
      costs.push_back(record.cost);
      points.push_back(record.point->high);
      return false;
    };
    minimise(cost, Point({9, -9}), settings);
    int restarts = 0;
    for (std::size_t k = 1; k + 1 < costs.size(); ++k) {
      if (!(costs[k] > costs[k - 1])) continue;
      ++restarts;
      for (std::size_t j = 0; j < 2; ++j) {
        const double slope = std::tanh(points[k][j] - static_cast<double>(j));
        EXPECT_NEAR(points[k + 1][j], points[k][j] - 0.5 * slope, 1e-14) << k;
      }
    }
    EXPECT_GT(restarts, 0);
    settings.method.restart = false;
    const std::vector<double> with = costs;
    costs.clear();
    points.clear();
    minimise(cost, Point({9, -9}), settings);
    EXPECT_GT(costs.back(), with.back());
  }
}

}  // namespace
}  // namespace talweg
