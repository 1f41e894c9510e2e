// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/predict.h"

#include "support/temporary.h"

namespace talweg {
namespace {

constexpr const char* kModel = R"({"format": "talweg model", "version": 1, "target": "y",
  "parameters": [{"name": "x", "column": "x", "value": 2}, {"name": "cut[b]", "column": "cut", "level": "b", "value": 10},
                 {"name": "intercept", "intercept": true, "value": 1}],
  "columns": [{"name": "x", "kind": "numeric", "mean": 5, "standard_deviation": 1},
              {"name": "cut", "kind": "text", "reference": "a", "levels": ["a", "b"]}],
  "options": {"missing": "error", "missing_words": ["", "NA"]}})";

class PredictTest : public testing::Test {
 protected:
  std::string predicted(const std::string& text, bool append = false, const std::string& document = kModel) {
    const auto model = read_model(document, "m.json");
    EXPECT_TRUE(model) << model.error().text();
    PredictRequest request;
    request.paths = {folder_.file("in.csv", text)};
    request.append = append;
    std::string out;
    const auto summary = predict(*model, request, [&](std::string_view part) -> Result<void> {
      out += part;
      return {};
    });
    return summary ? out : summary.error().text();
  }
  static std::string with_mean() {
    std::string document = kModel;
    return document.replace(document.find("\"error\""), 7, "\"mean\"");
  }
  Temporary folder_;
};

TEST_F(PredictTest, MatchesColumnsByName) {
  EXPECT_EQ(predicted("cut,z,x\na,9,1\nb,9,2\n"), "prediction\n3\n15\n");
}

TEST_F(PredictTest, KeepsTheRowsWhenAppending) {
  EXPECT_EQ(predicted("x;cut\n1;\"a\"\n 2 ;b\n", true), "x;cut;prediction\n1;\"a\";3\n 2 ;b;15\n");
}

TEST_F(PredictTest, LeavesRowsWithGapsEmpty) {
  EXPECT_EQ(predicted("x,cut\n1,a\nNA,a\n2,\n3,b\n"), "prediction\n3\n\n\n17\n");
}

TEST_F(PredictTest, FillsWithTheModelsMeans) {
  EXPECT_EQ(predicted("x,cut\nNA,a\n1,b\n", false, with_mean()), "prediction\n11\n13\n");
}

TEST_F(PredictTest, NamesWhatIsAbsentOrUnknown) {
  EXPECT_NE(predicted("z,q\n1,2\n").find("the model needs columns 'x' and 'cut', which the data do not have"),
            std::string::npos);
  const std::string unknown = predicted("x,cut\n1,a\n2,c\n");
  EXPECT_NE(unknown.find("in.csv:3: column 'cut': the level 'c' does not occur"), std::string::npos)
      << unknown;
  const std::string text = predicted("x,cut\n1,a\nhuge,a\n");
  EXPECT_NE(text.find("in.csv:3: column 'x'"), std::string::npos) << text;
}

TEST_F(PredictTest, EvaluatesAgainstHandValues) {
  const auto model = read_model(kModel, "m.json");
  PredictRequest request;
  // predictions 3, 15, 5; residuals 1, -2, 0
  request.paths = {folder_.file("in.csv", "x,cut,y\n1,a,4\n2,b,13\n2,a,5\nNA,a,1\n1,a,\n")};
  const auto evaluation = evaluate(*model, request);
  ASSERT_TRUE(evaluation) << evaluation.error().text();
  EXPECT_EQ(evaluation->rows, 3U);
  EXPECT_EQ(evaluation->rows_missing, 2U);
  EXPECT_DOUBLE_EQ(evaluation->mse, 5.0 / 3);
  EXPECT_DOUBLE_EQ(evaluation->mae, 1.0);
  const double mean = 22.0 / 3;
  const double total = (4 - mean) * (4 - mean) + (13 - mean) * (13 - mean) + (5 - mean) * (5 - mean);
  EXPECT_DOUBLE_EQ(*evaluation->r2, 1 - 5 / total);
  request.paths = {folder_.file("unlabelled.csv", "x,cut\n1,a\n")};
  const auto absent = evaluate(*model, request);
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().text().find("the target 'y' of the model is not in the data"), std::string::npos);
}

}  // namespace
}  // namespace talweg
