// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/run_watch.h"

#include "talweg/model/held_out.h"

namespace talweg {

bool RunWatch::see(const EpochRecord& record, std::span<const double> parameters) {
  fit_.trace.add(record.epoch, record.cost, record.gradient_norm, record.learning_rate, parameters);
  EpochView view{record.epoch, record.cost, record.gradient_norm, record.learning_rate, parameters, {}};
  bool stop = false;
  if (request_.held_out != nullptr) {
    view.validation_cost = request_.held_out->cost(parameters);
    stop = stopping_.see(record, *view.validation_cost);
  }
  if (request_.observer != nullptr) stop = request_.observer->epoch(view) || stop;
  return stop;
}

void RunWatch::finish(DescentResult& result) const {
  if (request_.held_out == nullptr) return;
  stopping_.finish(result);
  fit_.validation.emplace();
  fit_.validation->best_epoch = stopping_.best_epoch();
  fit_.validation->best_cost = stopping_.best_cost();
}

}  // namespace talweg
