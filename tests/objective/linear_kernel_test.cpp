// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/linear_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

template <class Cell>
void compare_with_reference() {
  test::Random random(5);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (int trial = 0; trial < 60; ++trial) {
      const std::size_t columns = random.below(14);
      const std::size_t stride = 8 * (1 + random.below(20));
      std::vector<Cell> cells(columns * stride);
      std::vector<double> k(columns), u(stride);
      for (Cell& v : cells) v = static_cast<Cell>(random.normal() * random.decade(-3, 3));
      for (double& v : k) v = random.normal();
      for (double& v : u) v = random.normal();
      std::vector<double> f(stride), expected_f(stride), g(columns), expected_g(columns);
      predict_block(cells.data(), stride, columns, k.data(), 0.75, f.data());
      predict_block_reference(cells.data(), stride, columns, k.data(), 0.75, expected_f.data());
      EXPECT_EQ(f, expected_f);
      project_block(cells.data(), stride, columns, u.data(), g.data());
      project_block_reference(cells.data(), stride, columns, u.data(), expected_g.data());
      EXPECT_EQ(g, expected_g);
      // Floats are the doubles that they stand for.
      const std::vector<double> wide(cells.begin(), cells.end());
      predict_block(wide.data(), stride, columns, k.data(), 0.75, f.data());
      EXPECT_EQ(f, expected_f);
      project_block(wide.data(), stride, columns, u.data(), g.data());
      EXPECT_EQ(g, expected_g);
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(LinearKernel, AllInstructionSetsGiveTheBitsOfTheReference) {
  compare_with_reference<double>();
}

TEST(LinearKernel, AllInstructionSetsGiveTheBitsOfTheReferenceForFloats) {
  compare_with_reference<float>();
}

}  // namespace
}  // namespace talweg
