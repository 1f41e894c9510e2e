// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_squares.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/row_models.h"
#include "talweg/objective/triangle.h"

namespace talweg {
namespace {

struct Reference {
  long double cost = 0;
  std::vector<long double> gradient;
};

// The cost of decay() in long double, straight from its definition.
Reference reference(const std::vector<test::MadeRow>& rows, bool weighted, const RowSquaresSettings& settings,
                    const std::vector<double>& b) {
  Reference out;
  out.gradient.resize(3);
  long double weight = 0;
  for (const test::MadeRow& row : rows) {
    const long double w = weighted ? row.weight : 1;
    const long double x = row.cells[0];
    const long double e = std::exp(-static_cast<long double>(b[1]) * x);
    const long double r = b[0] * e + b[2] - row.cells[1];
    const std::array<long double, 3> d = {e, -b[0] * x * e, 1};
    weight += w;
    out.cost += w * r * r;
    for (std::size_t j = 0; j < 3; ++j) out.gradient[j] += 2 * w * r * d[j];
  }
  const long double factor = settings.cost == CostKind::mse        ? 1 / weight
                             : settings.cost == CostKind::half_mse ? 1 / (2 * weight)
                                                                   : 1;
  out.cost *= factor;
  for (std::size_t j = 0; j < 3; ++j) {
    out.gradient[j] *= factor;
    if (!settings.penalised[j]) continue;
    out.cost += static_cast<long double>(settings.l2) / 2 * b[j] * b[j];
    out.gradient[j] += static_cast<long double>(settings.l2) * b[j];
  }
  return out;
}

TEST(RowSquares, CostAndGradientAreThoseOfTheDefinition) {
  test::Random random(5);
  const test::RowFunction model = test::decay();
  for (int round = 0; round < 60; ++round) {
    const bool weighted = random.coin();
    const auto rows =
        test::decaying_rows(1 + random.below(6000), 100 + static_cast<std::uint64_t>(round), 0.3);
    const RowStore store = test::store_of(rows, weighted);
    RowSquaresSettings settings;
    settings.cost = static_cast<CostKind>(random.below(3));
    settings.l2 = random.coin() ? random.decade(-3, 1) : 0;
    settings.penalised = {true, true, false};
    RowSquares cost(store, model, settings);
    const std::vector<double> b = {random.normal(), random.normal(), random.normal()};
    std::vector<double> gradient(3);
    const double value = cost.evaluate(Point(b), gradient);
    const Reference expected = reference(rows, weighted, settings, b);
    EXPECT_NEAR(value / static_cast<double>(expected.cost), 1, 1e-13);
    double size = 0;
    for (const long double g : expected.gradient) size = std::max(size, static_cast<double>(std::abs(g)));
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(gradient[j], static_cast<double>(expected.gradient[j]), 1e-13 * size) << j;
    }
  }
}

TEST(RowSquares, LinearisedIsTheTriangleOfJacobianAndResiduals) {
  test::Random random(6);
  const test::RowFunction model = test::decay();
  for (int round = 0; round < 40; ++round) {
    const bool weighted = random.coin();
    const RowStore store = test::store_of(
        test::decaying_rows(4 + random.below(5000), 7 + static_cast<std::uint64_t>(round), 0.1), weighted);
    RowSquaresSettings settings;
    settings.cost = static_cast<CostKind>(random.below(3));
    settings.l2 = random.coin() ? 0.25 : 0;
    settings.penalised = {true, true, false};
    RowSquares cost(store, model, settings);
    const Point point({1 + random.normal(), random.normal(), random.normal()});
    std::vector<double> gradient(3);
    const double value = cost.evaluate(point, gradient);
    Linearised at;
    ASSERT_TRUE(cost.linearise(point, at));
    EXPECT_NEAR(cost.cost_factor() * at.squares / value, 1, 1e-13);
    std::vector<double> product(3);
    multiply_transposed(at.triangle, 3, at.q, product);
    double size = 0;
    for (const double g : gradient) size = std::max(size, std::abs(g));
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(2 * cost.cost_factor() * product[j], gradient[j], 1e-12 * size) << j;
    }
  }
}

TEST(RowSquares, SameBitsForAnyNumberOfThreads) {
  const test::RowFunction model = test::decay();
  const RowStore store = test::store_of(test::decaying_rows(30'000, 1, 0.2), true);
  ASSERT_GT(store.blocks(), 30U);
  std::vector<double> first;
  for (const unsigned threads : {1U, 2U, 3U, 8U, 0U}) {
    RowSquaresSettings settings;
    settings.threads = threads;
    RowSquares cost(store, model, settings);
    const Point point({1.5, 0.4, 0.1});
    std::vector<double> all(3);
    all.push_back(cost.evaluate(point, all));
    Linearised at;
    ASSERT_TRUE(cost.linearise(point, at));
    all.insert(all.end(), at.triangle.begin(), at.triangle.end());
    all.insert(all.end(), at.q.begin(), at.q.end());
    all.push_back(at.squares);
    all.push_back(cost.mean_squared_error(point.high));
    if (first.empty()) first = all;
    EXPECT_EQ(all, first) << threads;
  }
}

TEST(RowSquares, WeightsCountAsRepeatedRows) {
  const test::RowFunction model = test::decay();
  auto rows = test::decaying_rows(500, 2, 0.2);
  std::vector<test::MadeRow> repeated;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    rows[r].weight = static_cast<double>(1 + r % 3);
    for (std::size_t k = 0; k <= r % 3; ++k) repeated.push_back({repeated.size(), rows[r].cells, 1});
  }
  const RowStore weighted = test::store_of(rows, true);
  const RowStore plain = test::store_of(repeated);
  RowSquares a(weighted, model, {});
  RowSquares b(plain, model, {});
  std::vector<double> ga(3);
  std::vector<double> gb(3);
  const Point point({1, 1, 1});
  EXPECT_NEAR(a.evaluate(point, ga), b.evaluate(point, gb), 1e-14);
  for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(ga[j], gb[j], 1e-13);
  EXPECT_NEAR(a.constant_cost(), b.constant_cost(), 1e-14);
  EXPECT_NEAR(a.total_mean_square(), b.total_mean_square(), 1e-14);
}

TEST(RowSquares, FindsTheRowThatIsNotFinite) {
  const test::RowFunction model(1, 1, [](const double* x, std::span<const double> b, double* d) {
    d[0] = std::sqrt(x[0]);  // with respect to b; not a number below 0
    return b[0] * std::sqrt(std::abs(x[0]));
  });
  std::vector<test::MadeRow> rows;
  for (std::uint64_t r = 0; r < 3000; ++r) rows.push_back({r, {1.0, 1.0}, 1});
  {
    const RowStore store = test::store_of(rows);
    EXPECT_FALSE(RowSquares(store, model, {}).first_not_finite(std::vector<double>{1}));
  }
  rows[2500].cells[0] = -4;
  const RowStore store = test::store_of(rows);
  RowSquares cost(store, model, {});
  const auto found = cost.first_not_finite(std::vector<double>{1});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->block, 2U);
  EXPECT_EQ(found->row, 2500U - 2048U);
  EXPECT_EQ(found->partial, std::optional<std::size_t>(0));
  Linearised at;
  EXPECT_FALSE(cost.linearise(Point({1}), at));
}

}  // namespace
}  // namespace talweg
