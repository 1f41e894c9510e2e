// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/fit.h"

#include <cmath>

#include "support/temporary.h"
#include "talweg/base/numbers.h"

namespace talweg {
namespace {

FitRequest request_for(const std::string& path) {
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  return request;
}

TEST(Fit, ReportsTheLastRowOfTheTraceToTheBit) {
  const Temporary folder;
  const auto path = folder.file("a.csv", "a,b,y\n1,5,2\n2,3,4\n3,8,5\n4,1,9\n5,2,8\n");
  for (const auto optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::cg}) {
    FitRequest request = request_for(path);
    request.optimizer = optimizer;
    const auto fitted = fit(request);
    ASSERT_TRUE(fitted) << fitted.error().text();
    EXPECT_EQ(fitted->parameters, fitted->trace.rows().back().parameters);
    EXPECT_EQ(fitted->cost, fitted->trace.rows().back().cost);
    for (std::size_t j = 0; j < fitted->parameters.size(); ++j) {
      EXPECT_NEAR(fitted->parameters[j], fitted->exact_parameters[j], 1e-9);
      EXPECT_LE(std::abs(fitted->parameters[j] - fitted->exact_parameters[j]),
                *fitted->certificate.parameter_bounds[j] + 1e-15 * std::abs(fitted->parameters[j]));
    }
  }
}

TEST(Fit, GivesUnconvergedParametersNotTheClosedForm) {
  const Temporary folder;
  FitRequest request = request_for(folder.file("a.csv", "a,y\n1,2\n2,4\n3,5\n4,9\n"));
  request.learning_rate = 0.01;
  request.epochs = 3;
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted) << fitted.error().text();
  EXPECT_EQ(fitted->termination.reason, Reason::epochs);
  EXPECT_GT(std::abs(fitted->parameters[1] - fitted->exact_parameters[1]), 0.1);
  EXPECT_GE(*fitted->certificate.cost_gap_bound, fitted->cost - fitted->exact_cost - 1e-12);
}

TEST(Fit, CostsShareTheirStepsAtEquivalentRates) {
  const Temporary folder;
  const auto path = folder.file("three.csv", "x,y\n1,1.2\n2,1.8\n3,3.4\n");
  std::vector<std::vector<double>> ends;
  const std::pair<CostKind, double> runs[] = {
      {CostKind::mse, 0.06}, {CostKind::half_mse, 0.12}, {CostKind::sse, 0.02}};
  for (const auto& [cost, rate] : runs) {
    FitRequest request = request_for(path);
    request.cost = cost;
    request.learning_rate = rate;
    request.epochs = 10;
    request.start = StartKind::values;
    request.start_values = {{"x", 0.2}, {"intercept", 0.5}};
    const auto fitted = fit(request);
    ASSERT_TRUE(fitted) << fitted.error().text();
    EXPECT_NEAR(*fitted->plan.equivalent_mse, 0.06, 1e-16);
    EXPECT_NEAR(*fitted->plan.equivalent_half_mse, 0.12, 1e-16);
    EXPECT_NEAR(*fitted->plan.equivalent_sse, 0.02, 1e-16);
    ends.push_back(fitted->parameters);
  }
  EXPECT_NEAR(ends[0][0], 0.7931819874767454, 1e-14);
  EXPECT_NEAR(ends[0][1], 0.6307769106015757, 1e-14);
  for (const auto& end : ends) {
    EXPECT_NEAR(end[0], ends[0][0], 1e-13);
    EXPECT_NEAR(end[1], ends[0][1], 1e-13);
  }
}

TEST(Fit, IllConditionedColumnsGoThroughTheFactor) {
  const Temporary folder;
  std::string text = "a,b,y\n";
  for (int i = 0; i < 50; ++i) {
    const double a = 1 + i * 0.5;
    const double b = a + 1e-6 * std::sin(i * 1.7);
    text += shortest(a) + "," + shortest(b) + "," + shortest(2 * a - b + 0.1 * std::cos(i)) + "\n";
  }
  const auto fitted = fit(request_for(folder.file("a.csv", text)));
  ASSERT_TRUE(fitted) << fitted.error().text();
  EXPECT_TRUE(fitted->plan.preconditioned);
  EXPECT_LE(fitted->epochs, 5U);
  for (std::size_t j = 0; j < 3; ++j) {
    EXPECT_NEAR(fitted->parameters[j], fitted->exact_parameters[j],
                1e-8 * std::abs(fitted->exact_parameters[j]));
  }
  ASSERT_TRUE(fitted->certificate.cost_gap_bound);
  EXPECT_LT(*fitted->certificate.cost_gap_bound, 1e-10 * fitted->cost);
}

TEST(Fit, IdenticalColumnsShareTheirCoefficient) {
  const Temporary folder;
  FitRequest request = request_for(folder.file("a.csv", "a,b,y\n1,1,3\n2,2,5\n3,3,8\n4,4,8\n"));
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted) << fitted.error().text();
  EXPECT_NEAR(fitted->parameters[0], fitted->parameters[1], 1e-12);  // the shortest of all minimisers
  EXPECT_FALSE(fitted->standard_errors[0]);
  EXPECT_FALSE(fitted->standard_errors[1]);
  EXPECT_TRUE(fitted->standard_errors[2]);
  bool named = false;
  for (const auto& warning : fitted->warnings)
    named = named || warning.find("'a' and 'b'") != std::string::npos;
  EXPECT_TRUE(named);
  request.start = StartKind::values;
  request.start_values = {{"a", 10}, {"b", 0}};
  const auto other = fit(request);
  ASSERT_TRUE(other);
  EXPECT_NEAR(other->parameters[0] - other->parameters[1], 10, 1e-9);
  EXPECT_NEAR(other->parameters[0], other->exact_parameters[0], 1e-9);
}

TEST(Fit, RandomStartsDependOnTheSeedAlone) {
  const Temporary folder;
  FitRequest request = request_for(folder.file("a.csv", "a,y\n1,2\n2,4\n3,5\n"));
  request.start = StartKind::random;
  request.epochs = 0;
  const auto one = fit(request);
  const auto same = fit(request);
  request.seed = 2;
  const auto other = fit(request);
  ASSERT_TRUE(one && same && other);
  EXPECT_EQ(one->parameters, same->parameters);
  EXPECT_NE(one->parameters, other->parameters);
}

TEST(Fit, StopsWhenAsked) {
  class Stopper final : public RunObserver {
   public:
    bool epoch(const EpochView& view) override { return view.epoch == 3; }
  } stopper;
  const Temporary folder;
  FitRequest request = request_for(folder.file("a.csv", "a,y\n1,2\n2,4\n3,5\n"));
  request.learning_rate = 1e-6;
  request.observer = &stopper;
  const auto fitted = fit(request);
  ASSERT_TRUE(fitted);
  EXPECT_EQ(fitted->termination.reason, Reason::callback);
  EXPECT_EQ(fitted->epochs, 3U);
  StopFlag stop;
  stop.raise();
  request.observer = nullptr;
  request.stop = &stop;
  const auto interrupted = fit(request);
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().kind, ErrorKind::interrupted);
}

TEST(Fit, RefusesSettingsOutOfRange) {
  const auto refused = [](auto change) {
    FitRequest request;
    change(request);
    const auto checked = check_request(request);
    return !checked && checked.error().kind == ErrorKind::usage;
  };
  EXPECT_TRUE(refused([](FitRequest& r) { r.learning_rate = 0; }));
  EXPECT_TRUE(refused([](FitRequest& r) { r.learning_rate = -1; }));
  EXPECT_TRUE(refused([](FitRequest& r) { r.momentum = 1; }));
  EXPECT_TRUE(refused([](FitRequest& r) { r.l2 = -0.5; }));
  EXPECT_TRUE(refused([](FitRequest& r) { r.tolerance = 1; }));
  EXPECT_TRUE(refused([](FitRequest& r) { r.max_seconds = 0; }));
  EXPECT_TRUE(refused([](FitRequest& r) {
    r.optimizer = Optimizer::cg;
    r.learning_rate = 0.1;
  }));
}

}  // namespace
}  // namespace talweg
