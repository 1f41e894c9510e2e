// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/page.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "talweg/report/assets.h"
#include "talweg/report/base64.h"
#include "talweg/report/derivation.h"
#include "talweg/report/sentences.h"

namespace talweg {
namespace {

const std::string kHostile = "</script><script>alert(1)</script>&amp;<!--";

Fit hostile_fit() {
  Fit fit;
  fit.plan.parameters = {{kHostile, kHostile, std::nullopt, false}, {"intercept", "", std::nullopt, true}};
  fit.plan.target = "<b>y</b>";
  fit.plan.objective = kHostile;
  fit.parameters = {2, std::numeric_limits<double>::infinity()};
  fit.start = {0, 0};
  fit.standard_errors = {0.5, std::nullopt};
  fit.exact_parameters = {2, 1};
  fit.certificate.parameter_bounds = {std::nullopt, std::nullopt};
  fit.warnings = {kHostile + "\x1b[31m \xFF"};
  const std::vector<double> parameters = {0, 0};
  fit.trace.add(0, 3, 1, std::nullopt, parameters);
  return fit;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(Page, PutsNoNameIntoTheMarkup) {
  const std::string page = page_html(hostile_fit(), {"fit", kHostile}, "");
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(count(page, "<script"), 5U);
  EXPECT_EQ(count(page, "</script>"), 5U);
  EXPECT_EQ(page.find("<b>y"), std::string::npos);
  EXPECT_EQ(page.find("{{"), std::string::npos);
}

TEST(Page, DeclaresItsPolicy) {
  const std::string page = page_html(hostile_fit(), {}, "");
  EXPECT_NE(
      page.find("content=\"default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; "
                "img-src data:\""),
      std::string::npos);
}

TEST(PageData, IsJsonThatGivesEveryTextBack) {
  const std::string text = page_data(hostile_fit(), {"fit", kHostile}, kHostile);
  EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["parameters"][0]["name"], kHostile);
  EXPECT_EQ(json["arguments"][1], kHostile);
  EXPECT_TRUE(json["parameters"][1]["value"].is_null());  // infinite
  EXPECT_EQ(json["carried"].size(), 2U);
}

TEST(PageData, SaysWhatToDoNextAsTheTerminalDoes) {
  Fit fit = hostile_fit();
  fit.cost = 1;
  const auto next = [&](const std::string& path) {
    return nlohmann::json::parse(page_data(fit, {}, path))["verdict"]["next"].get<std::string>();
  };
  EXPECT_EQ(next("out/m.json"), "talweg predict out/m.json NEW.csv");
  EXPECT_EQ(next("two words.json"), next_text(fit, "two words.json"));
  EXPECT_EQ(next(""), "add -o model.json to keep the model, then: talweg predict model.json NEW.csv");
}

TEST(PageData, BoundsNamesAndLists) {
  Fit fit = hostile_fit();
  fit.plan.parameters.clear();
  fit.parameters.clear();
  fit.start.clear();
  fit.standard_errors.clear();
  fit.exact_parameters.clear();
  fit.certificate.parameter_bounds.clear();
  for (std::size_t j = 0; j < 5000; ++j) {
    std::string name(300, 'x');
    name += "\xC3\xA4" + std::to_string(j);
    fit.plan.parameters.push_back({name, name, std::nullopt, false});
    fit.parameters.push_back(j > 3000 && j < 4001 ? 0 : static_cast<double>(j));
    fit.start.push_back(0);
    fit.standard_errors.emplace_back(1);
    fit.exact_parameters.push_back(0);
    fit.certificate.parameter_bounds.emplace_back();
  }
  fit.trace = {};
  fit.trace.add(0, 3, 1, std::nullopt, fit.parameters);
  const std::string text = page_data(fit, {}, "out/m.json");
  EXPECT_LT(text.size(), 1'500'000U);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["parameter_count"], 5000);
  EXPECT_EQ(json["parameters"].size(), 1000U);
  // Counts are of all of them.
  EXPECT_EQ(json["coefficient_count"], 5000);
  EXPECT_EQ(json["zero_count"], 1001);
  ASSERT_EQ(json["carried"].size(), 40U);
  // The most important one comes first, wherever it stands in the list.
  EXPECT_EQ(json["parameters"][json["carried"][0].get<std::size_t>()]["value"], 4999.0);
}

TEST(Assets, HaveNothingThatWouldEndTheirElement) {
  EXPECT_EQ(std::string(d3_script()).find("</script"), std::string::npos);
  EXPECT_EQ(std::string(plot_script()).find("</script"), std::string::npos);
  EXPECT_EQ(std::string(page_style()).find("</style"), std::string::npos);
  for (const WebModule& module : web_modules()) EXPECT_GT(module.source.size(), 100U) << module.name;
}

TEST(Base64, FollowsTheRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  const std::vector<double> one = {1.0};
  EXPECT_EQ(base64_doubles(one), "AAAAAAAA8D8=");
  EXPECT_EQ(base64_floats(one), "AACAPw==");
}

TEST(Derivation, EscapesNames) {
  for (const DerivationLine& line : derive_gradient(hostile_fit())) {
    EXPECT_EQ(line.mathml.find("<script"), std::string::npos);
    EXPECT_EQ(count(line.mathml, "<math"), 1U);
  }
}

}  // namespace
}  // namespace talweg
