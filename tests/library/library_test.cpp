// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <talweg/talweg.h>

#include <array>
#include <cmath>

namespace talweg {
namespace {

// y = 1 + 2 p - 3 q
const std::vector<double> kRowMajor = {1, 4, 2, 1, 3, 5, 4, 2, 5, 9};
const std::vector<double> kColumnMajor = {1, 2, 3, 4, 5, 4, 1, 5, 2, 9};
const std::vector<double> kTarget = {-9, 2, -8, 3, -16};

TEST(Library, LayoutsAndTypesGiveTheSameFit) {
  const std::vector<float> floats(kRowMajor.begin(), kRowMajor.end());
  const std::vector<ArrayView> views = {
      array_view(std::span<const double>(kRowMajor), 5, 2),
      array_view(std::span<const double>(kColumnMajor), 5, 2, Layout::column_major),
      array_view(std::span<const float>(floats), 5, 2)};
  std::vector<double> first;
  for (const ArrayView& view : views) {
    const auto fitted = fit(Arrays{view, array_view(std::span<const double>(kTarget)), {}, {"p", "q"}, "y"});
    ASSERT_TRUE(fitted) << fitted.error().text();
    EXPECT_NEAR(fitted->parameters[0], 2, 1e-9);
    EXPECT_NEAR(fitted->parameters[1], -3, 1e-9);
    EXPECT_NEAR(fitted->parameters[2], 1, 1e-9);
    EXPECT_EQ(fitted->plan.parameters[1].name, "q");
    if (first.empty()) first = fitted->parameters;
    EXPECT_EQ(fitted->parameters, first);
  }
}

TEST(Library, AViewNeverReachesPastItsData) {
  const ArrayView too_tall = array_view(std::span<const double>(kRowMajor), 6, 2);
  const std::vector<double> six(6, 1.0);
  const auto fitted = fit(Arrays{too_tall, array_view(std::span<const double>(six)), {}, {}, "y"});
  ASSERT_FALSE(fitted);
  EXPECT_NE(fitted.error().text().find("fewer than 6 x 2"), std::string::npos);
}

TEST(Library, PredictsArraysAndRefusesOtherShapes) {
  const Arrays arrays{array_view(std::span<const double>(kRowMajor), 5, 2),
                      array_view(std::span<const double>(kTarget)),
                      {},
                      {},
                      "y"};
  const auto fitted = fit(arrays);
  ASSERT_TRUE(fitted);
  const Model model = make_model(*fitted, {});
  const auto predicted = predict(model, arrays.features);
  ASSERT_TRUE(predicted);
  for (std::size_t r = 0; r < 5; ++r) EXPECT_NEAR((*predicted)[r], kTarget[r], 1e-8);
  EXPECT_FALSE(predict(model, array_view(std::span<const double>(kRowMajor), 10, 1)));
}

TEST(Library, ACallbackStopsTheRun) {
  EpochCallback stop_at_two([](const EpochView& view) { return view.epoch == 2; });
  FitRequest request;
  request.learning_rate = 1e-5;
  request.observer = &stop_at_two;
  const auto fitted = fit(Arrays{array_view(std::span<const double>(kRowMajor), 5, 2),
                                 array_view(std::span<const double>(kTarget)),
                                 {},
                                 {},
                                 "y"},
                          request);
  ASSERT_TRUE(fitted);
  EXPECT_EQ(fitted->termination.reason, Reason::callback);
  EXPECT_EQ(fitted->epochs, 2U);
}

double bowl(std::span<const double> p, std::span<double> gradient) {
  gradient[0] = 2 * (p[0] - 1);
  gradient[1] = 20 * (p[1] + 2);
  return (p[0] - 1) * (p[0] - 1) + 10 * (p[1] + 2) * (p[1] + 2);
}

TEST(Library, MinimizesTheCallersFunctionWithEveryMethod) {
  for (const auto optimizer : {Optimizer::gd, Optimizer::momentum, Optimizer::nesterov, Optimizer::cg}) {
    MinimizeOptions options;
    options.optimizer = optimizer;
    const bool needs_rate = optimizer == Optimizer::momentum || optimizer == Optimizer::nesterov;
    if (needs_rate) options.learning_rate = 0.02;
    const auto minimum = minimize(bowl, {5, 5}, options);
    ASSERT_TRUE(minimum) << minimum.error().text();
    EXPECT_EQ(minimum->termination.reason, Reason::tolerance) << optimizer_name(optimizer);
    EXPECT_NEAR(minimum->parameters[0], 1, 1e-6);
    EXPECT_NEAR(minimum->parameters[1], -2, 1e-6);
    EXPECT_EQ(minimum->trace.rows().back().epoch, minimum->epochs);
  }
}

TEST(Library, MinimizeSaysHowItWentWrong) {
  MinimizeOptions options;
  options.optimizer = Optimizer::gd;
  options.learning_rate = 0.2;  // the limit is 0.1
  const auto diverged = minimize(bowl, {5, 5}, options);
  ASSERT_TRUE(diverged);
  EXPECT_EQ(diverged->termination.reason, Reason::diverged);
  EXPECT_LE(diverged->cost, 1000);
  EXPECT_FALSE(minimize(bowl, {}, options));
  EXPECT_FALSE(minimize(bowl, {NAN, 1}, options));
  options.optimizer = Optimizer::momentum;
  options.learning_rate.reset();
  const auto no_rate = minimize(bowl, {1, 1}, options);
  ASSERT_TRUE(no_rate);
  EXPECT_EQ(no_rate->termination.reason, Reason::tolerance);
  const auto nan = minimize([](std::span<const double>, std::span<double> g) { return g[0] = NAN; }, {1});
  ASSERT_TRUE(nan);
  EXPECT_EQ(nan->termination.reason, Reason::non_finite);
}

}  // namespace
}  // namespace talweg
