// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/step_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <vector>

#include "support/random.h"
#include "support/row_cells.h"

namespace talweg {
namespace {

TEST(StepKernel, AllInstructionSetsGiveTheBitsOfTheReference) {
  test::Random random(9);
  constexpr CostKind kLosses[] = {CostKind::mse,     CostKind::half_mse, CostKind::mae,
                                  CostKind::huber,   CostKind::quantile, CostKind::logistic,
                                  CostKind::poisson, CostKind::hinge,    CostKind::squared_hinge};
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (int trial = 0; trial < 200; ++trial) {
      StepTask task;
      task.loss.kind = kLosses[random.below(std::size(kLosses))];
      if (random.below(2) == 0) task.loss.width = 0.1;
      const std::size_t columns = 1 + random.below(40);
      const std::size_t rows = 1 + random.below(20);
      const test::RandomRowCells made(random, rows, columns, random.coin(), 0);
      task.rows = made.get();
      std::vector<std::uint32_t> index(random.below(60));
      for (std::uint32_t& r : index) r = static_cast<std::uint32_t>(random.below(rows));
      std::vector<double> weights(rows), pull(columns), t(columns);
      for (double& v : weights) v = 1 + random.normal() / 10;
      for (double& v : pull) v = 1e-3 * random.normal();
      for (double& v : t) v = random.normal() * random.decade(-3, -1);
      task.index = index.data();
      task.count = index.size();
      if (random.below(2) == 0) task.weights = weights.data();
      if (random.below(2) == 0) task.pull = pull.data();
      if (random.below(2) == 0) task.offset = random.normal();
      task.factor = random.decade(-5, -2);
      std::vector<double> expected = t;
      step_rows(task, t.data());
      step_rows_reference(task, expected.data());
      EXPECT_EQ(t, expected) << cost_name(task.loss.kind);
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace
}  // namespace talweg
