// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/step_kernel.h"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/objective/step_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "talweg/objective/logistic-inl.h"
#include "talweg/objective/row_cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_NATIVE_FMA && !HWY_HAVE_SCALABLE

HWY_INLINE double slope_of(const LossSettings& loss, double f, double y) {
  if (loss.kind == CostKind::logistic) return logistic_slope(f, y);
  double slope = 0;
  evaluate_loss(loss, &f, &y, 1, nullptr, &slope, nullptr);
  return slope;
}

// `t` has rows.stride numbers, zeros behind the columns.
template <class Row, bool kPulled>
HWY_INLINE void walk(const StepTask& task, const double* HWY_RESTRICT pull, double* HWY_RESTRICT t) {
  constexpr std::size_t kAhead = 16;
  const RowTag d;
  const std::size_t columns = task.rows.columns;
  const std::size_t whole = columns / kLanes * kLanes;
  const auto last = hn::FirstN(d, columns - whole);
  const bool part = whole < columns;
  for (std::size_t k = 0; k < task.count; ++k) {
    if (k + kAhead < task.count) fetch_row(task.rows, task.index[k + kAhead]);
    const Row x(task.rows, task.index[k]);
    RowVector sum[kVectors];
    for (auto& lane : sum) lane = hn::Zero(d);
    std::size_t j = 0;
    for (; j + 8 <= whole; j += 8) {
      for (std::size_t v = 0; v < kVectors; ++v)
        sum[v] = hn::MulAdd(x.load(j + v * kLanes), hn::Load(d, t + j + v * kLanes), sum[v]);
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = j + v * kLanes;
      if (at < whole) {
        sum[v] = hn::MulAdd(x.load(at), hn::Load(d, t + at), sum[v]);
      } else if (at < columns) {
        sum[v] = hn::MulAdd(hn::IfThenElseZero(last, x.load(at)), hn::Load(d, t + at), sum[v]);
      }
    }
    double f = sum_of_lanes<kVectors>(sum);
    if (task.offset != 0) f += task.offset;
    double slope = slope_of(task.loss, f, task.rows.target(task.index[k]));
    if (task.weights != nullptr) slope *= task.weights[task.index[k]];
    const auto factor = hn::Set(d, slope * -task.factor);
    const auto step = [&](std::size_t at, RowVector cells) {
      auto from = hn::Load(d, t + at);
      if constexpr (kPulled) from = hn::Sub(from, hn::Mul(hn::Load(d, pull + at), from));
      hn::Store(hn::MulAdd(cells, factor, from), d, t + at);
    };
    for (j = 0; j < whole; j += kLanes) step(j, x.load(j));
    if (part) step(whole, hn::IfThenElseZero(last, x.load(whole)));
  }
}

template <class Row>
void walk_rows(const StepTask& task, double* t) {
  constexpr std::size_t kAlign = 8;
  const std::size_t columns = task.rows.columns;
  std::vector<double> memory(2 * task.rows.stride + kAlign);
  // The parameters are loaded aligned.
  double* const kept = memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64 / 8;
  double* const pull = kept + task.rows.stride;
  std::copy_n(t, columns, kept);
  if (task.pull != nullptr) {
    std::copy_n(task.pull, columns, pull);
    walk<Row, true>(task, pull, kept);
  } else {
    walk<Row, false>(task, nullptr, kept);
  }
  std::copy_n(kept, columns, t);
}

void steps_target(const StepTask& task, double* t) {
  task.rows.floats == nullptr ? walk_rows<RowOfDoubles>(task, t) : walk_rows<RowOfFloats>(task, t);
}

#else

void steps_target(const StepTask& task, double* t) {
  step_rows_reference(task, t);
}

#endif

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(steps_target);

void step_rows(const StepTask& task, double* t) {
  HWY_DYNAMIC_DISPATCH(steps_target)(task, t);
}

void step_rows_reference(const StepTask& task, double* t) {
  for (std::size_t k = 0; k < task.count; ++k) {
    const std::size_t r = task.index[k];
    double f = 0;
    dot_rows_reference(task.rows, task.index + k, 1, t, &f);
    if (task.offset != 0) f += task.offset;
    const double y = task.rows.target(r);
    double a = 0;
    evaluate_loss(task.loss, &f, &y, 1, nullptr, &a, nullptr);
    if (task.weights != nullptr) a *= task.weights[r];
    a *= -task.factor;
    for (std::size_t j = 0; task.pull != nullptr && j < task.rows.columns; ++j) t[j] -= task.pull[j] * t[j];
    add_rows_reference(task.rows, task.index + k, 1, &a, t);
  }
}

}  // namespace talweg
#endif
