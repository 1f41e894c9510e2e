// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/run_watch.h"

#include <algorithm>

#include "talweg/model/held_out.h"

namespace talweg {

std::size_t steps_to_keep(const FitRequest& request, const Problem& problem) {
  constexpr std::size_t kMostSteps = 2000;
  if (request.sample_rows == 0) return 0;
  return std::min(kMostSteps, Trace::kMostNumbers / std::max<std::size_t>(1, problem.plan.parameters.size()));
}

std::optional<FirstSteps> first_steps(const StepLog& log,
                                      const std::function<std::vector<double>(const Point&)>& to_user) {
  if (log.points().empty()) return std::nullopt;
  FirstSteps out;
  out.end = log.ends();
  for (const std::vector<double>& point : log.points()) out.parameters.push_back(to_user(Point(point)));
  return out;
}

bool RunWatch::see(const EpochRecord& record, std::span<const double> parameters) {
  EpochView view{record.epoch, record.cost, record.gradient_norm, record.learning_rate, parameters, {}};
  bool stop = false;
  if (request_.held_out != nullptr) {
    view.validation_cost = request_.held_out->cost(parameters);
    stop = stopping_.see(record, *view.validation_cost);
  }
  fit_.trace.add(record.epoch, record.cost, record.gradient_norm, record.learning_rate, parameters,
                 view.validation_cost);
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
