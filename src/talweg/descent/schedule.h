// SPDX-License-Identifier: Apache-2.0
// Learning rates that change with the epochs. With e epochs done, E asked for, rate R, decay D, power P:
//   constant      R
//   inverse       R / (1 + D e)^P                  D = 1, P = 1     (Robbins and Monro 1951: sum of rates
//                                                                    infinite, sum of squares finite)
//   step          R D^floor(e / 10)                D = 0.5
//   exponential   R exp(-D e)                      D = 0.1
//   cosine        R (1 + cos(pi e / E)) / 2        (Loshchilov and Hutter, "SGDR", ICLR 2017)
// The factor is on the whole step, so it does not enter a method's memory of earlier steps.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace talweg {

class Method;

enum class ScheduleKind { constant, inverse, step, exponential, cosine };

std::string_view schedule_name(ScheduleKind kind);
/// D where none is given; 0 for a schedule that has none.
double usual_decay(ScheduleKind kind);

struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double decay = 0;
  double power = 1;
  std::uint64_t epochs = 0;  ///< E, of cosine

  /// The factor on the rate of the epoch that follows `epoch` epochs.
  [[nodiscard]] double factor(std::uint64_t epoch) const;
};

/// `inner` with its steps, and the rates that it shows, times the schedule's factor.
std::unique_ptr<Method> scheduled(std::unique_ptr<Method> inner, const Schedule& schedule);

}  // namespace talweg
