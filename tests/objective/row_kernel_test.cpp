// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <vector>

#include "support/random.h"
#include "support/row_cells.h"

namespace talweg {
namespace {

TEST(RowKernel, AllInstructionSetsGiveTheBitsOfTheReference) {
  test::Random random(8);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (int trial = 0; trial < 80; ++trial) {
      const std::size_t columns = 1 + random.below(40);
      const std::size_t rows = 1 + random.below(20);
      const test::RandomRowCells made(random, rows, columns, random.coin());
      const RowCells& cells = made.get();
      std::vector<std::uint32_t> index(random.below(30));
      for (std::uint32_t& r : index) r = static_cast<std::uint32_t>(random.below(rows));
      std::vector<double> t(columns), a(index.size());
      for (double& v : t) v = random.normal();
      for (double& v : a) v = random.normal();
      std::vector<double> f(index.size()), expected_f(index.size());
      dot_rows(cells, index.data(), index.size(), t.data(), f.data());
      dot_rows_reference(cells, index.data(), index.size(), t.data(), expected_f.data());
      EXPECT_EQ(f, expected_f);
      std::vector<double> g = t;
      std::vector<double> expected_g = t;
      add_rows(cells, index.data(), index.size(), a.data(), g.data());
      add_rows_reference(cells, index.data(), index.size(), a.data(), expected_g.data());
      EXPECT_EQ(g, expected_g);
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace
}  // namespace talweg
