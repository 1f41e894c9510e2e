// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/step_kernel.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "support/random.h"

namespace talweg {
namespace {

struct Free {
  void operator()(double* memory) const { std::free(memory); }
};

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
      task.columns = 1 + random.below(40);
      task.stride = (task.columns + 8) / 8 * 8;
      const std::size_t rows = 1 + random.below(20);
      const std::unique_ptr<double, Free> cells(
          static_cast<double*>(std::aligned_alloc(64, rows * task.stride * sizeof(double))));
      std::fill_n(cells.get(), rows * task.stride, 0.0);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < task.columns; ++j) cells.get()[r * task.stride + j] = random.normal();
        cells.get()[r * task.stride + task.columns] = random.below(2) == 0 ? 1 : -1;
      }
      std::vector<std::uint32_t> index(random.below(60));
      for (std::uint32_t& r : index) r = static_cast<std::uint32_t>(random.below(rows));
      std::vector<double> weights(rows), pull(task.columns), t(task.columns);
      for (double& v : weights) v = 1 + random.normal() / 10;
      for (double& v : pull) v = 1e-3 * random.normal();
      for (double& v : t) v = random.normal() * random.decade(-3, -1);
      task.cells = cells.get();
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
