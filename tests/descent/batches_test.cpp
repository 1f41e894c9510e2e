// SPDX-License-Identifier: Apache-2.0
// Schedules, orders and batches: by hand, and as properties.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>
#include <thread>

#include "support/random.h"
#include "talweg/descent/batch_walk.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/schedule.h"
#include "talweg/descent/shuffle.h"

namespace talweg {
namespace {

TEST(Schedule, FactorsByHand) {
  EXPECT_EQ((Schedule{ScheduleKind::constant, 0, 1, 0}.factor(7)), 1);
  EXPECT_EQ((Schedule{ScheduleKind::inverse, 1, 1, 0}.factor(3)), 0.25);
  EXPECT_NEAR((Schedule{ScheduleKind::inverse, 2, 0.5, 0}.factor(4)), 1.0 / 3, 1e-15);
  EXPECT_EQ((Schedule{ScheduleKind::step, 0.5, 1, 0}.factor(9)), 1);
  EXPECT_EQ((Schedule{ScheduleKind::step, 0.5, 1, 0}.factor(20)), 0.25);
  EXPECT_NEAR((Schedule{ScheduleKind::exponential, 0.1, 1, 0}.factor(10)), std::exp(-1.0), 1e-15);
  EXPECT_EQ((Schedule{ScheduleKind::cosine, 0, 1, 100}.factor(0)), 1);
  EXPECT_NEAR((Schedule{ScheduleKind::cosine, 0, 1, 100}.factor(50)), 0.5, 1e-15);
  EXPECT_NEAR((Schedule{ScheduleKind::cosine, 0, 1, 100}.factor(100)), 0, 1e-15);
}

TEST(Shuffle, IsAPermutationOfSeedAndEpochAlone) {
  std::vector<std::uint32_t> order, again, other;
  for (const std::uint32_t rows : {1U, 2U, 3U, 257U, 10'000U}) {
    shuffle_rows(5, 9, rows, order);
    std::vector<std::uint32_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (std::uint32_t k = 0; k < rows; ++k) ASSERT_EQ(sorted[k], k);
    shuffle_rows(5, 9, rows, again);
    EXPECT_EQ(order, again);
  }
  shuffle_rows(5, 10, 10'000, other);
  EXPECT_NE(order, other);
  shuffle_rows(6, 9, 10'000, other);
  EXPECT_NE(order, other);
}

TEST(Shuffle, EveryOrderIsAsLikelyAsEveryOther) {
  std::vector<int> seen(6, 0);
  std::vector<std::uint32_t> order;
  constexpr int kTrials = 60'000;
  for (int epoch = 0; epoch < kTrials; ++epoch) {
    shuffle_rows(1, static_cast<std::uint64_t>(epoch), 3, order);
    ++seen[order[0] * 2 + (order[1] > order[2] ? 1 : 0)];
  }
  // Five degrees of freedom: a chi-square above 25 has a chance of 1e-4, and the seed is fixed.
  double chi = 0;
  for (const int count : seen) chi += (count - kTrials / 6.0) * (count - kTrials / 6.0) / (kTrials / 6.0);
  EXPECT_LT(chi, 25);
}

// Half the mean of (t_j - c_rj)^2 over rows r, summed over j: lowest at the mean of the c_r.
class Points final : public BatchCost, public Objective {
 public:
  explicit Points(std::vector<std::vector<double>> centres, std::vector<double> l1 = {})
      : centres_(std::move(centres)), l1_(std::move(l1)) {}
  [[nodiscard]] std::size_t size() const override { return centres_.front().size(); }
  [[nodiscard]] std::uint32_t rows() const override { return static_cast<std::uint32_t>(centres_.size()); }
  void gradient(const Point& point, std::span<const std::uint32_t> batch, std::span<double> out) override {
    std::this_thread::sleep_for(nap);
    lengths.push_back(batch.size());
    seen.insert(seen.end(), batch.begin(), batch.end());
    mean_gradient(point, batch, out);
  }
  Anchor set_anchor(const Point& point) override {
    anchor_ = point;
    std::vector<double> g(size());
    Anchor out;
    out.cost = cost(point, g);
    for (const double v : g) out.slope += v * v;
    out.slope = std::sqrt(out.slope);
    return out;
  }
  void reduced_gradient(const Point& point, std::span<const std::uint32_t> batch,
                        std::span<double> out) override {
    std::this_thread::sleep_for(nap);
    std::vector<double> here(size()), all(size());
    mean_gradient(point, batch, out);
    mean_gradient(anchor_, batch, here);
    cost(anchor_, all);
    for (std::size_t j = 0; j < size(); ++j) out[j] += all[j] - here[j];
  }
  double evaluate(const Point& point, std::span<double> out) override {
    double value = cost(point, out);
    for (std::size_t j = 0; j < l1_.size(); ++j) value += l1_[j] * std::abs(point.high[j]);
    return value;
  }
  [[nodiscard]] std::span<const double> l1_weights() const override { return l1_; }
  [[nodiscard]] std::span<const double> l2_weights() const override { return {}; }

  std::vector<std::size_t> lengths;
  std::vector<std::uint32_t> seen;
  std::chrono::milliseconds nap{0};  // of a batch

 private:
  void mean_gradient(const Point& point, std::span<const std::uint32_t> batch, std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0.0);
    for (const std::uint32_t r : batch) {
      for (std::size_t j = 0; j < out.size(); ++j)
        out[j] += (point.high[j] - centres_[r][j]) / static_cast<double>(batch.size());
    }
  }
  double cost(const Point& point, std::span<double> out) const {
    double value = 0;
    std::vector<std::uint32_t> all(rows());
    std::iota(all.begin(), all.end(), 0U);
    mean_gradient(point, all, out);
    for (const std::vector<double>& c : centres_) {
      for (std::size_t j = 0; j < c.size(); ++j)
        value += (point.high[j] - c[j]) * (point.high[j] - c[j]) / (2 * static_cast<double>(rows()));
    }
    return value;
  }
  std::vector<std::vector<double>> centres_;
  std::vector<double> l1_;
  Point anchor_;
};

DescentResult run(Points& points, MethodSettings method, BatchSettings batches, std::uint64_t epochs) {
  batches.cost = &points;
  DescentSettings settings;
  settings.method = method;
  settings.method.batches = &batches;
  settings.epochs = epochs;
  return minimise(points, Point(std::vector<double>(static_cast<const BatchCost&>(points).size(), 0.0)),
                  settings);
}

TEST(Batches, StepsByHand) {
  Points points({{4}, {8}, {2}});
  MethodSettings method;
  method.learning_rate = 0.5;
  BatchSettings batches;
  batches.shuffle = false;
  // 0 -> 2 -> 5 -> 3.5
  EXPECT_EQ(run(points, method, batches, 1).point.high[0], 3.5);
  EXPECT_EQ(points.seen, (std::vector<std::uint32_t>{0, 1, 2}));
  // Batches of two: 0 -> 3 -> 2.5; the last one is shorter and divides by its own size.
  batches.batch_size = 2;
  points.lengths.clear();
  EXPECT_EQ(run(points, method, batches, 1).point.high[0], 2.5);
  EXPECT_EQ(points.lengths, (std::vector<std::size_t>{2, 1}));
  // The heavy ball: v = -0.5 (0 - 4) = 2; x = 2; v = 0.5*2 + 3 = 4; x = 6; v = 2 - 2 = 0; x = 6.
  batches.batch_size = 1;
  method.optimizer = Optimizer::momentum;
  method.momentum = 0.5;
  EXPECT_EQ(run(points, method, batches, 1).point.high[0], 6);
  // The second epoch at half the rate: from 3.5: +0.125 -> 3.625, +1.09375 -> 4.71875, -0.6796875.
  method.optimizer = Optimizer::gd;
  method.schedule = {ScheduleKind::inverse, 1, 1, 0};
  EXPECT_EQ(run(points, method, batches, 2).point.high[0], 4.0390625);
}

TEST(Batches, EveryRowIsSeenOnceInAnEpochInAnOrderOfItsOwn) {
  std::vector<std::vector<double>> centres(50, std::vector<double>{1});
  Points points(centres);
  MethodSettings method;
  method.learning_rate = 0.1;
  BatchSettings batches;
  batches.batch_size = 8;
  run(points, method, batches, 2);
  ASSERT_EQ(points.seen.size(), 100U);
  const std::set<std::uint32_t> first(points.seen.begin(), points.seen.begin() + 50);
  EXPECT_EQ(first.size(), 50U);
  EXPECT_FALSE(std::equal(points.seen.begin(), points.seen.begin() + 50, points.seen.begin() + 50));
}

TEST(Batches, ProximalStepsMakeExactZeros) {
  // With l1 = 0.5 the lowest point is (mean - 0.5, 0).
  Points points({{2, 0.1}, {4, -0.2}}, {0.5, 0.5});
  MethodSettings method;
  method.learning_rate = 0.1;
  method.schedule = {ScheduleKind::inverse, 0.05, 1, 0};
  const DescentResult result = run(points, method, {}, 4'000);
  EXPECT_NEAR(result.point.high[0], 2.5, 1e-3);
  EXPECT_EQ(result.point.high[1], 0);
  method.learning_rate.reset();
  method.schedule = {};
  const DescentResult found = run(points, method, {}, 200);
  EXPECT_NEAR(found.point.high[0], 2.5, 1e-9);
  EXPECT_EQ(found.point.high[1], 0);
}

TEST(Batches, AStopWithinAnEpochGivesTheEpochUp) {
  std::vector<std::vector<double>> centres;
  for (int r = 0; r < 9; ++r) centres.push_back({1.0 + r, 2.0 - r});
  for (const bool rate : {true, false}) {
    for (const Optimizer optimizer : {Optimizer::gd, Optimizer::momentum}) {
      for (const std::uint32_t size : {1U, 2U}) {
        SCOPED_TRACE(std::string(optimizer_name(optimizer)) + std::to_string(size) + (rate ? " rate" : ""));
        Points points(centres);
        MethodSettings method;
        method.optimizer = optimizer;
        method.momentum = 0.5;
        if (rate) method.learning_rate = 0.125;
        BatchSettings batches;
        batches.batch_size = size;
        batches.shuffle = false;
        batches.look_every = 4;  // two rows
        const DescentResult first = run(points, method, batches, 1);
        std::size_t epoch_looks = 0;
        batches.stop = [&] {
          ++epoch_looks;
          return false;
        };
        EXPECT_EQ(run(points, method, batches, 1).point.high, first.point.high);
        ASSERT_GE(epoch_looks, 3U);
        for (const std::size_t after : {std::size_t{1}, epoch_looks, epoch_looks + 2}) {
          std::size_t looks = 0;
          batches.stop = [&] { return ++looks >= after; };
          const DescentResult result = run(points, method, batches, 3);
          EXPECT_EQ(result.termination.reason, Reason::interrupted);
          const std::uint64_t whole = after > epoch_looks ? 1 : 0;
          EXPECT_EQ(result.epochs, whole);
          EXPECT_EQ(result.termination.measured, static_cast<double>(whole + 1));
          if (whole == 1) {
            EXPECT_EQ(result.point.high, first.point.high);
            EXPECT_EQ(result.cost, first.cost);
          } else {
            EXPECT_EQ(result.point.high, (std::vector<double>{0, 0}));
          }
        }
      }
    }
  }
}

// Epochs of 500 batches, each of which takes two milliseconds.
TEST(Batches, SecondsEndWithinAnEpoch) {
  for (const bool rate : {true, false}) {
    SCOPED_TRACE(rate);
    Points points(std::vector<std::vector<double>>(500, std::vector<double>{1.0, 2.0}));
    points.nap = std::chrono::milliseconds(2);
    DescentSettings settings;
    settings.epochs = 100;
    settings.max_seconds = 0.02;
    BatchSettings batches;
    batches.cost = &points;
    batches.look_every = 4;  // two rows
    settings.method.batches = &batches;
    if (rate) settings.method.learning_rate = 0.125;
    const auto began = std::chrono::steady_clock::now();
    const DescentResult result = minimise(points, Point(std::vector<double>(2, 0.0)), settings);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    EXPECT_EQ(result.termination.reason, Reason::seconds);
    EXPECT_EQ(result.termination.limit, 0.02);
    EXPECT_GE(result.termination.measured, 0.02);
    EXPECT_EQ(result.epochs, 0U);
    EXPECT_EQ(result.point.high, (std::vector<double>{0, 0}));
    EXPECT_LT(spent.count(), 0.8);  // a whole epoch takes a second
  }
}

TEST(Batches, WithoutARateEveryMethodArrives) {
  test::Random random(12);
  for (const Optimizer optimizer :
       {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adagrad, Optimizer::rmsprop,
        Optimizer::adam, Optimizer::adamw}) {
    for (const std::uint32_t size : {1U, 7U, 40U}) {
      SCOPED_TRACE(optimizer_name(optimizer));
      SCOPED_TRACE(size);
      std::vector<std::vector<double>> centres(40, std::vector<double>(3));
      std::vector<double> mean(3, 0.0);
      for (auto& c : centres) {
        for (std::size_t j = 0; j < 3; ++j) mean[j] += (c[j] = 10 * random.normal() + 5) / 40;
      }
      Points points(centres);
      MethodSettings method;
      method.optimizer = optimizer;
      BatchSettings batches;
      batches.batch_size = size;
      const DescentResult result = run(points, method, batches, 400);
      for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(result.point.high[j], mean[j], 1e-5) << j;
    }
  }
}

}  // namespace
}  // namespace talweg
