// SPDX-License-Identifier: Apache-2.0
// Small runs that can be followed by hand, or with exact fractions.
#include <gtest/gtest.h>

#include <vector>

#include "support/table.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/rates.h"
#include "talweg/objective/curvature.h"

namespace talweg {
namespace {

using test::Table;

struct Epoch {
  double cost = 0;
  std::vector<double> parameters;
};

std::vector<Epoch> run(const Table& table, const LeastSquaresSettings& settings,
                       const std::vector<double>& start, double rate, std::uint64_t epochs) {
  LeastSquares cost = test::least_squares(table, settings, start);
  DescentSettings descent;
  descent.method.learning_rate = rate;
  descent.epochs = epochs;
  std::vector<Epoch> out;
  descent.observer = [&](const EpochRecord& record) {
    EXPECT_EQ(record.epoch, out.size());
    EXPECT_EQ(record.learning_rate.has_value(), record.epoch > 0);
    out.push_back({record.cost, cost.to_user(*record.point)});
    return false;
  };
  const DescentResult result = minimise(cost, cost.start(), descent);
  EXPECT_EQ(result.termination.reason, Reason::epochs);
  EXPECT_EQ(result.epochs, epochs);
  EXPECT_EQ(out.size(), epochs + 1);
  return out;
}

// Slope 9, intercept 10 on (1,5), (2,7): every iterate is an exact decimal fraction.
TEST(HandExamples, TwoPoints) {
  const Table table{2, 1, {1, 5, 2, 7}, {}};
  const std::vector<Epoch> epochs = run(table, {}, {9, 10}, 0.15, 199);
  EXPECT_EQ(epochs[0].parameters, (std::vector<double>{9, 10}));
  EXPECT_NEAR(epochs[0].cost, (14.0 * 14 + 21.0 * 21) / 2, 1e-12);
  EXPECT_NEAR(epochs[1].parameters[0], 0.6, 1e-14);
  EXPECT_NEAR(epochs[1].parameters[1], 4.75, 1e-14);
  EXPECT_NEAR(epochs[1].cost, 0.6125, 1e-14);
  EXPECT_NEAR(epochs[2].cost, 0.345603125, 1e-15);
  EXPECT_NEAR(epochs[8].cost, 0.264855137696, 5e-13);
  EXPECT_NEAR(epochs[194].cost / 7.04866766458463e-05, 1, 1e-13);
  EXPECT_NEAR(epochs[199].cost / 5.64946777215e-05, 1, 1e-11);
}

TEST(HandExamples, ThreePoints) {
  const Table table{3, 1, {1, 1.2, 2, 1.8, 3, 3.4}, {}};
  const std::vector<Epoch> epochs = run(table, {}, {0.2, 0.5}, 0.06, 10);
  EXPECT_NEAR(epochs[10].parameters[0], 0.7931819874767454, 1e-14);
  EXPECT_NEAR(epochs[10].parameters[1], 0.6307769106015757, 1e-14);
  EXPECT_NEAR(epochs[10].cost, 0.1253374565707674, 1e-14);
  const LeastSquares cost = test::least_squares(table, {}, {0, 0});
  EXPECT_NEAR(cost.mean_squared_error(epochs[10].parameters), 0.1253374565707674, 1e-14);

  // Half the cost at twice the rate and the sum at a third of it take the same steps.
  const std::vector<Epoch> half =
      run(table, {true, CostKind::half_mse, Scale::none, 0, false}, {0.2, 0.5}, 0.12, 10);
  const std::vector<Epoch> sum =
      run(table, {true, CostKind::sse, Scale::none, 0, false}, {0.2, 0.5}, 0.02, 10);
  for (std::size_t k = 0; k <= 10; ++k) {
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_NEAR(half[k].parameters[j], epochs[k].parameters[j], 1e-13) << k;
      EXPECT_NEAR(sum[k].parameters[j], epochs[k].parameters[j], 1e-13) << k;
    }
    EXPECT_NEAR(2 * half[k].cost, epochs[k].cost, 1e-13 * epochs[0].cost) << k;
    EXPECT_NEAR(sum[k].cost, 3 * epochs[k].cost, 1e-13 * epochs[0].cost) << k;
  }
}

TEST(HandExamples, OneCoefficientArrivesInOneEpoch) {
  const Table table{3, 1, {1, 2, 2, 4.1, 3, 5.9}, {}};
  LeastSquaresSettings settings;
  settings.intercept = false;
  LeastSquares cost = test::least_squares(table, settings, {0});
  const Curvature found = curvature(cost.hessian(), cost.start_gradient());
  EXPECT_DOUBLE_EQ(largest_stable_rate(Optimizer::gd, found.largest(), 0), 3.0 / 14);
  const double best = best_rate(Optimizer::gd, found.largest(), found.smallest(), 0);
  EXPECT_DOUBLE_EQ(best, 3.0 / 28);
  const std::vector<Epoch> epochs = run(table, settings, {0}, best, 1);
  EXPECT_NEAR(epochs[1].parameters[0], 27.9 / 14, 1e-15);
  EXPECT_NEAR(epochs[1].cost, cost.lowest_cost(), 1e-15);
}

TEST(HandExamples, LargestStableRateOfAKnownColumn) {
  Table table = test::empty_table(8, 1);
  for (std::size_t r = 0; r < 8; ++r) {
    table.at(r, 0) = 5 * static_cast<double>(r + 1);
    table.at(r, 1) = static_cast<double>(r);
  }
  LeastSquares cost = test::least_squares(table, {}, {0, 0});
  const Curvature found = curvature(cost.hessian(), cost.start_gradient());
  EXPECT_NEAR(largest_stable_rate(Optimizer::gd, found.largest(), 0), 0.00156668, 5e-9);
}

}  // namespace
}  // namespace talweg
