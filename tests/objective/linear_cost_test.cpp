// SPDX-License-Identifier: Apache-2.0
// The cost over rows against a plain long-double sum over them, in both coordinates, with levels, weights and
// gaps in the row numbers; of rows kept as floats, over the rounded rows.
#include "talweg/objective/linear_cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/linear_rows.h"

namespace talweg {
namespace {

long double plain_cost(const test::LinearSample& sample, const test::LinearRows& model,
                       const LinearCostSettings& settings, const std::vector<double>& u) {
  long double sum = 0, weight = 0;
  const std::size_t columns = sample.x.front().size();
  for (std::size_t r = 0; r < sample.y.size(); ++r) {
    long double f = model.terms.size() > columns + test::kLevels - 1 ? u.back() : 0;
    for (std::size_t j = 0; j < columns; ++j) f += static_cast<long double>(u[j]) * sample.x[r][j];
    if (sample.level[r] > 0) f += u[columns + sample.level[r] - 1];
    const auto rounded = static_cast<double>(f);
    double value = 0, slope = 0;
    evaluate_loss(settings.loss, &rounded, &sample.y[r], 1, &value, &slope, nullptr);
    sum += sample.w[r] * (value + slope * static_cast<double>(f - rounded));
    weight += sample.w[r];
  }
  long double out = settings.loss.kind == CostKind::sse ? sum : sum / weight;
  for (std::size_t j = 0; j < u.size(); ++j) {
    const LinearTerm& term = model.terms[j];
    if (term.column || term.level) out += settings.l2 / 2 * (term.penalty * u[j]) * (term.penalty * u[j]);
  }
  return out;
}

TEST(LinearCost, ValueGradientAndHessianAreThoseOfTheRows) {
  test::Random random(21);
  for (const std::string_view name : cost_names()) {
    for (const Scale scale : {Scale::none, Scale::standard}) {
      for (const bool intercept : {true, false}) {
        SCOPED_TRACE(name);
        const LossSettings loss{*cost_from_name(name), 0.7, 0.3, has_kink(*cost_from_name(name)) ? 0.5 : 0};
        const bool weighted = random.coin();
        const CellType type = random.coin() ? CellType::floats : CellType::doubles;
        test::LinearSample sample = test::make_sample(random, 1500, 3, loss, weighted);
        test::LinearRows model = test::make_rows(sample, intercept, type);
        if (type == CellType::floats) test::take_rounding(model.rows, sample);
        for (LinearTerm& term : model.terms) term.penalty = random.coin() ? 1 : term.spread;
        const LinearCostSettings settings{loss, 0.01, scale, 2};
        std::vector<double> u;
        for (const LinearTerm& term : model.terms)
          u.push_back(0.2 * random.normal() / std::max(term.spread, 1.0) / (1 + std::abs(term.mean)));
        LinearCost cost(model.rows, model.terms, settings, std::vector<double>(u.size(), 0.0));
        Point point = cost.to_descent(u);
        const std::vector<double> back = cost.to_user(point);
        for (std::size_t j = 0; j < u.size(); ++j) EXPECT_NEAR(back[j], u[j], 1e-13);

        std::vector<double> gradient(u.size());
        const double value = cost.evaluate(point, gradient);
        const auto expected = static_cast<double>(plain_cost(sample, model, settings, u));
        EXPECT_NEAR(value, expected, 1e-12 * (1 + std::abs(expected)));
        const std::vector<double> hessian = cost.hessian(point);
        std::vector<double> other(u.size());
        for (std::size_t j = 0; j < u.size(); ++j) {
          const double h =
              1e-5 / (1 + std::abs(scale == Scale::none ? model.terms[j].mean + model.terms[j].spread : 1.0));
          Point above = point;
          Point below = point;
          above.high[j] += h;
          below.high[j] -= h;
          const double up = cost.evaluate(above, other);
          const std::vector<double> gradient_above = other;
          const double down = cost.evaluate(below, other);
          const double slope = (up - down) / (2 * h);
          EXPECT_NEAR(gradient[j], slope, 1e-5 * (1 + std::abs(slope))) << j;
          if (has_kink(loss.kind) || loss.kind == CostKind::huber || loss.kind == CostKind::squared_hinge)
            continue;
          for (std::size_t k = 0; k < u.size(); ++k) {
            const double curvature = (gradient_above[k] - other[k]) / (2 * h);
            EXPECT_NEAR(hessian[j * u.size() + k], curvature, 1e-4 * (1 + std::abs(curvature)))
                << j << ' ' << k;
          }
        }
      }
    }
  }
}

TEST(LinearCost, TheUndampedDirectionSolvesTheHessianOrSaysThatItCannot) {
  test::Random random(24);
  const LossSettings loss{CostKind::logistic};
  test::LinearSample sample = test::make_sample(random, 1000, 4, loss, true);
  for (const Scale scale : {Scale::none, Scale::standard}) {
    // The last column repeats the first ever more closely.
    for (const double apart : {1.0, 0.1, 1e-6, 0.0}) {
      SCOPED_TRACE(apart);
      std::size_t n = 0;
      for (RowBlock& block : sample.blocks) {
        for (std::size_t r = 0; r < block.rows; ++r, ++n) {
          sample.x[n][3] = sample.x[n][0] + apart * random.normal();
          block.values[5 * r + 3] = sample.x[n][3];
        }
      }
      const test::LinearRows model = test::make_rows(sample, true);
      const std::size_t p = model.terms.size();
      LinearCost cost(model.rows, model.terms, {loss, 0, scale, 1}, std::vector<double>(p, 0.0));
      const Point point(std::vector<double>(p, 0.01));
      std::vector<double> gradient(p), direction(p);
      cost.evaluate(point, gradient);
      const bool solved = cost.undamped_direction(point, gradient, direction);
      EXPECT_EQ(solved, apart >= 0.1);
      if (!solved) continue;
      const std::vector<double> hessian = cost.hessian(point);
      for (std::size_t i = 0; i < p; ++i) {
        double sum = gradient[i], size = 0;
        for (std::size_t j = 0; j < p; ++j) {
          sum += hessian[i * p + j] * direction[j];
          size += std::abs(hessian[i * p + j] * direction[j]);
        }
        EXPECT_LE(std::abs(sum), 1e-12 * size) << i;
      }
    }
  }
}

TEST(LinearCost, GivesTheSameBitsForAnyNumberOfThreads) {
  test::Random random(22);
  const LossSettings loss{CostKind::logistic};
  const test::LinearSample sample = test::make_sample(random, 30000, 5, loss, true);
  const test::LinearRows model = test::make_rows(sample, true);
  std::vector<double> expected, expected_hessian;
  double expected_cost = 0;
  for (const unsigned threads : {1U, 2U, 7U}) {
    LinearCost cost(model.rows, model.terms, {loss, 0, Scale::standard, threads},
                    std::vector<double>(model.terms.size(), 0.0));
    const Point point(std::vector<double>(model.terms.size(), 0.3));
    std::vector<double> gradient(cost.size());
    const double value = cost.evaluate(point, gradient);
    const std::vector<double> hessian = cost.hessian(point);
    if (threads == 1) {
      expected = gradient;
      expected_hessian = hessian;
      expected_cost = value;
    }
    EXPECT_EQ(value, expected_cost);
    EXPECT_EQ(gradient, expected);
    EXPECT_EQ(hessian, expected_hessian);
  }
}

TEST(LinearCost, AConstantColumnBesideAnInterceptStaysWhereItIs) {
  test::Random random(23);
  const LossSettings loss{CostKind::huber};
  test::LinearSample sample = test::make_sample(random, 300, 2, loss, false);
  for (RowBlock& block : sample.blocks) {
    for (std::size_t r = 0; r < block.rows; ++r) block.values[r * 3 + 1] = 7;
  }
  for (auto& x : sample.x) x[1] = 7;
  test::LinearRows model = test::make_rows(sample, true);
  model.terms[1].spread = 0;
  for (const Scale scale : {Scale::none, Scale::standard}) {
    const std::vector<double> start = {0.5, 2, 0, 0, 0, 1};
    LinearCost cost(model.rows, model.terms, {loss, 0, scale, 1}, start);
    std::vector<double> gradient(cost.size());
    const double value = cost.evaluate(cost.to_descent(start), gradient);
    EXPECT_NEAR(value, static_cast<double>(plain_cost(sample, model, {loss, 0, scale, 1}, start)),
                1e-12 * value);
    EXPECT_EQ(gradient[1], 0);
    EXPECT_EQ(cost.to_user(cost.to_descent(start)).at(1), 2);
  }
}

}  // namespace
}  // namespace talweg
