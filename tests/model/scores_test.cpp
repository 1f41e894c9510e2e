// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

struct Row {
  double y = 0;
  double f = 0;
  std::size_t weight = 1;
};

std::vector<Row> make_rows(test::Random& random, bool classes) {
  std::vector<Row> out(2 + random.below(40));
  for (Row& row : out) {
    row.y = classes ? (random.coin() ? 1 : -1) : random.normal();
    // Ties among the scores, and some that are zero.
    row.f = static_cast<double>(random.below(7)) / 2 - 1.5;
    row.weight = 1 + random.below(4);
  }
  return out;
}

// The definitions, row by row and pair by pair.
HeldOutScore plainly(const std::vector<Row>& rows, CostKind loss, bool intercept) {
  using Real = long double;
  const bool classes = is_classification(loss);
  Real weight = 0, sum = 0, squares = 0, magnitudes = 0, log_loss = 0, right = 0;
  const auto target = [&](const Row& row) { return static_cast<Real>(classes ? (row.y + 1) / 2 : row.y); };
  for (const Row& row : rows) {
    const Real w = row.weight;
    Real p = row.f;
    if (loss == CostKind::logistic) p = 1 / (1 + std::exp(-static_cast<Real>(row.f)));
    if (loss == CostKind::hinge) p = row.f > 0 ? 1 : 0;
    if (loss == CostKind::poisson) p = std::exp(static_cast<Real>(row.f));
    weight += w;
    sum += w * target(row);
    squares += w * (target(row) - p) * (target(row) - p);
    magnitudes += w * std::abs(target(row) - p);
    log_loss += w * std::log1p(std::exp(-static_cast<Real>(row.y * row.f)));
    right += (row.f > 0) == (row.y > 0) ? w : 0;
  }
  const Real mean = intercept ? sum / weight : 0;
  Real scatter = 0, pairs = 0, won = 0;
  for (const Row& a : rows) {
    scatter += static_cast<Real>(a.weight) * (target(a) - mean) * (target(a) - mean);
    for (const Row& b : rows) {
      if (!(a.y > 0) || !(b.y < 0)) continue;
      const Real w = static_cast<Real>(a.weight) * static_cast<Real>(b.weight);
      pairs += w;
      won += a.f > b.f ? w : a.f == b.f ? w / 2 : 0;
    }
  }
  HeldOutScore out;
  out.rows = rows.size();
  out.mse = static_cast<double>(squares / weight);
  out.mae = static_cast<double>(magnitudes / weight);
  if (!classes && scatter > 0) out.r2 = static_cast<double>(1 - squares / scatter);
  if (loss == CostKind::logistic) out.log_loss = static_cast<double>(log_loss / weight);
  if (classes) out.accuracy = static_cast<double>(right / weight);
  if (classes && pairs > 0) out.auc = static_cast<double>(won / pairs);
  return out;
}

void expect_near(const HeldOutScore& got, const HeldOutScore& wanted) {
  for (std::size_t metric = 0; metric < kMetrics; ++metric) {
    SCOPED_TRACE(metric_name(metric));
    const auto a = metric_of(got, metric);
    const auto b = metric_of(wanted, metric);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (a) {
      EXPECT_NEAR(*a, *b, 1e-12 * (1 + std::abs(*b)));
    }
  }
}

TEST(Scores, AreTheDefinitionsAndWeightsAreRepeatedRows) {
  test::Random random(11);
  for (int trial = 0; trial < 300; ++trial) {
    for (const CostKind loss : {CostKind::mse, CostKind::poisson, CostKind::logistic, CostKind::hinge}) {
      SCOPED_TRACE(cost_name(loss));
      const bool intercept = random.coin();
      const std::vector<Row> rows = make_rows(random, is_classification(loss));
      Scores weighted(loss, intercept);
      Scores repeated(loss, intercept);
      for (const Row& row : rows) {
        weighted.take(row.y, static_cast<double>(row.weight), row.f);
        for (std::size_t k = 0; k < row.weight; ++k) repeated.take(row.y, 1, row.f);
      }
      const HeldOutScore got = weighted.finish();
      EXPECT_EQ(got.rows, rows.size());
      expect_near(got, plainly(rows, loss, intercept));
      expect_near(got, repeated.finish());
    }
  }
}

TEST(Scores, MeanAndDeviation) {
  std::vector<HeldOutScore> scores(3);
  scores[0].r2 = 1;
  scores[1].r2 = 2;
  EXPECT_FALSE(mean_and_deviation(scores, 3));  // the third has none
  scores[2].r2 = 6;
  const auto both = mean_and_deviation(scores, 3);
  ASSERT_TRUE(both);
  EXPECT_DOUBLE_EQ(both->mean, 3);
  EXPECT_DOUBLE_EQ(*both->deviation, std::sqrt(7.0));
  EXPECT_FALSE(mean_and_deviation({}, 0));
  EXPECT_FALSE(mean_and_deviation({scores[0]}, 3)->deviation);
}

}  // namespace
}  // namespace talweg
