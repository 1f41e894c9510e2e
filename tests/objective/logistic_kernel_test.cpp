// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/logistic_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> out;
  for (const double v : values) out.push_back(std::isnan(v) ? 0 : std::bit_cast<std::uint64_t>(v));
  return out;
}

TEST(LogisticKernel, AllInstructionSetsGiveTheBitsOfTheReference) {
  test::Random random(10);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double ends[] = {0.0, -0.0, 745, -745, 1e308, -1e308, kInfinity, -kInfinity, std::nan(""), 5e-324};
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (int trial = 0; trial < 200; ++trial) {
      const std::size_t rows = random.below(100);
      std::vector<double> f(rows), y(rows);
      for (double& v : f)
        v = random.below(10) == 0 ? ends[random.below(std::size(ends))]
                                  : random.normal() * random.decade(-8, 3);
      for (double& v : y) v = random.below(2) == 0 ? 1 : -1;
      std::vector<double> value(rows), slope(rows), curvature(rows), value_b(rows), slope_b(rows),
          curvature_b(rows);
      const bool values = random.below(2) == 0;
      const bool curvatures = random.below(2) == 0;
      logistic_rows(f.data(), y.data(), rows, values ? value.data() : nullptr, slope.data(),
                    curvatures ? curvature.data() : nullptr, random.below(2) == 0 ? f.data() : nullptr);
      logistic_reference(f.data(), y.data(), rows, values ? value_b.data() : nullptr, slope_b.data(),
                         curvatures ? curvature_b.data() : nullptr);
      EXPECT_EQ(bits(value), bits(value_b));
      EXPECT_EQ(bits(slope), bits(slope_b));
      EXPECT_EQ(bits(curvature), bits(curvature_b));
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace
}  // namespace talweg
