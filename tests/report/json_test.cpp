// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace talweg {
namespace {

Fit small_fit() {
  Fit fit;
  fit.plan.parameters = {{"x\xFF", "x\xFF", std::nullopt, false}, {"intercept", "", std::nullopt, true}};
  fit.plan.target = "y";
  fit.parameters = {2, std::numeric_limits<double>::infinity()};
  fit.standard_errors = {std::nullopt, 0.5};
  fit.mse = 4;
  fit.exact_parameters = {2, 1};
  return fit;
}

TEST(FitJson, HasEveryKeyThatScriptsRelyOn) {
  const auto json = nlohmann::json::parse(fit_json(small_fit(), nullptr));
  for (const char* key : {"rows",
                          "rows_rejected",
                          "rows_missing",
                          "columns",
                          "objective",
                          "loss",
                          "optimizer",
                          "scale",
                          "learning_rate",
                          "largest_stable_learning_rate",
                          "best_learning_rate",
                          "equivalent_learning_rates",
                          "condition_number",
                          "forecast_epochs",
                          "epochs",
                          "evaluations",
                          "termination",
                          "parameters",
                          "standard_errors",
                          "cost",
                          "mse",
                          "rmse",
                          "r2",
                          "gradient_norm",
                          "certificate",
                          "exact",
                          "warnings",
                          "seconds"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["rmse"], 2.0);
}

TEST(FitJson, WritesNullForWhatDoesNotExist) {
  const auto json = nlohmann::json::parse(fit_json(small_fit(), nullptr));
  EXPECT_TRUE(json["parameters"]["intercept"].is_null());  // infinite
  EXPECT_TRUE(json["standard_errors"]["x\\xFF"].is_null());
  EXPECT_TRUE(json["r2"].is_null());
  EXPECT_TRUE(json["certificate"]["cost_gap_bound"].is_null());
  EXPECT_TRUE(json["learning_rate"].is_null());
}

TEST(EvaluationJson, HasItsKeys) {
  Evaluation evaluation;
  evaluation.rows = 3;
  evaluation.mse = 1.5;
  const auto json = nlohmann::json::parse(evaluation_json(evaluation));
  EXPECT_EQ(json["rows"], 3);
  EXPECT_EQ(json["mse"], 1.5);
  EXPECT_TRUE(json["r2"].is_null());
}

}  // namespace
}  // namespace talweg
