// SPDX-License-Identifier: Apache-2.0
// What a page draws a cost from: at every recorded epoch it must give the cost that the run had there.
#include "talweg/model/landscape.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/fit.h"

namespace talweg {
namespace {

void write_table(const std::string& path, CostKind loss, std::uint64_t seed, int rows = 300) {
  test::Random random(seed);
  std::ofstream out(path);
  out << "a,b,far,group,w,y\n";
  for (int r = 0; r < rows; ++r) {
    const double a = random.normal();
    const double b = 100 * (a + random.normal());
    const double far = 1e6 + random.normal();
    const char* const group = std::array{"red", "green", "blue"}.at(random.below(3));
    const double f = 0.5 * a - 0.003 * b + 0.2 * (far - 1e6) + (group[0] == 'r' ? 0.4 : 0);
    double y = 3 + f + random.normal();
    if (is_classification(loss)) y = f + 1.5 * random.normal() > 0.2 ? 1 : 0;
    if (loss == CostKind::poisson) y = std::floor(std::exp(f) * (0.2 + 1.6 * random.uniform()));
    out << fmt::format("{},{},{},{},{},{}\n", a, b, far, group, 0.5 + random.uniform(), y);
  }
}

FitRequest request_for(const std::string& path, CostKind loss) {
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  request.columns.drop = {"w"};
  request.cost = loss;
  request.quantile = 0.3;
  request.huber_delta = 0.7;
  request.sample_rows = 2000;
  return request;
}

// The losses as docs/math.md states them; y = -1 or +1.
long double loss_of(const FitRequest& request, long double f, long double y) {
  const long double r = y - f;
  switch (request.cost) {
    case CostKind::mae:
      return std::fabs(r);
    case CostKind::huber:
      return std::fabs(r) <= request.huber_delta
                 ? r * r / 2
                 : request.huber_delta * (std::fabs(r) - request.huber_delta / 2.0L);
    case CostKind::quantile:
      return std::max(request.quantile * r, (request.quantile - 1) * r);
    case CostKind::logistic:
      return std::log1p(std::exp(-y * f));
    case CostKind::poisson:
      return std::exp(f) - y * f;
    case CostKind::hinge:
      return std::max(0.0L, 1 - y * f);
    case CostKind::squared_hinge:
      return std::pow(std::max(0.0L, 1 - y * f), 2.0L);
    default:
      return 0;
  }
}

// The cost at parameters, as a page computes it.
long double cost_of(const Fit& fit, const FitRequest& request, const std::vector<double>& parameters) {
  const Landscape& land = *fit.landscape;
  const std::size_t width = land.carried.size();
  std::vector<long double> t(width);
  long double constant = 0;
  long double cost = land.rest;
  std::optional<std::size_t> intercept;
  for (std::size_t c = 0; c < width; ++c) {
    const std::size_t j = land.carried[c];
    const long double by = static_cast<long double>(parameters[j]) - fit.parameters[j];
    t[c] = land.spread[c] * by;
    if (fit.plan.parameters[j].intercept) intercept = c;
    constant += fit.plan.parameters[j].intercept ? by : land.mean[c] * by;
    cost += land.l1[c] * std::fabs(parameters[j]) + land.l2[c] / 2 * parameters[j] * parameters[j];
  }
  if (intercept) t[*intercept] = constant;
  if (land.folded) {
    cost += land.cost;
    for (std::size_t a = 0; a < width; ++a) {
      cost += land.gradient[a] * t[a];
      for (std::size_t b = 0; b < width; ++b) cost += t[a] * land.hessian[a * width + b] * t[b] / 2;
    }
    return cost;
  }
  const RowView& rows = *fit.rows;
  long double sum = 0;
  long double total = 0;
  for (std::size_t r = 0; r < rows.target.size(); ++r) {
    long double f = rows.predictor[r];
    for (std::size_t c = 0; c < width; ++c) f += rows.cells[r * width + c] * t[c];
    const double y = request.cost == CostKind::logistic ? 2 * rows.target[r] - 1 : rows.target[r];
    const long double weight = rows.weight.empty() ? 1 : rows.weight[r];
    sum += weight * loss_of(request, f, y);
    total += weight;
  }
  return cost + sum / total;
}

void expect_recorded_costs(const FitRequest& request, const std::string& label) {
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted) << label << ": " << fitted.error().text();
  ASSERT_TRUE(fitted->landscape) << label;
  EXPECT_FALSE(fitted->replay) << label;
  ASSERT_TRUE(fitted->rows) << label;
  EXPECT_EQ(fitted->rows->target.size(), fitted->rows->of) << label;
  const std::vector<TraceRow> rows = fitted->trace.rows();
  ASSERT_GT(rows.size(), 2U) << label;
  for (const TraceRow& row : rows) {
    const auto cost = static_cast<double>(cost_of(*fitted, request, row.parameters));
    EXPECT_NEAR(cost, row.cost, 1e-9 * (1 + std::abs(row.cost))) << label << ", epoch " << row.epoch;
  }
}

constexpr std::array kOverRows = {CostKind::mae,          CostKind::huber,   CostKind::quantile,
                                  CostKind::logistic,     CostKind::poisson, CostKind::hinge,
                                  CostKind::squared_hinge};

TEST(Landscape, GivesTheRecordedCostsOfEveryLoss) {
  const Temporary directory;
  for (const CostKind loss : kOverRows) {
    const std::string path = directory.path("t.csv");
    write_table(path, loss, 3);
    for (const bool weighted : {false, true}) {
      for (const double l2 : {0.0, 0.3}) {
        FitRequest request = request_for(path, loss);
        request.l2 = l2;
        request.penalty_on_standard_scale = weighted;
        if (weighted) {
          request.columns.drop = {};
          request.columns.weights = "w";
        }
        expect_recorded_costs(request, fmt::format("{}, weighted {}, l2 {}", cost_name(loss), weighted, l2));
      }
    }
  }
}

TEST(Landscape, GivesTheRecordedCostsWithAnL1Penalty) {
  const Temporary directory;
  for (const CostKind loss : {CostKind::mse, CostKind::half_mse, CostKind::sse, CostKind::huber,
                              CostKind::logistic, CostKind::poisson, CostKind::squared_hinge}) {
    const std::string path = directory.path("t.csv");
    write_table(path, loss, 4);
    for (const double l2 : {0.0, 0.2}) {
      FitRequest request = request_for(path, loss);
      request.l1 = loss == CostKind::sse ? 20 : 0.08;
      request.l2 = l2;
      request.penalty_on_standard_scale = true;
      expect_recorded_costs(request, fmt::format("{}, l1, l2 {}", cost_name(loss), l2));
    }
  }
}

TEST(Landscape, CarriesTheMostImportantAndCountsThePenaltyOfTheRest) {
  const Temporary directory;
  const std::string path = directory.path("wide.csv");
  test::Random random(9);
  std::ofstream out(path);
  for (int j = 0; j < 60; ++j) out << "x" << j << ",";
  out << "y\n";
  for (int r = 0; r < 500; ++r) {
    double f = 0;
    for (int j = 0; j < 60; ++j) {
      const double x = random.normal();
      f += x * (j % 7) * 0.2;
      out << x << ",";
    }
    out << (f + random.normal() > 0 ? 1 : 0) << "\n";
  }
  out.close();
  FitRequest request = request_for(path, CostKind::logistic);
  request.columns.drop = {};
  request.l1 = 0.01;
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted) << fitted.error().text();
  ASSERT_EQ(fitted->landscape->carried.size(), Replay::kMostCarried);
  const std::set<std::size_t> carried(fitted->landscape->carried.begin(), fitted->landscape->carried.end());
  EXPECT_TRUE(carried.contains(60)) << "the intercept";
  double smallest = std::numeric_limits<double>::infinity();
  for (const std::size_t j : carried) {
    if (j < 60) smallest = std::min(smallest, std::abs(fitted->parameters[j]));
  }
  for (std::size_t j = 0; j < 60; ++j) {
    if (!carried.contains(j)) {
      EXPECT_LE(std::abs(fitted->parameters[j]), 1.2 * smallest);
    }
  }
  EXPECT_NEAR(static_cast<double>(cost_of(*fitted, request, fitted->parameters)), fitted->cost, 1e-9);
}

TEST(Landscape, IsAbsentUnlessAskedForAndChangesNothing) {
  const Temporary directory;
  const std::string path = directory.path("t.csv");
  write_table(path, CostKind::hinge, 6);
  FitRequest request = request_for(path, CostKind::hinge);
  const auto with = fit(request);
  request.sample_rows = 0;
  const auto without = fit(request);
  ASSERT_TRUE(with && without);
  EXPECT_FALSE(without->landscape);
  EXPECT_FALSE(without->rows);
  EXPECT_EQ(with->parameters, without->parameters);
}

TEST(FirstSteps, ByHandOnTwoPoints) {
  const Temporary directory;
  const std::string path = directory.path("two.csv");
  std::ofstream(path) << "x,y\n1,5\n2,7\n";
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  request.batch_size = 1;
  request.shuffle = false;
  request.learning_rate = 0.05;
  request.epochs = 3;
  request.sample_rows = 2000;
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted) << fitted.error().text();
  ASSERT_TRUE(fitted->steps);
  EXPECT_EQ(fitted->steps->end, (std::vector<std::uint64_t>{2, 4, 6}));
  // Error -5 at (1, 5): both move by 0.05 * 2 * 5; then error 0.5 * 2 + 0.5 - 7 = -5.5 at (2, 7).
  const auto& steps = fitted->steps->parameters;
  EXPECT_NEAR(steps[0][0], 0.5, 1e-14);
  EXPECT_NEAR(steps[0][1], 0.5, 1e-14);
  EXPECT_NEAR(steps[1][0], 0.5 + 0.1 * 5.5 * 2, 1e-14);
  EXPECT_NEAR(steps[1][1], 0.5 + 0.1 * 5.5, 1e-14);
  EXPECT_EQ(steps[5], fitted->parameters);
}

TEST(FirstSteps, EndEachEpochWhereTheTraceDoesAndChangeNoBit) {
  const Temporary directory;
  const std::string path = directory.path("t.csv");
  for (const CostKind loss : {CostKind::mse, CostKind::logistic, CostKind::hinge}) {
    write_table(path, loss, 8, 120);
    for (const std::uint64_t size : {1, 7}) {
      for (const bool given : {false, true}) {
        for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::adam}) {
          FitRequest request = request_for(path, loss);
          request.batch_size = size;
          request.optimizer = optimizer;
          request.epochs = 25;
          request.scale = ScaleChoice::standard;
          if (given) request.learning_rate = 0.01;
          const auto with = fit(request);
          request.sample_rows = 0;
          const auto without = fit(request);
          ASSERT_TRUE(with && without);
          EXPECT_EQ(with->parameters, without->parameters);
          EXPECT_FALSE(without->steps);
          ASSERT_TRUE(with->steps);
          const std::uint64_t per_epoch = (120 + size - 1) / size;
          EXPECT_EQ(with->steps->end.size(), std::min<std::uint64_t>(25, 2000 / per_epoch));
          const std::vector<TraceRow> rows = with->trace.rows();
          for (std::size_t k = 0; k < with->steps->end.size() && k + 1 < rows.size(); ++k) {
            EXPECT_EQ(with->steps->end[k], (k + 1) * per_epoch);
            EXPECT_EQ(with->steps->parameters[with->steps->end[k] - 1], rows[k + 1].parameters)
                << cost_name(loss) << ", batches of " << size << ", epoch " << k + 1;
          }
        }
      }
    }
  }
}

TEST(Validation, KeepsItsCostsInTheTraceAndItsRowsOutOfThePictures) {
  const Temporary directory;
  const std::string path = directory.path("t.csv");
  for (const CostKind loss : {CostKind::mse, CostKind::logistic}) {
    write_table(path, loss, 8);
    FitRequest request = request_for(path, loss);
    request.validation = 0.3;
    request.patience = 5;
    request.optimizer = Optimizer::gd;
    const auto fitted = fit(request);
    ASSERT_TRUE(fitted) << fitted.error().text();
    EXPECT_EQ(fitted->rows->of, fitted->validation->rows_training);
    EXPECT_EQ(fitted->rows->target.size(), fitted->validation->rows_training);
    double lowest = std::numeric_limits<double>::infinity();
    std::uint64_t best = 0;
    for (const TraceRow& row : fitted->trace.rows()) {
      ASSERT_TRUE(row.validation_cost);
      if (*row.validation_cost < lowest) {
        lowest = *row.validation_cost;
        best = row.epoch;
      }
    }
    EXPECT_EQ(best, fitted->validation->best_epoch);
    EXPECT_EQ(lowest, fitted->validation->best_cost);
  }
}

}  // namespace
}  // namespace talweg
