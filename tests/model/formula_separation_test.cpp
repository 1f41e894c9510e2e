// SPDX-License-Identifier: Apache-2.0
// A formula's classes and counts without a finite answer are told, by what its parameters multiply, and
// nothing else is.
#include "talweg/model/formula_separation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/random.h"
#include "support/temporary.h"
#include "talweg/model/fit.h"

namespace talweg {
namespace {

class FormulaSeparation : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    const std::string path = directory_.path("t.csv");
    std::ofstream(path) << text;
    return path;
  }

  // What a fit says of classes or counts; empty: nothing.
  static std::string warning_of(FitRequest request) {
    request.columns.classes = is_classification(request.cost);
    request.threads = 2;
    const auto found = fit(request);
    EXPECT_TRUE(found) << (found ? "" : found.error().text());
    if (!found) return "error";
    for (const std::string& warning : found->warnings) {
      for (const char* said : {"separable", "no finite answer", "tells the class"})
        if (warning.find(said) != std::string::npos) return warning;
    }
    return {};
  }

  static std::string of_formula(const std::string& path, const std::string& formula,
                                CostKind loss = CostKind::logistic, double l2 = 0) {
    FitRequest request;
    request.paths = {path};
    request.formula = formula;
    request.cost = loss;
    request.l2 = l2;
    return warning_of(request);
  }

  static std::string of_columns(const std::string& path) {
    FitRequest request;
    request.paths = {path};
    request.columns.target = "y";
    request.cost = CostKind::logistic;
    return warning_of(request);
  }

  Temporary directory_;
};

constexpr const char* kApart = "x,z,y\n1,3,0\n2,1,0\n3,2,0\n4,5,1\n5,1,1\n6,2,1\n";
constexpr const char* kTouching = "x,z,y,n\n1,3,0,0\n2,1,0,0\n3,2,0,2\n3,2,1,3\n4,5,1,2\n5,1,1,4\n6,2,1,1\n";

TEST_F(FormulaSeparation, IsToldByWhatParametersMultiply) {
  const std::string path = write(kApart);
  const auto begins = [&](const std::string& formula, const std::string& text) {
    const std::string said = of_formula(path, formula);
    EXPECT_EQ(said.substr(0, text.size()), text) << formula;
  };
  begins("y = a*x + b",
         "the classes are separable: all 3 rows with 'x' above 3.5 are 1 and all 3 rows with 'x' below "
         "3.5 are 0, so the cost has no lowest value");
  begins("y = a*(x - 3.5)", "the classes are separable: all 3 rows with 'x - 3.5' above 0 are 1");
  // What the parameters do not multiply moves no border.
  begins("y = a*x + z^2/9 + b", "the classes are separable: all 3 rows with 'x' above 3.5 are 1");
  EXPECT_NE(of_formula(path, "y = a*x + b").find("or leave the term out"), std::string::npos);
  EXPECT_EQ(of_formula(path, "y = a*z + b"), "");
  EXPECT_EQ(of_formula(path, "y = a*x"), "");
  EXPECT_EQ(of_formula(path, "y = a*x + b", CostKind::logistic, 0.01), "");
}

TEST_F(FormulaSeparation, QuasiSeparableClassesAndCounts) {
  const std::string path = write(kTouching);
  EXPECT_NE(
      of_formula(path, "y = a*x + c*z + b")
          .find("quasi-separable: all 3 rows with 'x' above 3 are 1 and all 2 rows with 'x' below 3 are 0"),
      std::string::npos);
  EXPECT_NE(of_formula(path, "n = a*min(x, 3) + b", CostKind::poisson)
                .find("no finite answer: all 2 rows with 'min(x, 3)' below 3 are 0"),
            std::string::npos);
  EXPECT_EQ(of_formula(path, "n = a*x + b", CostKind::poisson), "");
}

TEST_F(FormulaSeparation, ACurvedFormulaThatTellsEveryRow) {
  const std::string path = write(kApart);
  EXPECT_NE(of_formula(path, "y = a*x^c + b").find("tells the class of every one of the 6 rows"),
            std::string::npos);
  // Cannot grow: |f| < 3.
  EXPECT_EQ(of_formula(path, "y = 3*tanh(a*x + b)"), "");
}

// The same verdict as of the columns themselves, whatever is added that no parameter moves.
TEST_F(FormulaSeparation, AgreesWithTheLinearModel) {
  test::Random random(17);
  int told = 0;
  for (int trial = 0; trial < 40; ++trial) {
    std::string text = "u,v,y\n";
    const int rows = 8 + trial % 9;
    for (int r = 0; r < rows; ++r) {
      const double u = random.normal();
      const double v = random.normal();
      const bool one = u - 0.5 * v + (trial % 2 == 0 ? 0.0 : 0.8 * random.normal()) > 0.1;
      text += fmt::format("{},{},{}\n", u, v, one ? 1 : 0);
    }
    const std::string path = write(text + "0,5,0\n3,0,1\n");
    const std::string linear = of_columns(path);
    const std::string formula = of_formula(path, "y = a*u + 2*b*v + sin(u) + c");
    EXPECT_EQ(linear.empty(), formula.empty()) << trial << "\n" << linear << "\n" << formula;
    told += linear.empty() ? 0 : 1;
  }
  EXPECT_GE(told, 20);
  EXPECT_LT(told, 40);
}

}  // namespace
}  // namespace talweg
