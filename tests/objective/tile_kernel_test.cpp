// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/tile_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

TEST(TileKernel, GivesTheBitsOfTheReferenceOnEveryInstructionSet) {
  test::Random random(17);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (int trial = 0; trial < 20; ++trial) {
      const std::size_t depth = random.below(40);
      std::vector<double> a(depth * kStripWidth), b(depth * kStripWidth);
      for (double& v : a) v = random.normal() * random.decade(-5, 5);
      for (double& v : b) v = random.normal();
      std::vector<double> got(kStripWidth * kStripWidth, 7), expected(kStripWidth * kStripWidth, 8);
      multiply_strips(a.data(), b.data(), depth, got.data());
      multiply_strips_reference(a.data(), b.data(), depth, expected.data());
      EXPECT_EQ(got, expected);
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace
}  // namespace talweg
