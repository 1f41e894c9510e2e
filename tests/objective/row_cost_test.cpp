// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_cost.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/row_models.h"
#include "talweg/objective/row_squares.h"

namespace talweg {
namespace {

constexpr std::array<CostKind, 7> kLosses = {CostKind::mae,          CostKind::huber,   CostKind::quantile,
                                             CostKind::logistic,     CostKind::poisson, CostKind::hinge,
                                             CostKind::squared_hinge};

std::vector<test::MadeRow> rows_for(CostKind loss, std::size_t count, std::uint64_t seed) {
  std::vector<test::MadeRow> rows = test::decaying_rows(count, seed, 0.3);
  test::Random random(seed + 1);
  for (test::MadeRow& row : rows) {
    if (is_classification(loss)) row.cells.back() = random.coin() ? 1 : -1;
    if (loss == CostKind::poisson) row.cells.back() = static_cast<double>(random.below(5));
  }
  return rows;
}

// The cost in long double, from the definitions in loss.h (a smoothed loss in its dual form).
long double cost_of(const std::vector<test::MadeRow>& rows, bool weighted, const RowCostSettings& settings,
                    const std::vector<double>& b) {
  long double sum = 0;
  long double weight = 0;
  for (const test::MadeRow& row : rows) {
    const long double f = b[0] * std::exp(-static_cast<long double>(b[1]) * row.cells[0]) + b[2];
    const long double y = row.cells[1];
    const long double r = y - f;
    const long double d = settings.loss.huber_delta;
    const long double q = settings.loss.quantile;
    const long double h = settings.loss.width;
    // The largest of a u - h a^2/2 over a in [low, high].
    const auto kink = [&](long double u, long double low, long double high) {
      if (h == 0) return std::max(low * u, high * u);
      const long double a = std::min(std::max(u / h, low), high);
      return a * u - h / 2 * a * a;
    };
    long double value = 0;
    switch (settings.loss.kind) {
      case CostKind::mae:
        value = kink(r, -1, 1);
        break;
      case CostKind::quantile:
        value = kink(r, q - 1, q);
        break;
      case CostKind::hinge:
        value = kink(1 - y * f, 0, 1);
        break;
      case CostKind::huber:
        value = std::abs(r) <= d ? r * r / 2 : d * std::abs(r) - d * d / 2;
        break;
      case CostKind::logistic:
        value = std::log1p(std::exp(-y * f));
        break;
      case CostKind::poisson:
        value = std::exp(f) - y * f;
        break;
      default:
        value = std::max(0.0L, 1 - y * f) * std::max(0.0L, 1 - y * f);
    }
    const long double w = weighted ? row.weight : 1;
    sum += w * value;
    weight += w;
  }
  long double out = sum / weight;
  for (std::size_t j = 0; j < b.size(); ++j)
    out += settings.penalised[j] ? static_cast<long double>(settings.l2) / 2 * b[j] * b[j] : 0;
  return out;
}

struct Trial {
  std::vector<test::MadeRow> rows;
  bool weighted = false;
  RowCostSettings settings;
  std::vector<double> b;
};

Trial trial_of(CostKind loss, test::Random& random, int round) {
  Trial out;
  out.rows = rows_for(loss, 1 + random.below(3000), 500 + static_cast<std::uint64_t>(round));
  out.weighted = random.coin();
  out.settings.loss = {loss, random.uniform(0.2, 2), random.uniform(0.1, 0.9),
                       has_kink(loss) ? random.decade(-2, 0) : 0};
  out.settings.l2 = random.coin() ? random.decade(-3, 0) : 0;
  out.settings.penalised = {true, true, false};
  out.settings.threads = 1 + static_cast<unsigned>(random.below(3));
  out.b = {random.uniform(-2, 2), random.uniform(0.1, 1.5), random.uniform(-1, 1)};
  return out;
}

TEST(RowCost, ValueAndGradientAreThoseOfTheDefinition) {
  test::Random random(7);
  const test::RowFunction model = test::decay();
  for (const CostKind loss : kLosses) {
    for (int round = 0; round < 25; ++round) {
      SCOPED_TRACE(std::string(cost_name(loss)) + " " + std::to_string(round));
      const Trial trial = trial_of(loss, random, round);
      const RowStore store = test::store_of(trial.rows, trial.weighted);
      RowCost cost(store, model, trial.settings);
      std::vector<double> gradient(3);
      const double value = cost.evaluate(Point(trial.b), gradient);
      const auto expected = cost_of(trial.rows, trial.weighted, trial.settings, trial.b);
      EXPECT_NEAR(value, static_cast<double>(expected), 1e-13 * (1 + std::abs(value)));
      for (std::size_t j = 0; j < 3; ++j) {
        // Central differences; a smoothed loss has jumps in its curvature, hence the tolerance.
        const double step = 1e-6;
        std::vector<double> up = trial.b;
        std::vector<double> down = trial.b;
        up[j] += step;
        down[j] -= step;
        const auto slope = (cost_of(trial.rows, trial.weighted, trial.settings, up) -
                            cost_of(trial.rows, trial.weighted, trial.settings, down)) /
                           (static_cast<long double>(up[j]) - down[j]);
        EXPECT_NEAR(gradient[j], static_cast<double>(slope), 1e-6 * (1 + std::abs(gradient[j])));
      }
    }
  }
}

TEST(RowCost, TheSameBitsForAnyNumberOfThreads) {
  test::Random random(9);
  const test::RowFunction model = test::decay();
  for (const CostKind loss : kLosses) {
    Trial trial = trial_of(loss, random, 99);
    trial.rows = rows_for(loss, 9000, 3);
    const RowStore store = test::store_of(trial.rows, trial.weighted);
    std::vector<std::vector<double>> gradients;
    std::vector<double> values;
    std::vector<std::vector<double>> hessians;
    for (const unsigned threads : {1U, 2U, 5U}) {
      trial.settings.threads = threads;
      RowCost cost(store, model, trial.settings);
      gradients.emplace_back(3);
      values.push_back(cost.evaluate(Point(trial.b), gradients.back()));
      hessians.push_back(cost.hessian(Point(trial.b)));
    }
    EXPECT_EQ(values[0], values[1]);
    EXPECT_EQ(values[0], values[2]);
    EXPECT_EQ(gradients[0], gradients[1]);
    EXPECT_EQ(gradients[0], gradients[2]);
    EXPECT_EQ(hessians[0], hessians[2]);
  }
}

// Of a model that is affine in its parameters the curvature is the second derivative.
TEST(RowCost, CurvatureOfAPlane) {
  test::Random random(13);
  const test::RowFunction model = test::plane(2);
  for (const CostKind loss : {CostKind::logistic, CostKind::poisson}) {
    std::vector<test::MadeRow> rows;
    for (std::uint64_t number = 0; number < 400; ++number) {
      const double y = loss == CostKind::poisson ? static_cast<double>(random.below(4))
                       : random.coin()           ? 1
                                                 : -1;
      rows.push_back({number, {random.normal(), random.normal(), y}, random.uniform(0.5, 2)});
    }
    const RowStore store = test::store_of(rows, true);
    RowCost cost(store, model, {{loss, 1, 0.5, 0}, 0.1, {false, true, true}, true, 1});
    const std::vector<double> b = {0.2, -0.5, 0.4};
    const std::vector<double> hessian = cost.hessian(Point(b));
    for (std::size_t j = 0; j < 3; ++j) {
      const double step = 1e-5;
      std::vector<double> up = b;
      std::vector<double> down = b;
      up[j] += step;
      down[j] -= step;
      std::vector<double> above(3);
      std::vector<double> below(3);
      cost.evaluate(Point(up), above);
      cost.evaluate(Point(down), below);
      for (std::size_t i = 0; i < 3; ++i)
        EXPECT_NEAR(hessian[i * 3 + j], (above[i] - below[i]) / (2 * step), 1e-8);
    }
    // Its inverse, times itself.
    const auto inverse = cost.inverse_hessian_diagonal(Point(b));
    std::vector<double> direction(3);
    for (std::size_t j = 0; j < 3; ++j) {
      std::vector<double> unit(3, 0.0);
      unit[j] = -1;
      ASSERT_TRUE(cost.newton_direction(Point(b), unit, direction));
      ASSERT_TRUE(inverse[j].has_value());
      EXPECT_NEAR(*inverse[j], direction[j], 1e-8 * direction[j]);
    }
  }
}

TEST(RowCost, FindsTheRowThatIsNotFinite) {
  const test::RowFunction model(1, 1, [](const double* x, std::span<const double> b, double* d) {
    d[0] = std::log(x[0]);
    return b[0] * d[0];
  });
  std::vector<test::MadeRow> rows;
  for (std::uint64_t number = 0; number < 3000; ++number)
    rows.push_back({number, {number == 2100 ? -1.0 : 2.0, 1}, 1});
  const RowStore store = test::store_of(rows);
  RowCost cost(store, model, {{CostKind::huber, 1, 0.5, 0}, 0, {}, true, 2});
  const auto found = cost.first_not_finite(std::vector<double>{1});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->block, 2U);
  EXPECT_EQ(found->row, 2100U - 2048U);
  std::vector<double> gradient(1);
  EXPECT_FALSE(std::isfinite(cost.evaluate(Point(std::vector<double>{1}), gradient)));
}

}  // namespace
}  // namespace talweg
