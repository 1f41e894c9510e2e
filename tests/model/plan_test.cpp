// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/plan.h"

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/base/numbers.h"
#include "talweg/base/random.h"
#include "talweg/model/fit.h"

namespace talweg {
namespace {

// Two columns whose correlation sets the condition number (1+c)/(1-c) of the standardised problem.
std::string correlated(const Temporary& folder, double other) {
  std::string text = "a,b,y\n";
  for (std::uint64_t r = 0; r < 400; ++r) {
    const double a = random_normal(5, 0, r);
    const double b = a + other * random_normal(5, 1, r);
    text += shortest(a) + "," + shortest(b) + "," + shortest(a + b + random_normal(5, 2, r)) + "\n";
  }
  return folder.file("correlated.csv", text);
}

Result<Problem> plan_of(const std::string& path, const std::function<void(FitRequest&)>& change = {}) {
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  if (change) change(request);
  return forecast(request);
}

TEST(Plan, ChoosesTheMethodByTheConditionNumber) {
  const Temporary folder;
  const auto gd = plan_of(correlated(folder, 0.5));
  ASSERT_TRUE(gd) << gd.error().text();
  EXPECT_EQ(gd->plan.optimizer, Optimizer::gd);
  EXPECT_FALSE(gd->plan.preconditioned);
  EXPECT_EQ(gd->plan.scale, Scale::standard);
  const auto cg = plan_of(correlated(folder, 0.01));
  ASSERT_TRUE(cg);
  EXPECT_EQ(cg->plan.optimizer, Optimizer::cg);
  EXPECT_FALSE(cg->plan.learning_rate);
  EXPECT_FALSE(cg->plan.equivalent_mse);
  EXPECT_EQ(cg->plan.forecast.quality, ForecastQuality::upper_bound);
  const auto factor = plan_of(correlated(folder, 1e-6));
  ASSERT_TRUE(factor);
  EXPECT_TRUE(factor->plan.preconditioned);
  EXPECT_EQ(factor->plan.optimizer, Optimizer::gd);
  const auto given = plan_of(correlated(folder, 1e-6), [](FitRequest& r) { r.learning_rate = 0.1; });
  ASSERT_TRUE(given);
  EXPECT_EQ(given->plan.optimizer, Optimizer::gd);
  EXPECT_FALSE(given->plan.preconditioned);
  EXPECT_EQ(given->plan.scale, Scale::none);
}

TEST(Plan, TellsThePublicCases) {
  const Temporary folder;
  std::string text = "x,y\n";
  for (int x = 5; x <= 40; x += 5) text += std::to_string(x) + "," + std::to_string(x / 2) + "\n";
  const auto path = folder.file("a.csv", text);
  const auto planned = plan_of(path, [](FitRequest& r) { r.learning_rate = 0.01; });
  ASSERT_TRUE(planned);
  EXPECT_NEAR(*planned->plan.largest_stable_rate, 0.00156668, 5e-9);
  EXPECT_EQ(planned->plan.steepest, "x");
  EXPECT_NE(rate_verdict(planned->plan)
                .find("learning rate 0.01 is 6.383 times the largest stable rate 0.00156668"),
            std::string::npos);
  EXPECT_EQ(rate_remedy(planned->plan), "use 0.0015, or --scale standard (then 1)");
  EXPECT_FALSE(planned->plan.forecast.epochs);
  ASSERT_FALSE(planned->plan.warnings.empty());
  const auto slow = plan_of(path, [](FitRequest& r) {
    r.learning_rate = 0.001;
    r.epochs = 100;
    r.tolerance = 1e-6;
  });
  ASSERT_TRUE(slow);
  EXPECT_NE(slow->plan.warnings.back().find("100 epochs end before the tolerance 1e-06"), std::string::npos);
}

TEST(Plan, SpellsTheObjectiveOut) {
  const Temporary folder;
  const auto path = folder.file("a.csv", "x,w,y\n1,2,3\n2,1,4\n3,1,7\n");
  const auto objective = [&](const std::function<void(FitRequest&)>& change) {
    const auto planned = plan_of(path, change);
    return planned ? planned->plan.objective : planned.error().text();
  };
  EXPECT_EQ(objective([](FitRequest& r) { r.columns.drop = {"w"}; }),
            "1/n * sum over rows of (y - (w(x)*x + intercept))^2, n = 3");
  EXPECT_EQ(objective([](FitRequest& r) {
              r.columns.weights = "w";
              r.cost = CostKind::half_mse;
              r.l2 = 0.5;
            }),
            "1/(2W) * sum over rows of w * (y - (w(x)*x + intercept))^2 + 0.5/2 * sum of w^2, W = sum of w = "
            "4, the "
            "intercept is not penalised");
  EXPECT_EQ(objective([](FitRequest& r) {
              r.columns.drop = {"w"};
              r.cost = CostKind::sse;
              r.intercept = false;
            }),
            "sum over rows of (y - (w(x)*x))^2");
}

TEST(Plan, NamesUnknownStarts) {
  const Temporary folder;
  const auto planned = plan_of(folder.file("a.csv", "size,y\n1,2\n2,3\n"), [](FitRequest& r) {
    r.start = StartKind::values;
    r.start_values = {{"sise", 1}};
  });
  ASSERT_FALSE(planned);
  EXPECT_NE(planned.error().text().find("did you mean 'size'"), std::string::npos);
}

// The rows behind the first ones of a wide table are folded in plain double; where columns are nearly
// dependent that costs digits, which is said, and which a second pass mends.
TEST(Plan, SaysInWhichArithmeticTheProductsAreKept) {
  constexpr std::size_t kColumns = 100;
  const auto plan_for = [](std::size_t rows, double difference, BulkArithmetic bulk = BulkArithmetic::plain) {
    test::Random random(9);
    std::vector<double> features(rows * kColumns);
    std::vector<double> target(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < kColumns; ++j) features[r * kColumns + j] = random.normal();
      features[r * kColumns + 1] = features[r * kColumns] + difference * features[r * kColumns + 1];
      target[r] = random.normal();
    }
    const ArrayView x{features.data(), nullptr, rows, kColumns, kColumns, 1};
    const ArrayView y{target.data(), nullptr, rows, 1, 1, 1};
    FoldOptions options;
    options.bulk = bulk;
    auto data = fold_arrays(x, y, {}, {}, "y", options);
    EXPECT_TRUE(data);
    auto problem = make_problem(std::move(*data), {});
    EXPECT_TRUE(problem);
    return std::move(problem->plan);
  };
  EXPECT_EQ(plan_for(500, 1).arithmetic, "double-double (31 digits)");
  const Plan wide = plan_for(12'000, 1);
  EXPECT_NE(wide.arithmetic.find("double (16 digits)"), std::string::npos) << wide.arithmetic;
  EXPECT_TRUE(wide.warnings.empty());
  EXPECT_FALSE(wide.few_digits);
  const Plan again = plan_for(12'000, 1e-4, BulkArithmetic::split);
  EXPECT_NE(again.arithmetic.find("22 digits"), std::string::npos) << again.arithmetic;
  EXPECT_FALSE(again.few_digits);
  EXPECT_TRUE(plan_for(12'000, 1e-4).few_digits);
  const Plan close = plan_for(12'000, 1e-8, BulkArithmetic::split);
  ASSERT_FALSE(close.warnings.empty());
  EXPECT_NE(close.warnings[0].find("nearly dependent"), std::string::npos) << close.warnings[0];
}

}  // namespace
}  // namespace talweg
