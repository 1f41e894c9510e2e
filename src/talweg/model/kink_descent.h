// SPDX-License-Identifier: Apache-2.0
// Descent on a loss with a kink (mae, quantile, hinge): on the loss smoothed over a width that shrinks by a
// factor of ten, each stage from where the last one ended. Rows within the width carry a slope between the
// kink's two sides; as long as they stay the same rows the lowest point moves along a line, and the step that
// follows that line (one Newton step of the frozen rows) lands on the next stage's answer. In the limit these
// rows are fitted exactly: the vertex of the linear program, or the active set where there is an l2 penalty.
//
// Where the smoothed cost is lowest its slopes are feasible dual variables, whose dual value
// (KinkedObjective::dual_value) is at most the lowest cost of the loss itself. So
//   cost - lowest cost <= cost - dual value + what the smoothed cost is above its own lowest,
// the last judged by g'H^-1 g, twice its second-order estimate. As soon as the rows are the right ones this
// gap vanishes up to rounding, whatever the width.
#pragma once

#include <optional>

#include "talweg/descent/minimiser.h"
#include "talweg/objective/kinked.h"

namespace talweg {

struct KinkDescent {
  DescentResult result;  ///< cost and start_cost are those of the loss itself; epochs over all stages
  std::optional<double> gap_bound;
  bool proven = false;  ///< the gap is that of a proven bound, not judged by curvature
};

/// `settings.tolerance`: the relative gap at which to end (absent: as far as rounding allows); the observer
/// sees the cost of the loss itself. `first_width` > 0. The cost has the width of the last stage afterwards.
KinkDescent descend_on_kink(KinkedObjective& cost, const Point& start, const DescentSettings& settings,
                            double first_width);

}  // namespace talweg
