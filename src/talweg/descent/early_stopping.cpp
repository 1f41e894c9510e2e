// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/early_stopping.h"

namespace talweg {

bool EarlyStopping::see(const EpochRecord& record, double held_out_cost) {
  const bool first = point_.size() == 0;
  if (first || held_out_cost < best_) {
    if (held_out_cost < best_) best_ = held_out_cost;
    point_ = *record.point;
    epoch_ = record.epoch;
    cost_ = record.cost;
    gradient_norm_ = record.gradient_norm;
    since_ = 0;
  } else {
    ++since_;
  }
  stopped_ = patience_ && since_ >= *patience_;
  return stopped_;
}

void EarlyStopping::finish(DescentResult& result) const {
  if (!patience_ || result.diverged() || point_.size() == 0) return;
  result.point = point_;
  result.epoch = epoch_;
  result.cost = cost_;
  result.gradient_norm = gradient_norm_;
  if (stopped_ && result.termination.reason == Reason::callback)
    result.termination = {Reason::early_stopping, static_cast<double>(since_),
                          static_cast<double>(*patience_)};
}

}  // namespace talweg
