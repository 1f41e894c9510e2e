// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/replay.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/random.h"
#include "talweg/model/fit.h"

namespace talweg {
namespace {

struct Data {
  std::vector<double> features;
  std::vector<double> target;
  std::size_t columns;
};

// Correlated columns of unlike means and spreads.
Data random_data(std::uint64_t seed, std::size_t rows, std::size_t columns) {
  test::Random random(seed);
  Data out;
  out.columns = columns;
  std::vector<double> mean(columns), spread(columns), weight(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    mean[j] = random.normal() * 20;
    spread[j] = random.decade(-1, 1);
    weight[j] = random.normal();
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const double common = random.normal();
    double y = 3 + random.normal();
    for (std::size_t j = 0; j < columns; ++j) {
      const double x = mean[j] + spread[j] * (0.7 * common + random.normal());
      out.features.push_back(x);
      y += weight[j] * x / spread[j];
    }
    out.target.push_back(y);
  }
  return out;
}

Result<Fit> fit_of(const Data& data, FitRequest request) {
  FoldOptions options;
  options.sample_rows = request.sample_rows;
  const std::size_t rows = data.target.size();
  auto folded = fold_arrays(
      {data.features.data(), nullptr, rows, data.columns, static_cast<std::ptrdiff_t>(data.columns), 1},
      {data.target.data(), nullptr, rows, 1, 1, 1}, {}, {}, "y", options);
  if (!folded) return fail(folded.error());
  return fit_folded(std::move(*folded), request);
}

// z(k) of every mode by its recurrence (descent/forecast.h).
std::vector<double> mode_factors(const FitRequest& request, double rate, double lambda, std::size_t epochs) {
  const long double r = static_cast<long double>(rate) * lambda;
  const long double b = request.momentum;
  long double before = 1;
  long double z = 1;
  std::vector<double> out = {1};
  for (std::size_t k = 0; k < epochs; ++k) {
    long double next = (1 - r) * z;
    if (request.optimizer == Optimizer::momentum) next = (1 + b - r) * z - b * before;
    if (request.optimizer == Optimizer::nesterov) next = (1 - r) * ((1 + b) * z - b * before);
    before = z;
    z = next;
    out.push_back(static_cast<double>(z));
  }
  return out;
}

TEST(Replay, ReproducesTheTraceOfEveryMethodAndScale) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const std::size_t columns = 1 + seed % 6;
    const Data data = random_data(seed, 200, columns);
    for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov}) {
      FitRequest request;
      request.sample_rows = 50;
      request.optimizer = optimizer;
      request.scale = seed % 2 == 0 ? ScaleChoice::none : ScaleChoice::standard;
      request.start = seed % 3 == 0 ? StartKind::random : StartKind::zeros;
      request.intercept = seed % 5 != 0;
      request.epochs = 150;
      const auto fit = fit_of(data, request);
      ASSERT_TRUE(fit) << fit.error().text();
      ASSERT_TRUE(fit->replay);
      const Replay& replay = *fit->replay;
      const std::size_t modes = replay.eigenvalues.size();
      ASSERT_EQ(replay.carried.size(), fit->parameters.size());
      std::vector<std::vector<double>> z;
      for (const double lambda : replay.eigenvalues)
        z.push_back(mode_factors(request, *fit->plan.learning_rate, lambda, 150));
      for (const TraceRow& row : fit->trace.rows()) {
        double largest = 0;
        for (std::size_t c = 0; c < replay.carried.size(); ++c)
          largest = std::max(largest, std::abs(row.parameters[replay.carried[c]]) *
                                          (request.scale == ScaleChoice::none ? 1 : replay.unit[c]));
        double gap = 0;
        for (std::size_t i = 0; i < modes; ++i)
          gap += replay.eigenvalues[i] / 2 * std::pow(replay.start[i] * z[i][row.epoch], 2);
        EXPECT_NEAR(fit->exact_cost + gap, row.cost, 1e-9 * row.cost);
        for (std::size_t c = 0; c < replay.carried.size(); ++c) {
          const std::size_t j = replay.carried[c];
          const bool intercept = fit->plan.parameters[j].intercept;
          double value = fit->exact_parameters[j];
          for (std::size_t i = 0; i < modes; ++i) {
            const double entry =
                intercept ? replay.intercept_row[i] : replay.rows[c * modes + i] / replay.unit[c];
            value += entry * replay.start[i] * z[i][row.epoch];
          }
          EXPECT_NEAR(value * replay.unit[c], row.parameters[j] * replay.unit[c],
                      1e-9 * std::max(1.0, largest * 20))
              << "seed " << seed << " epoch " << row.epoch << " parameter " << j;
        }
      }
    }
  }
}

TEST(Replay, CarriesTheMostImportantAndTheIntercept) {
  const Data data = random_data(7, 400, 60);
  FitRequest request;
  request.sample_rows = 100;
  const auto fit = fit_of(data, request);
  ASSERT_TRUE(fit) << fit.error().text();
  const Replay& replay = *fit->replay;
  ASSERT_EQ(replay.carried.size(), Replay::kMostCarried);
  EXPECT_EQ(replay.rows.size(), Replay::kMostCarried * 61);
  const auto t = [&](std::size_t j) { return std::abs(fit->parameters[j] / *fit->standard_errors[j]); };
  std::size_t intercepts = 0;
  double before = std::numeric_limits<double>::infinity();
  for (const std::size_t j : replay.carried) {
    if (fit->plan.parameters[j].intercept) {
      ++intercepts;
      continue;
    }
    EXPECT_LE(t(j), before);
    before = t(j);
  }
  EXPECT_EQ(intercepts, 1U);
  for (std::size_t j = 0; j < 60; ++j) {
    const bool in = std::find(replay.carried.begin(), replay.carried.end(), j) != replay.carried.end();
    if (!in) {
      EXPECT_LE(t(j), before);
    }
  }
}

TEST(RowView, PredictsFromTheModes) {
  const Data data = random_data(3, 300, 4);
  FitRequest request;
  request.sample_rows = 1000;
  const auto fit = fit_of(data, request);
  ASSERT_TRUE(fit) << fit.error().text();
  const RowView& rows = *fit->rows;
  ASSERT_EQ(rows.target.size(), 300U);
  EXPECT_EQ(rows.of, 300U);
  EXPECT_TRUE(rows.x.empty());
  const std::size_t modes = fit->replay->eigenvalues.size();
  for (std::size_t r = 0; r < 300; ++r) {
    double expected = fit->parameters.back();
    for (std::size_t j = 0; j < 4; ++j) expected += fit->parameters[j] * data.features[r * 4 + j];
    EXPECT_NEAR(rows.prediction[r], expected, 1e-9);
    EXPECT_EQ(rows.target[r], data.target[r]);
    // At the start every parameter is zero, so is the prediction.
    double start = rows.optimal[r];
    for (std::size_t i = 0; i < modes; ++i) start += rows.parts[r * modes + i] * fit->replay->start[i];
    EXPECT_NEAR(start, 0, 1e-9 * std::abs(rows.optimal[r]) + 1e-9);
  }
}

TEST(RowView, LeavesRowsOutWhereTheirPartsWouldFillThePage) {
  const Data data = random_data(5, 3000, 120);
  FitRequest request;
  request.sample_rows = 2000;
  const auto fit = fit_of(data, request);
  ASSERT_TRUE(fit) << fit.error().text();
  EXPECT_LE(fit->rows->parts.size(), kMostParts);
  EXPECT_GE(fit->rows->target.size(), 500U);
  EXPECT_EQ(fit->rows->of, 3000U);
}

TEST(RowView, IsAbsentUnlessAskedFor) {
  const auto fit = fit_of(random_data(5, 50, 2), {});
  ASSERT_TRUE(fit);
  EXPECT_FALSE(fit->rows);
  EXPECT_FALSE(fit->replay);
}

}  // namespace
}  // namespace talweg
