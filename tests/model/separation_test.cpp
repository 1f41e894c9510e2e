// SPDX-License-Identifier: Apache-2.0
// Separable and quasi-separable classes are found, and nothing else is.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/fit.h"

namespace talweg {
namespace {

// The warning of a logistic fit about its classes; empty where there is none.
std::string warning_of(const std::string& path, bool intercept = true,
                       std::optional<Optimizer> optimizer = std::nullopt,
                       CostKind loss = CostKind::logistic) {
  FitRequest request;
  request.paths = {path};
  request.columns.target = "y";
  request.columns.classes = is_classification(loss);
  request.cost = loss;
  request.intercept = intercept;
  request.optimizer = optimizer;
  request.threads = 1;
  const auto found = fit(request);
  EXPECT_TRUE(found) << (found ? "" : found.error().text());
  if (!found) return "error";
  for (const std::string& warning : found->warnings) {
    if (warning.find("separable") != std::string::npos ||
        warning.find("no finite answer") != std::string::npos)
      return warning;
  }
  return {};
}

bool says(const std::string& warning, const std::string& text) {
  return warning.find(text) != std::string::npos;
}

// Of a Poisson fit.
std::string counts_warning(const std::string& path, bool intercept = true,
                           std::optional<Optimizer> optimizer = std::nullopt) {
  return warning_of(path, intercept, optimizer, CostKind::poisson);
}

class SeparationTest : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    const std::string path = directory_.path("t.csv");
    std::ofstream(path) << text;
    return path;
  }
  Temporary directory_;
};

TEST_F(SeparationTest, OneColumnIsNamed) {
  const std::string apart = warning_of(write("z,x,y\n5,1,0\n1,2,0\n4,3,0\n2,4,1\n5,5,1\n1,6,1\n"));
  EXPECT_TRUE(says(apart,
                   "the classes are separable: all 3 rows with 'x' above 3.5 are 1 and all 3 rows with 'x' "
                   "below 3.5 are 0"))
      << apart;
  const std::string border = warning_of(write("z,x,y\n5,1,a\n1,2,a\n4,3,a\n2,3,b\n5,5,b\n1,3,b\n"));
  EXPECT_TRUE(says(border,
                   "quasi-separable: the one row with 'x' above 3 is 'b' and all 2 rows with 'x' below 3 "
                   "are 'a'"))
      << border;
  const std::string down = warning_of(write("x,y\n-1,1\n-2,1\n-3,1\n-4,0\n-3,0\n-6,0\n"));
  EXPECT_TRUE(says(down,
                   "quasi-separable: all 2 rows with 'x' above -3 are 1 and all 2 rows with 'x' below -3 are "
                   "0"))
      << down;
}

TEST_F(SeparationTest, ALevelIsNamed) {
  const std::string rows = "g,x,y\nb,1,1\nb,2,1\nb,5,1\nc,2,0\nc,3,1\nc,7,1\nc,4,0\n";
  const std::string level = warning_of(write(rows + "a,1,0\na,2,1\na,3,0\n"));
  EXPECT_TRUE(says(level, "quasi-separable: all 3 rows with 'g[b]' are 1,")) << level;
  const std::string reference = warning_of(write("g,y\na,0\na,0\na,0\nb,1\nb,0\nb,1\nc,0\nc,1\nc,1\nc,0\n"));
  EXPECT_TRUE(says(reference, "quasi-separable: all 3 rows with 'g[a]' are 0,")) << reference;
  const std::string bare =
      warning_of(write("g,y\na,0\na,1\na,0\nb,1\nb,1\nb,1\nc,0\nc,1\nc,1\nc,0\n"), false);
  EXPECT_TRUE(says(bare, "quasi-separable: all 3 rows with 'g[b]' are 1,")) << bare;
}

// Random tables: which of them are separable along a direction is known from how they were made.
TEST_F(SeparationTest, DirectionsAreFoundAndOrdinaryDataAreNotAccused) {
  test::Random random(77);
  for (int trial = 0; trial < 60; ++trial) {
    const int kind = trial % 3;  // ordinary, quasi-separable, separable
    const std::size_t rows = 60 + random.below(400);
    std::string text = "u,v,w,y\n";
    for (std::size_t r = 0; r < rows; ++r) {
      const auto u = static_cast<double>(random.below(6));
      const auto v = kind == 1 && random.below(3) == 0 ? u : static_cast<double>(random.below(6));
      const double w = random.normal();
      double score = u - v;
      if (kind == 0) score += 0.6 * random.normal() + 0.3;
      const bool plus = score != 0 ? score > 0 : random.coin();
      if (kind == 2 && u == v) continue;
      text += fmt::format("{},{},{},{}\n", 100 * u, v, w, plus ? 1 : 0);
    }
    const std::string warning = warning_of(write(text));
    SCOPED_TRACE(fmt::format("trial {} kind {}: {}", trial, kind, warning));
    if (kind == 0) {
      EXPECT_EQ(warning, "");
    } else {
      EXPECT_TRUE(says(warning, kind == 1 ? "are quasi-separable: " : "are separable: "));
      EXPECT_TRUE(says(warning, "'u'") && says(warning, "'v'"));
    }
  }
}

// Steep but finite answers, and descents that end early by other methods.
TEST_F(SeparationTest, SteepDataAndOtherMethods) {
  test::Random random(5);
  std::string steep = "u,v,y\n";
  std::string apart = "u,v,y\n";
  for (int r = 0; r < 800; ++r) {
    const double u = random.normal();
    const double v = random.normal();
    steep += fmt::format("{},{},{}\n", u, v, 30 * u - 20 * v + random.normal() > 0 ? 1 : 0);
    apart += fmt::format("{},{},{}\n", u, v, 2 * u - v > 0.1 ? 1 : 0);
  }
  for (const Optimizer optimizer : {Optimizer::newton, Optimizer::lbfgs, Optimizer::cg}) {
    EXPECT_EQ(warning_of(write(steep), true, optimizer), "");
    const std::string warning = warning_of(write(apart), true, optimizer);
    EXPECT_TRUE(says(warning, "are separable: 'u' - 0.")) << warning;
  }
}

// Wherever the descent stops: rows that a direction tells apart gain more than 1 by a step, others less only
// where there is an answer.
TEST_F(SeparationTest, ADescentThatEndsEarlyIsJudgedAlike) {
  test::Random random(6);
  for (const int kind : {0, 1, 2}) {  // ordinary, quasi-separable, separable
    std::string text = "u,v,w,y\n";
    for (int r = 0; r < 500; ++r) {
      const double u = random.normal();
      const double v = kind == 1 && random.below(3) == 0 ? u : random.normal();
      const double noise = kind == 0 ? 0.4 * random.normal() : 0;
      const bool plus = u != v ? 6 * (u - v) + noise > 0 : random.coin();
      text += fmt::format("{},{},{},{}\n", u, v, random.normal(), plus ? 1 : 0);
    }
    const std::string path = write(text);
    for (const std::uint64_t epochs : {5, 8, 12, 20, 60}) {
      for (const Optimizer optimizer : {Optimizer::newton, Optimizer::lbfgs, Optimizer::adam}) {
        SCOPED_TRACE(fmt::format("kind {}, {} epochs of {}", kind, epochs, optimizer_name(optimizer)));
        FitRequest request;
        request.paths = {path};
        request.columns.target = "y";
        request.columns.classes = true;
        request.cost = CostKind::logistic;
        request.optimizer = optimizer;
        if (optimizer == Optimizer::adam) request.learning_rate = 0.5;
        request.epochs = epochs;
        request.threads = 1;
        const auto found = fit(request);
        ASSERT_TRUE(found);
        const bool told = std::any_of(found->warnings.begin(), found->warnings.end(),
                                      [](const std::string& warning) { return says(warning, "separable"); });
        // Within margins of 6 nothing is looked for.
        const double size = std::abs(found->parameters[0]);
        if (kind == 0 || size > 4) {
          EXPECT_EQ(told, kind > 0) << size;
        }
      }
    }
  }
}

TEST_F(SeparationTest, ALevelWithoutCountsIsNamed) {
  const std::string rows = "g,x,y\nb,1,2\nb,2,1\nb,3,4\nc,1,3\nc,2,0\nc,3,1\n";
  const std::string level = counts_warning(write(rows + "d,1,0\nd,2,0\nd,3,0\n"));
  EXPECT_TRUE(says(level, "the counts have no finite answer: all 3 rows with 'g[d]' are 0, so the cost"))
      << level;
  const std::string reference = counts_warning(write(rows + "a,1,0\na,2,0\n"));
  EXPECT_TRUE(says(reference, "the counts have no finite answer: all 2 rows with 'g[a]' are 0, so"))
      << reference;
  const std::string bare = counts_warning(write("g,y\na,2\na,1\nb,0\nb,0\nc,4\nc,0\n"), false);
  EXPECT_TRUE(says(bare, "all 2 rows with 'g[b]' are 0,")) << bare;
  EXPECT_EQ(counts_warning(write(rows + "d,1,0\nd,2,0\nd,3,1\n")), "");
  // The level is the only one with counts.
  const std::string only = counts_warning(write("g,x,y\na,1,0\nb,1,2\na,2,0\nb,3,1\na,3,0\nb,2,4\n"));
  EXPECT_TRUE(says(only, "'g[b]' are 0")) << only;
}

TEST_F(SeparationTest, AColumnWithoutCountsIsNamed) {
  const std::string flag = "z,x,y\n1,0,3\n2,0,1\n4,0,0\n3,0,2\n1,1,0\n2,1,0\n5,1,0\n";
  const std::string indicator = counts_warning(write(flag));
  EXPECT_TRUE(says(indicator, "all 3 rows with 'x' above 0 are 0,")) << indicator;
  const std::string value = counts_warning(write("z,x,y\n1,5,3\n2,5,1\n4,5,0\n3,5,2\n1,2,0\n2,4,0\n5,3,0\n"));
  EXPECT_TRUE(says(value, "all 3 rows with 'x' below 5 are 0,")) << value;
  // Zeros on both sides of the value hold the parameter.
  EXPECT_EQ(counts_warning(write("x,y\n5,3\n5,1\n5,0\n5,2\n2,0\n4,0\n6,0\n")), "");
  // Large counts end the descent early.
  const std::string large =
      counts_warning(write("z,x,y\n1,0,3e7\n2,0,1e8\n4,0,5e7\n3,0,2e7\n1,1,0\n2,1,0\n5,1,0\n"));
  EXPECT_TRUE(says(large, "all 3 rows with 'x' above 0 are 0,")) << large;
}

// Random counts about a line; where told, none in the rows where u exceeds v, and some only where they agree.
TEST_F(SeparationTest, DirectionsOfCountsAreFoundAndOrdinaryCountsAreNotAccused) {
  test::Random random(78);
  for (int trial = 0; trial < 40; ++trial) {
    const bool apart = trial % 2 == 1;
    const std::size_t rows = 80 + random.below(400);
    std::string text = "u,v,w,y\n";
    for (std::size_t r = 0; r < rows; ++r) {
      const auto v = static_cast<double>(random.below(5));
      const double u = apart && random.coin() ? v : v + static_cast<double>(random.below(4));
      const double w = random.normal();
      double y = std::floor(std::exp(0.4 * w + 0.1 * v - 0.6 * (u - v)) * 2 * random.uniform());
      if (apart) y = u > v ? 0 : y;
      text += fmt::format("{},{},{},{}\n", 100 * u, 100 * v, w, y);
    }
    for (const Optimizer optimizer : {Optimizer::newton, Optimizer::lbfgs}) {
      const std::string warning = counts_warning(write(text), true, optimizer);
      SCOPED_TRACE(fmt::format("trial {} {}", trial, optimizer_name(optimizer)));
      if (apart) {
        EXPECT_TRUE(says(warning, "the counts have no finite answer: ")) << warning;
        EXPECT_TRUE(says(warning, "'v' - 'u' has one value in all rows with counts above zero and less in "))
            << warning;
      } else {
        EXPECT_EQ(warning, "");
      }
    }
  }
}

}  // namespace
}  // namespace talweg
