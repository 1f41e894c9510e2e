// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/model.h"

#include <nlohmann/json.hpp>

#include "support/temporary.h"
#include "talweg/base/random.h"

namespace talweg {
namespace {

struct Fitted {
  FitRequest request;
  Model model;
};

Fitted fitted_model(const Temporary& folder) {
  Fitted out;
  out.request.paths = {
      folder.file("a.csv", "size,\"the \"\"cut\"\"\",y\n1,b,2.5\n2,a,4\n3,\xFF,5\n4,a,9.1\n,b,3\n7,a,8\n")};
  out.request.columns.target = "y";
  out.request.columns.missing = MissingPolicy::mean;
  const auto result = fit(out.request);
  EXPECT_TRUE(result) << result.error().text();
  out.model = make_model(*result, out.request);
  return out;
}

TEST(Model, RoundTripsExactly) {
  const Temporary folder;
  const Fitted fitted = fitted_model(folder);
  const auto read = read_model(fitted.model.document, "model.json");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->values, fitted.model.values);
  EXPECT_EQ(read->target, "y");
  EXPECT_EQ(read->missing, MissingPolicy::mean);
  EXPECT_EQ(read->missing_words, fitted.model.missing_words);
  ASSERT_EQ(read->parameters.size(), fitted.model.parameters.size());
  for (std::size_t j = 0; j < read->parameters.size(); ++j) {
    EXPECT_EQ(read->parameters[j].name, fitted.model.parameters[j].name);
    EXPECT_EQ(read->parameters[j].level, fitted.model.parameters[j].level);
    EXPECT_EQ(read->parameters[j].intercept, fitted.model.parameters[j].intercept);
  }
  ASSERT_EQ(read->features.size(), 2U);
  EXPECT_EQ(read->features[0].mean, fitted.model.features[0].mean);
  EXPECT_EQ(read->features[1].levels, fitted.model.features[1].levels);
  EXPECT_EQ(read->features[1].levels.back(), "\xFF");
  EXPECT_EQ(read->document, fitted.model.document);
}

TEST(Model, HoldsNothingOfTheRunsSurroundings) {
  const Temporary folder;
  const Fitted fitted = fitted_model(folder);
  EXPECT_EQ(fitted.model.document.find(folder.path("")), std::string::npos);
  EXPECT_EQ(fitted.model.document.find("seconds"), std::string::npos);
  EXPECT_EQ(fitted.model.document.find("threads"), std::string::npos);
}

TEST(Model, SaysWhatIsWrongWithADamagedFile) {
  const Temporary folder;
  const auto document = nlohmann::ordered_json::parse(fitted_model(folder).model.document);
  const auto error_of = [&](auto change) {
    auto changed = document;
    change(changed);
    const auto read = read_model(changed.dump(), "m.json");
    return read ? std::string("no error") : read.error().text();
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  using Json = nlohmann::ordered_json;
  EXPECT_TRUE(has(read_model("{\"format\":", "m.json").error().text(), "not valid JSON"));
  EXPECT_TRUE(has(read_model("[1,2]", "m.json").error().text(), "not a talweg model"));
  EXPECT_TRUE(has(error_of([](Json& j) { j["version"] = 2; }), "version 2"));
  EXPECT_TRUE(has(error_of([](Json& j) { j.erase("parameters"); }), "has no parameters"));
  EXPECT_TRUE(has(error_of([](Json& j) { j["parameters"][0]["value"] = "x"; }),
                  "/parameters/0/value is not a number"));
  EXPECT_TRUE(
      has(error_of([](Json& j) { j["parameters"][0]["column"] = "gone"; }), "has no column for parameter"));
  EXPECT_TRUE(has(error_of([](Json& j) { j["columns"][0]["kind"] = "image"; }), "neither numeric nor text"));
  EXPECT_TRUE(has(error_of([](Json& j) { j["options"]["missing"] = "maybe"; }), "unknown missing"));
}

TEST(Model, SurvivesMutatedFiles) {
  const Temporary folder;
  const std::string document = fitted_model(folder).model.document;
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    std::string mutated = document;
    const std::uint64_t changes = 1 + random_bits(seed, 0, 0) % 4;
    for (std::uint64_t k = 0; k < changes; ++k) {
      const std::size_t at = random_bits(seed, 1, k) % mutated.size();
      if (random_bits(seed, 2, k) % 3 == 0) {
        mutated.erase(at, 1 + random_bits(seed, 3, k) % 30);
      } else {
        mutated[at] = static_cast<char>(random_bits(seed, 4, k) % 256);
      }
      if (mutated.empty()) mutated = "{";
    }
    const auto read = read_model(mutated, "m.json");
    if (!read) {
      ++refused;
      EXPECT_FALSE(read.error().text().empty());
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace talweg
