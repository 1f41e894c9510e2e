// SPDX-License-Identifier: Apache-2.0
// The one loop: propose (the method), evaluate (the objective), accept (only what is finite), record, decide
// whether to go on. It knows parameters, a cost and a gradient; no data, no columns, no printing.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "talweg/base/stop.h"
#include "talweg/descent/method.h"

namespace talweg {

/// Why a run ended.
enum class Reason {
  tolerance,
  rounding,
  epochs,
  seconds,
  interrupted,
  diverged,
  non_finite,
  early_stopping,
  callback
};
std::string_view reason_name(Reason reason);

/// The ending: the reason, the number that was measured and the limit that it met.
struct Termination {
  Reason reason = Reason::epochs;
  double measured = 0;
  double limit = 0;
};

/// One epoch, as observers see it.
struct EpochRecord {
  std::uint64_t epoch = 0;
  double cost = 0;
  double gradient_norm = 0;
  std::optional<double> learning_rate;  ///< of the step that led here; absent in epoch 0
  const Point* point = nullptr;
};

struct DescentSettings {
  MethodSettings method;
  std::uint64_t epochs = 10'000'000;
  /// Quadratic cost: stop at a gap of tolerance^2 times the start's; other costs: at a gradient norm of
  /// tolerance times `gradient_scale`. Absent: run exactly `epochs` epochs (cg and line searches may still
  /// end for want of a step).
  std::optional<double> tolerance;
  double gradient_scale = 0;  ///< 0: the gradient norm at the start
  double rounding_gap = 0;    ///< quadratic cost: a gap that is lost in the rounding of the parameters
  std::optional<double> max_seconds;
  double divergence_cost = std::numeric_limits<double>::infinity();  ///< a cost above it is divergence
  std::optional<double> stable_rate;  ///< a constant rate above it that ends above its start has diverged
  const StopFlag* stop = nullptr;
  std::function<bool(const EpochRecord&)>
      observer;  ///< called for every epoch, the start included; true asks to stop
};

struct DescentResult {
  Point point;  ///< of the last accepted epoch; after divergence of the epoch with the lowest cost
  std::uint64_t epoch = 0;   ///< epoch of `point`
  double cost = 0;           ///< there
  double gradient_norm = 0;  ///< there
  std::uint64_t epochs = 0;  ///< updates made
  std::uint64_t evaluations = 0;
  double start_cost = 0;
  double last_cost = 0;  ///< of the last accepted epoch
  Termination termination;

  [[nodiscard]] bool diverged() const {
    return termination.reason == Reason::diverged || termination.reason == Reason::non_finite;
  }
};

DescentResult minimise(Objective& objective, Point start, const DescentSettings& settings);

/// Where a run on a quadratic cost ends: tolerance^2 * start_gap, or the rounding gap where that is larger.
double limit_gap(double start_gap, double tolerance, double rounding_gap);

}  // namespace talweg
