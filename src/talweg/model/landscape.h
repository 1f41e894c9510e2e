// SPDX-License-Identifier: Apache-2.0
// What draws a cost around the parameters of a fit, for costs whose descent has no closed form: losses over
// rows, and squared error with an l1 penalty.
//
// Moves of the parameters w (b: the intercept) are told in standardised coordinates, ' meaning the reported
// ones:
//   t_j = s_j (w_j - w_j'),   t_0 = (b - b') + sum_j m_j (w_j - w_j')
// so that large means cost a picture no digits. Then
//   over rows   cost = 1/W sum_r w_r loss(f_r, y_r) + penalty,  f_r = f_r' + t_0 + sum_j z_rj t_j,
//               z_rj = (x_rj - m_j)/s_j
//   folded      cost = cost' + g.t + 1/2 t'Ht + (l1 penalty)      the l2 penalty is in g and H
//   penalty     sum_j (l1_j |w_j| + l2_j/2 w_j^2) + what the parameters not carried add
// Over rows the sums go over all rows where they are few, else over a sample of them (row_sample.h).
#pragma once

#include <cstddef>
#include <vector>

#include "talweg/model/problem.h"
#include "talweg/model/replay.h"

namespace talweg {

struct Landscape {
  /// Numbers of parameters, the most important first (as Replay::carried), at most Replay::kMostCarried.
  std::vector<std::size_t> carried;
  // Per carried parameter; of the intercept 1, 0, 0, 0.
  std::vector<double> spread;  ///< s_j
  std::vector<double> mean;    ///< m_j
  std::vector<double> l1;
  std::vector<double> l2;
  double rest = 0;  ///< penalty of the parameters not carried
  bool folded = false;
  // Folded: of the smooth part at the reported parameters.
  double cost = 0;
  std::vector<double> gradient;  ///< per carried parameter
  std::vector<double> hessian;   ///< carried x carried
};

/// Of squared error with an l1 penalty. Evaluates the problem's cost at `parameters` (user's units).
Landscape folded_landscape(Problem& problem, const FitRequest& request,
                           const std::vector<double>& parameters);

/// Of a linear model with a loss over rows. `standard_errors` as in Fit.
Landscape row_landscape(const Problem& problem, const FitRequest& request,
                        const std::vector<double>& parameters,
                        const std::vector<std::optional<double>>& standard_errors);

/// The sampled rows with what the landscape takes of them: RowView::cells and RowView::predictor.
RowView view_landscape_rows(const Problem& problem, const Landscape& landscape,
                            const std::vector<double>& parameters);

/// A target as pictures show it beside predictions: of logistic classes 0 and 1, else as it is (-1 and +1).
double shown_target(CostKind cost, double y);

}  // namespace talweg
