// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/curvature.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "support/table.h"

namespace talweg {
namespace {

// Q diag(lambda) Q' from Householder reflections.
std::vector<double> matrix_with(test::Random& random, const std::vector<double>& lambda) {
  const std::size_t n = lambda.size();
  std::vector<long double> a(n * n, 0.0L);
  for (std::size_t i = 0; i < n; ++i) a[i * n + i] = lambda[i];
  for (int round = 0; round < 3; ++round) {
    std::vector<long double> v(n);
    long double norm = 0;
    for (auto& x : v) {
      x = random.normal();
      norm += x * x;
    }
    for (int side = 0; side < 2; ++side) {
      for (std::size_t i = 0; i < n; ++i) {
        long double dot = 0;
        for (std::size_t k = 0; k < n; ++k) dot += v[k] * (side == 0 ? a[k * n + i] : a[i * n + k]);
        for (std::size_t k = 0; k < n; ++k)
          (side == 0 ? a[k * n + i] : a[i * n + k]) -= 2 * dot / norm * v[k];
      }
    }
  }
  std::vector<double> out(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j)
      out[i * n + j] = static_cast<double>((a[i * n + j] + a[j * n + i]) / 2);
  }
  return out;
}

TEST(Curvature, FindsTheEigenvaluesThatWerePutIn) {
  test::Random random(51);
  for (const std::size_t n :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, std::size_t{80}}) {
    std::vector<double> lambda(n);
    for (double& l : lambda) l = random.decade(-6, 0);
    std::sort(lambda.begin(), lambda.end());
    std::vector<double> gradient(n);
    for (double& g : gradient) g = random.normal();
    const std::vector<double> hessian = matrix_with(random, lambda);
    const Curvature found = curvature(hessian, gradient);
    ASSERT_EQ(found.size(), n);
    EXPECT_EQ(found.first_positive, 0U);
    double total = 0;
    for (std::size_t k = 0; k < n; ++k) {
      EXPECT_NEAR(found.eigenvalues[k], lambda[k], 4e-16 * static_cast<double>(n + 4) * lambda.back());
      total += found.mode_gaps[k];
      double norm = 0;
      for (std::size_t i = 0; i < n; ++i) {
        double product = 0;
        for (std::size_t j = 0; j < n; ++j) product += hessian[i * n + j] * found.eigenvectors[k * n + j];
        EXPECT_NEAR(product, found.eigenvalues[k] * found.eigenvectors[k * n + i], 1e-14 * lambda.back());
        norm += found.eigenvectors[k * n + i] * found.eigenvectors[k * n + i];
      }
      EXPECT_NEAR(norm, 1, 1e-13);
    }
    EXPECT_DOUBLE_EQ(found.condition_number(), found.largest() / found.smallest());
    // The gaps of the modes add up to 1/2 g' H^-1 g.
    std::vector<test::Quad> a;
    for (const double h : hessian) a.push_back(test::quad(h));
    const auto solved = test::solve_positive(a, test::quads(gradient));
    test::Quad gap = 0;
    for (std::size_t j = 0; j < n; ++j) gap += test::quad(gradient[j]) * solved[j] / 2;
    EXPECT_NEAR(total, test::plain(gap), (n <= 64 ? 1e-9 : 1e-7) * test::plain(gap)) << n;
  }
}

TEST(Curvature, NullEigenvaluesHaveNoGapAndNoPartInTheCondition) {
  test::Random random(52);
  const std::vector<double> hessian = matrix_with(random, {0, 0, 0.5, 2});
  const Curvature found = curvature(hessian, std::vector<double>{1, 2, 3, 4});
  EXPECT_EQ(found.first_positive, 2U);
  EXPECT_EQ(found.mode_gaps[0], 0);
  EXPECT_EQ(found.mode_gaps[1], 0);
  EXPECT_NEAR(found.condition_number(), 4, 1e-12);
}

TEST(Curvature, BeyondTheFullSpectrumKnowsEigenvaluesAndTheSteepestDirection) {
  const std::size_t n = kFullSpectrum + 1;
  std::vector<double> hessian(n * n, 0.0);
  for (std::size_t j = 0; j < n; ++j) hessian[j * n + j] = 1 + static_cast<double>(j % 7);
  hessian[5 * n + 5] = 30;
  const Curvature found = curvature(hessian, std::vector<double>(n, 1.0));
  EXPECT_NEAR(found.largest(), 30, 1e-12);
  EXPECT_NEAR(found.condition_number(), 30, 1e-10);
  EXPECT_TRUE(found.mode_gaps.empty());
  EXPECT_NEAR(std::abs(found.steepest[5]), 1, 1e-12);
}

TEST(Curvature, TheFirstLargeEntryOfAnEigenvectorIsPositive) {
  test::Random random(52);
  for (const std::size_t n : {std::size_t{2}, std::size_t{9}, std::size_t{70}}) {
    std::vector<double> lambda(n);
    for (std::size_t k = 0; k < n; ++k) lambda[k] = static_cast<double>(k + 1);
    const Curvature found = curvature(matrix_with(random, lambda), std::vector<double>(n, 1.0));
    for (std::size_t k = 0; k < n; ++k) {
      const double* const v = found.eigenvectors.data() + k * n;
      double largest = 0;
      for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(v[i]));
      const double* const first =
          std::find_if(v, v + n, [&](double x) { return std::abs(x) > 0.5 * largest; });
      EXPECT_GT(*first, 0) << n << ' ' << k;
    }
  }
}

// What decides the order of Eigen's sums: with the vectors or the caches of a processor the bits of a fit
// would differ from machine to machine.
TEST(Curvature, EigenTakesNoNoticeOfTheProcessor) {
  EXPECT_STREQ(Eigen::SimdInstructionSetsInUse(), "None");
  EXPECT_EQ(Eigen::l1CacheSize(), 32 * 1024);
  EXPECT_EQ(Eigen::l2CacheSize(), 1024 * 1024);
  EXPECT_EQ(Eigen::l3CacheSize(), 2 * 1024 * 1024);
}

TEST(Curvature, OfNothing) {
  const Curvature found = curvature({}, {});
  EXPECT_EQ(found.size(), 0U);
  EXPECT_EQ(found.largest(), 0);
  EXPECT_EQ(found.condition_number(), 1);
}

}  // namespace
}  // namespace talweg
