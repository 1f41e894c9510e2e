// SPDX-License-Identifier: Apache-2.0
// The bound of a smooth loss with an l1 penalty: no point is below it, and it meets the lowest cost.
#include "talweg/model/row_certificate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <utility>

#include "support/linear_rows.h"
#include "support/temporary.h"
#include "talweg/descent/minimiser.h"
#include "talweg/model/fit.h"

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

// Two numbers, two texts, weights; targets for every loss.
std::string write_table(const Temporary& directory) {
  test::Random random(8);
  const std::string path = directory.path("levels.csv");
  std::ofstream out(path);
  out << "a,b,g,h,w,label,count,number\n";
  for (std::size_t r = 0; r < 200; ++r) {
    const double a = 5 + 2 * random.normal();
    const double b = 0.3 * random.normal() - 1;
    const std::uint64_t g = random.below(4);
    const std::uint64_t h = random.below(2);
    const double z = 0.5 * (a - 5) + 2 * (b + 1) + 0.4 * static_cast<double>(g) -
                     0.3 * static_cast<double>(h) + 0.7 * random.normal();
    out << fmt::format("{},{},{},{},{},{},{},{}\n", a, b, "pqrs"[g], "uv"[h], random.uniform(0.2, 3),
                       z > 0.2 ? 1 : 0, std::max(0.0, std::floor(2 + z)), z);
  }
  return path;
}

TEST(RowCertificate, BoundsEverySmoothLossWithAPenaltyWhereverItsDescentEnds) {
  const Temporary directory;
  const std::string path = write_table(directory);
  for (const CostKind kind :
       {CostKind::huber, CostKind::logistic, CostKind::poisson, CostKind::squared_hinge}) {
    for (const auto& [l1, l2] : {std::pair(0.03, 0.0), std::pair(0.0, 0.05), std::pair(0.02, 0.05)}) {
      for (const bool weighted : {false, true}) {
        for (const ScaleChoice scale : {ScaleChoice::standard, ScaleChoice::none}) {
          SCOPED_TRACE(fmt::format("{} l1 {} l2 {} weighted {}", cost_name(kind), l1, l2, weighted));
          FitRequest request;
          request.paths = {path};
          request.cost = kind;
          request.columns.classes = is_classification(kind);
          request.columns.target = is_classification(kind)     ? "label"
                                   : kind == CostKind::poisson ? "count"
                                                               : "number";
          request.columns.features = {"a", "b", "g", "h"};
          if (weighted) request.columns.weights = "w";
          request.l1 = l1;
          request.l2 = l2;
          request.scale = scale;
          const auto best = fit(request);
          ASSERT_TRUE(best) << best.error().text();
          ASSERT_TRUE(best->certificate.cost_gap_bound);
          EXPECT_LE(*best->certificate.cost_gap_bound, 1e-7 * best->cost);
          for (const std::uint64_t epochs : {1, 2, 4}) {
            request.epochs = epochs;
            const auto early = fit(request);
            ASSERT_TRUE(early && early->certificate.cost_gap_bound);
            EXPECT_GE(*early->certificate.cost_gap_bound, early->cost - best->cost);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace talweg
