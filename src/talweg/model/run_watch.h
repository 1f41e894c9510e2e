// SPDX-License-Identifier: Apache-2.0
// What every run of a fit shows: each epoch goes to the trace, to the rows held out where there are some, and
// to the request's observer.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "talweg/descent/early_stopping.h"
#include "talweg/descent/step_log.h"
#include "talweg/model/fit.h"
#include "talweg/model/request.h"

namespace talweg {

/// How many steps within epochs pictures want to know of.
std::size_t steps_to_keep(const FitRequest& request, const Problem& problem);
/// Those kept, as the Fit has them; absent where there are none.
std::optional<FirstSteps> first_steps(const StepLog& log,
                                      const std::function<std::vector<double>(const Point&)>& to_user);

class RunWatch {
 public:
  RunWatch(const FitRequest& request, Fit& fit) : request_(request), fit_(fit), stopping_(request.patience) {}

  /// An epoch, `parameters` in the user's units. True asks to stop.
  bool see(const EpochRecord& record, std::span<const double> parameters);
  /// After the run: early stopping, and the best epoch for the Fit.
  void finish(DescentResult& result) const;

 private:
  const FitRequest& request_;
  Fit& fit_;
  EarlyStopping stopping_;
};

}  // namespace talweg
