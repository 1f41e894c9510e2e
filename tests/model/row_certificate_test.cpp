// SPDX-License-Identifier: Apache-2.0
// The bound of a smooth loss with an l1 penalty: no point is below it, and it meets the lowest cost.
#include "talweg/model/row_certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/linear_rows.h"
#include "talweg/descent/minimiser.h"

namespace talweg {
namespace {

TEST(L1LowerBound, MeetsTheLowestCostOfEveryLoss) {
  for (const CostKind kind :
       {CostKind::huber, CostKind::logistic, CostKind::poisson, CostKind::squared_hinge}) {
    for (const bool intercept : {true, false}) {
      for (const double l2 : {0.0, 0.05}) {
        for (const Scale scale : {Scale::standard, Scale::none}) {
          SCOPED_TRACE(std::string(cost_name(kind)) + (intercept ? " intercept " : " ") + std::to_string(l2));
          test::Random random(31);
          const LossSettings loss{kind, 1, 0.5, 0};
          const test::LinearSample sample = test::make_sample(random, 150, 2, loss, true);
          const test::LinearRows rows = test::make_rows(sample, intercept);
          const std::size_t p = rows.terms.size();
          LinearCost cost(rows.rows, rows.terms, {loss, l2, scale, 2}, std::vector<double>(p));
          std::vector<double> weights = cost.penalty_units();
          for (double& weight : weights) weight *= 0.02;
          L1Cost whole(cost, weights, std::vector<double>());
          std::vector<double> gradient(p);
          for (int trial = 0; trial < 20; ++trial) {
            Point at{std::vector<double>(p)};
            for (double& t : at.high) t = 0.3 * random.normal();
            const LowerBound bound = l1_lower_bound(cost, weights, at);
            Point other = at;
            for (int k = 0; k < 30; ++k) {
              Point next = other;
              const double size = random.decade(-4, 0);
              for (double& t : next.high) t += size * random.normal();
              const double there = whole.evaluate(next, gradient);
              EXPECT_GE(there + bound.rounding, bound.value);
              if (there < whole.evaluate(other, gradient)) other = next;
            }
          }
          DescentSettings settings;
          settings.method.optimizer = Optimizer::newton;
          settings.method.proximal = true;
          settings.method.first_rate = 1e-3;
          settings.epochs = 2'000;
          settings.tolerance = 1e-12;
          const DescentResult end = minimise(whole, Point(std::vector<double>(p)), settings);
          const LowerBound bound = l1_lower_bound(cost, weights, end.point);
          EXPECT_LE(bound.value, end.cost + bound.rounding);
          // Without l2 the bound is off by as much of the cost as the slopes are of the penalty's.
          double least = 1;
          for (const double weight : weights) least = weight > 0 ? std::min(least, weight) : least;
          const double off = l2 > 0 ? 0 : 10 * end.gradient_norm / least;
          EXPECT_NEAR(bound.value, end.cost, (1e-8 + off) * std::abs(end.cost));
          EXPECT_LE(bound.rounding, 1e-9 * std::abs(end.cost));
        }
      }
    }
  }
}

}  // namespace
}  // namespace talweg
