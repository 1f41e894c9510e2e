// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/fit_ending.h"

#include <fmt/format.h>

#include <cmath>

#include "talweg/base/numbers.h"

namespace talweg {

void take_ending(const DescentResult& result, Fit& fit) {
  fit.termination = result.termination;
  fit.epochs = result.epochs;
  fit.best_epoch = result.epoch;
  fit.cost = result.cost;
  fit.gradient_norm = result.gradient_norm;
}

std::string divergence_text(const DescentResult& result, const std::string& between) {
  // A cost that is not finite was not accepted: it belongs to the epoch after the last one.
  const std::uint64_t epoch = result.epochs + (std::isfinite(result.termination.measured) ? 0 : 1);
  return fmt::format(
      "diverged in epoch {}: the cost went from {} to {} (limit {}). {}The parameters given are those of "
      "epoch {}, which has the lowest cost, {}.",
      epoch, short_text(result.start_cost), short_text(result.termination.measured),
      short_text(result.termination.limit), between, result.epoch, short_text(result.cost));
}

void warn_of_early_end(Fit& fit) {
  const bool seconds = fit.termination.reason == Reason::seconds;
  if (!seconds && !(fit.termination.reason == Reason::epochs && fit.plan.tolerance)) return;
  fit.warnings.push_back(fmt::format("stopped by --{} after {} epochs, before the tolerance {} was reached",
                                     seconds ? "max-seconds" : "epochs", grouped(fit.epochs),
                                     shortest(fit.plan.tolerance.value_or(0))));
}

void take_seconds(const FoldedData& data, std::chrono::steady_clock::time_point began, Fit& fit) {
  fit.seconds.read = data.seconds_reading;
  fit.seconds.fold = data.seconds_folding;
  fit.seconds.descend = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace talweg
