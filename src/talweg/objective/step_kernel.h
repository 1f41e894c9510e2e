// SPDX-License-Identifier: Apache-2.0
// Stochastic descent by single rows in one loop: for every row named, in turn,
//   f   = offset + sum_j x_j t_j                 as dot_rows of row_kernel.h
//   t_j = (t_j - pull_j t_j) + a x_j             a = -factor w loss'(f, y), a fused multiply-add
// The step after a row must be known before the next row's prediction, so it is the length of this chain that
// limits the speed, not the arithmetic: nothing of it leaves the loop. All instruction sets and the plain
// reference give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "talweg/objective/loss.h"
#include "talweg/objective/row_kernel.h"

namespace talweg {

struct StepTask {
  RowCells rows;
  const std::uint32_t* index = nullptr;  ///< rows in the order of their visits
  std::size_t count = 0;
  LossSettings loss;
  const double* weights = nullptr;  ///< by row; null: all are 1
  const double* pull = nullptr;     ///< by column: rate times l2; null: none
  double offset = 0;
  double factor = 0;
};

/// t: columns numbers.
void step_rows(const StepTask& task, double* t);

/// The same in plain C++ with std::fma.
void step_rows_reference(const StepTask& task, double* t);

}  // namespace talweg
