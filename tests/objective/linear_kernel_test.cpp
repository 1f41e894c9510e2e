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
      const std::size_t used = random.below(columns + 1);
      const std::size_t panels = 1 + random.below(4);
      const std::size_t rows = panels * kPanelRows;
      std::vector<Cell> cells(columns * rows);
      std::vector<double> k(columns), u(rows), lanes(8 * used);
      for (Cell& v : cells) v = static_cast<Cell>(random.normal() * random.decade(-3, 3));
      for (double& v : k) v = random.normal();
      for (double& v : u) v = random.normal();
      for (double& v : lanes) v = random.normal();
      const void* const ahead = random.below(2) == 0 ? cells.data() : nullptr;
      std::vector<double> f(rows), expected_f(rows), expected = lanes;
      predict_panels(cells.data(), panels, columns, k.data(), 0.75, f.data(), ahead);
      predict_panels_reference(cells.data(), panels, columns, k.data(), 0.75, expected_f.data());
      EXPECT_EQ(f, expected_f);
      project_panels_reference(cells.data(), panels, columns, used, u.data(), expected.data());
      std::vector<double> got = lanes;
      project_panels(cells.data(), panels, columns, used, u.data(), got.data(), ahead);
      EXPECT_EQ(got, expected);
      // Floats are the doubles that they stand for.
      const std::vector<double> wide(cells.begin(), cells.end());
      predict_panels(wide.data(), panels, columns, k.data(), 0.75, f.data());
      EXPECT_EQ(f, expected_f);
      got = lanes;
      project_panels(wide.data(), panels, columns, used, u.data(), got.data());
      EXPECT_EQ(got, expected);
      // One panel after the other is the same.
      got = lanes;
      for (std::size_t p = 0; p < panels; ++p) {
        project_panels(cells.data() + p * kPanelRows * columns, 1, columns, used, u.data() + p * kPanelRows,
                       got.data());
      }
      EXPECT_EQ(got, expected);
      std::vector<double> g(used, 0.5);
      add_lanes(got.data(), used, g.data());
      for (std::size_t j = 0; j < used; ++j) {
        const double* const l = &expected[8 * j];
        EXPECT_EQ(g[j], 0.5 + (((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))));
      }
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
