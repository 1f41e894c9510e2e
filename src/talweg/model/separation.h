// SPDX-License-Identifier: Apache-2.0
// Classes for which logistic regression has no finite answer (Albert and Anderson, "On the existence of
// maximum likelihood estimates in logistic regression models", Biometrika 71, 1984): along some direction d
// of the parameters y f_d >= 0 for every row and > 0 for some (f_d the prediction of d). The classes are
// separable where it is > 0 for every row, else quasi-separable.
//
// Poisson regression has none where f_d = 0 for every row with a count above zero, f_d <= 0 for all others
// and < 0 for some (Santos Silva and Tenreyro, "On the existence of the maximum likelihood estimates in
// Poisson regression", Economics Letters 107, 2010): a level whose counts are all zero is the usual case.
//
// The direction is proposed by Newton's steps on from where the descent ended: where there is an answer they
// shrink, and there is none to be told of; where there is none, a step adds about 1 to the margin of every
// row that d tells apart (of Poisson: takes about 1 from its f) and nothing to that of the others. It is then
// verified on every row.
//
// Most data have an answer, and one step H s = -g proves it (Stiemke's theorem, 1915). With p_r = 1/(1 +
// exp(y_r f_r)) it reads sum_r w_r p_r (1 - (1 - p_r) y_r s_r) y_r x_r = 0, s_r what the step adds to row r's
// prediction. Where y_r s_r < 1 for every row all these factors are positive; along a direction that tells
// apart, the sum would be, too. Of counts e^f (1 + s_r) for the rows of zeros does the same.
//
// One column or level that does it alone is found by the range of its values in each class.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "talweg/model/problem.h"
#include "talweg/objective/linear_cost.h"

namespace talweg {

/// Where no row's margin y f reaches this, the descent ended at an answer: without one it stops at margins of
/// about log(1/tolerance) less half the logarithm of how rare the separated rows are.
inline constexpr double kSuspiciousMargin = 6;

struct Separation {
  bool complete = false;   ///< separable, else quasi-separable; of counts: never
  std::uint64_t rows = 0;  ///< for which y f_d > 0; of counts: f_d < 0
  /// One parameter alone does it, together with the intercept: its place, the value at the border (user's
  /// units) and whether rows above it are of class +1. Of counts: all above zero are at the border.
  struct Column {
    std::size_t parameter = 0;
    double border = 0;
    bool above_is_plus = true;
    std::uint64_t above = 0, below = 0, at = 0;  ///< rows
  };
  std::optional<Column> column;
  std::vector<double> direction;  ///< per parameter, user's units; else
};

/// `at`: where the descent ended, `f`: the predictions there. The cost is logistic or Poisson without a
/// penalty.
std::optional<Separation> find_separation(LinearCost& cost, const Point& at, std::span<const double> f,
                                          bool intercept);

/// The warning, with the column or the direction, and the remedy.
std::string separation_text(const Separation& found, const Plan& plan,
                            const std::vector<FeatureSummary>& features, const LinearCost& cost);

}  // namespace talweg
