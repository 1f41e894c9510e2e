// SPDX-License-Identifier: Apache-2.0
// Gradients of batches of a curved model's rows against the cost over all rows: the batch of all rows has its
// gradient, the mean over the batches of an epoch is its gradient, reduced ones differ from plain ones by
// what the anchor says; for every loss, with weights, gaps in the row numbers and a penalty.
#include "talweg/objective/row_batches.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support/row_models.h"
#include "talweg/objective/row_cost.h"
#include "talweg/objective/row_squares.h"

namespace talweg {
namespace {

std::vector<test::MadeRow> rows_for(CostKind loss, std::size_t count, std::uint64_t seed) {
  std::vector<test::MadeRow> rows = test::decaying_rows(count, seed, 0.3);
  test::Random random(seed + 1);
  for (test::MadeRow& row : rows) {
    if (is_classification(loss)) row.cells.back() = random.coin() ? 1 : -1;
    if (loss == CostKind::poisson) row.cells.back() = static_cast<double>(random.below(5));
  }
  return rows;
}

double largest(const std::vector<double>& values) {
  double out = 0;
  for (const double v : values) out = std::max(out, std::abs(v));
  return out;
}

TEST(RowBatches, GradientsAreThoseOfTheRows) {
  test::Random random(31);
  std::uint64_t seed = 100;
  for (const std::string_view name : cost_names()) {
    for (const std::size_t count : {700U, 2'100U}) {  // below and above the rows of a block
      for (const bool weighted : {false, true}) {
        SCOPED_TRACE(name);
        const CostKind kind = *cost_from_name(name);
        const LossSettings loss{kind, 0.7, 0.3, has_kink(kind) ? 0.5 : 0};
        const double l2 = random.coin() ? 0.05 : 0;
        const std::vector<bool> penalised{true, true, false};
        const RowStore store = test::store_of(rows_for(kind, count, seed++), weighted);
        const test::RowFunction model = test::decay();
        std::unique_ptr<Objective> cost;
        if (is_squared(kind)) {
          cost = std::make_unique<RowSquares>(store, model, RowSquaresSettings{kind, l2, penalised, 2});
        } else {
          cost = std::make_unique<RowCost>(store, model, RowCostSettings{loss, l2, penalised, false, 2});
        }
        const std::span<const double> weights = cost->l2_weights();
        auto made = RowBatches::make(store, model, loss, {weights.begin(), weights.end()});
        ASSERT_TRUE(made.has_value());
        RowBatches& batches = **made;
        ASSERT_EQ(batches.rows(), count);
        ASSERT_EQ(batches.size(), 3U);
        EXPECT_EQ(batches.l2_weights().size(), l2 > 0 ? 3U : 0U);

        const Point point({1.2 + 0.1 * random.normal(), 0.4, 0.3});
        std::vector<double> expected(3), gradient(3), mean(3, 0.0);
        const double value = cost->evaluate(point, expected);
        const double size = 1 + largest(expected);
        std::vector<std::uint32_t> all(batches.rows());
        std::iota(all.begin(), all.end(), 0U);
        batches.gradient(point, all, gradient);
        for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(gradient[j], expected[j], 1e-12 * size) << j;

        const std::uint32_t length = 70;
        ASSERT_EQ(batches.rows() % length, 0U);
        for (std::uint32_t first = 0; first < batches.rows(); first += length) {
          batches.gradient(point, std::span(all).subspan(first, length), gradient);
          for (std::size_t j = 0; j < 3; ++j) mean[j] += gradient[j] * length / batches.rows();
        }
        for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(mean[j], expected[j], 1e-12 * size) << j;

        const BatchCost::Anchor anchor = batches.set_anchor(point);
        EXPECT_NEAR(anchor.cost, value, 1e-12 * (1 + std::abs(value)));
        double square = 0;
        for (const double g : expected) square += g * g;
        EXPECT_NEAR(anchor.slope, std::sqrt(square), 1e-12 * size);
        batches.reduced_gradient(point, std::span(all).first(3), gradient);
        for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(gradient[j], expected[j], 1e-12 * size) << j;

        // Elsewhere: plain there - plain here + the gradient here (the penalty's part is that of there).
        const Point there({1.5, 0.6, -0.1});
        std::vector<double> plain_there(3), plain_here(3);
        const std::vector<std::uint32_t> some{9, 0, 611, 4, 17};
        batches.reduced_gradient(there, some, gradient);
        batches.gradient(there, some, plain_there);
        batches.gradient(point, some, plain_here);
        for (std::size_t j = 0; j < 3; ++j) {
          const double wanted = plain_there[j] - plain_here[j] + expected[j];
          EXPECT_NEAR(gradient[j], wanted, 1e-11 * (size + largest(plain_there))) << j;
        }

        Point moved = point;
        batches.descend(moved, some, 1e-3);
        for (std::size_t j = 0; j < 3; ++j)
          EXPECT_NEAR(moved.high[j], point.high[j] - 1e-3 * plain_here[j],
                      1e-14 * (size + largest(plain_here)));
      }
    }
  }
}

// The rows of a batch in their own order, one by one and together.
TEST(RowBatches, ABatchIsTheMeanOfItsRows) {
  const RowStore store = test::store_of(rows_for(CostKind::mse, 300, 8));
  const test::RowFunction model = test::decay();
  auto made = RowBatches::make(store, model, LossSettings{CostKind::mse}, {});
  ASSERT_TRUE(made.has_value());
  const Point point({1, 0.5, 0});
  const std::vector<std::uint32_t> batch{299, 3, 150, 3};
  std::vector<double> together(3), alone(3), mean(3, 0.0);
  (*made)->gradient(point, batch, together);
  for (const std::uint32_t row : batch) {
    (*made)->gradient(point, {&row, 1}, alone);
    for (std::size_t j = 0; j < 3; ++j) mean[j] += alone[j] / 4;
  }
  for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(together[j], mean[j], 1e-14);
}

}  // namespace
}  // namespace talweg
