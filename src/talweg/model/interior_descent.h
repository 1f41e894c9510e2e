// SPDX-License-Identifier: Apache-2.0
// Descent on a loss with a kink (mae, quantile, hinge) of many parameters and more rows. The loss of a row is
// the largest of a u over a in [low, high], u the residual (or 1 - y f); with a logarithm that keeps a
// inside,
//
//   loss_h(u) = max over a of a u + h log(a - low) + h log(high - a)
//
// it is smooth, with some curvature in every row, and becomes the loss itself as h goes to 0. An epoch is one
// Newton step of parameters and slopes a together, on the lowest point for a smaller h: with p, q > 0, u = p
// - q and s = high - a, t = a - low,
//
//   p s = h,   q t = h,   1/W sum_r w_r a_r z_r = D x       (hinge: y_r a_r; D the l2 penalty's diagonal)
//
// the primal-dual method with a predictor that tells how far h may fall (Mehrotra, "On the implementation of
// a primal-dual interior point method", SIAM J. Optimization 2, 1992; for quantiles Portnoy and Koenker, "The
// Gaussian hare and the Laplacian tortoise", Statistical Science 12, 1997). Its equations are those of
// row_system.h with curvatures 1/(p/s + q/t).
//
// The slopes a are dual variables: LinearCost::kink_bound of them is proven, the highest of all epochs
// counts, and the run ends at the gap. Some dozens of epochs are enough, whatever the number of rows.
#pragma once

#include "talweg/model/kink_descent.h"
#include "talweg/objective/linear_cost.h"

namespace talweg {

/// Whether descend_inside is meant for this many.
bool fits_interior_descent(std::size_t rows, std::size_t parameters);

/// As descend_on_kink, whose settings these are; `first_width` > 0. The method of the settings is not used.
KinkDescent descend_inside(LinearCost& cost, const Point& start, const DescentSettings& settings,
                           double first_width);

}  // namespace talweg
