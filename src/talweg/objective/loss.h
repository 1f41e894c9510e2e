// SPDX-License-Identifier: Apache-2.0
// The loss of one row as a function of the prediction f and the target y, for a run of rows at once: value,
// slope (d/df) and curvature (d^2/df^2). Adding a loss: a line in the table of loss.cpp and a case in
// `evaluate_loss`, both in that file.
//
//   mse            (f - y)^2                       slope 2(f - y)                   curvature 2
//   half-mse       (f - y)^2 / 2                   f - y                            1
//   sse            as mse; the cost is the sum over the rows, not their mean
//   huber          r = y - f; r^2/2 where |r| <= delta, else delta|r| - delta^2/2   at most 1
//   mae            |r|                                                              0, a kink at r = 0
//   quantile       max(q r, (q - 1) r)                                              0, a kink at r = 0
//   logistic       log(1 + exp(-y f)), y = -1, +1                                   at most 1/4
//   poisson        exp(f) - y f, y >= 0                                             exp(f): no bound
//   hinge          max(0, 1 - y f), y = -1, +1                                      0, a kink at y f = 1
//   squared-hinge  max(0, 1 - y f)^2                                                at most 2
// (Huber 1964; Koenker and Bassett 1978; Hastie, Tibshirani, Friedman, "The Elements of Statistical
// Learning", 2009, chapters 10 and 12.) The three losses with a kink are the largest of a u over a in [low,
// high], u the residual r or the margin's lack 1 - y f; smoothed over the width h they are the largest of
// a u - h a^2/2 (Nesterov, "Smooth minimization of non-smooth functions", Math. Programming 103, 2005): less
// than the loss itself by at most h max(low^2, high^2)/2, with curvature at most 1/h.
//
// exp(-|y f|) <= 1 and log(1 + t) keep their digits in both tails of logistic.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace talweg {

/// What the cost gathers over the rows; `--loss`.
enum class CostKind { mse, half_mse, sse, mae, huber, quantile, logistic, poisson, hinge, squared_hinge };

std::string_view cost_name(CostKind cost);
std::optional<CostKind> cost_from_name(std::string_view name);
std::vector<std::string_view> cost_names();

/// mse, half-mse, sse: the cost is quadratic in the parameters of a linear model, and folds.
inline bool is_squared(CostKind cost) {
  return cost == CostKind::mse || cost == CostKind::half_mse || cost == CostKind::sse;
}
/// The target is one of two classes, -1 or +1.
inline bool is_classification(CostKind cost) {
  return cost == CostKind::logistic || cost == CostKind::hinge || cost == CostKind::squared_hinge;
}
/// A loss with a kink, descended on smoothed.
inline bool has_kink(CostKind cost) {
  return cost == CostKind::mae || cost == CostKind::quantile || cost == CostKind::hinge;
}

struct LossSettings {
  CostKind kind = CostKind::mse;
  double huber_delta = 1;  ///< > 0
  double quantile = 0.5;   ///< in (0, 1)
  double width = 0;        ///< of the smoothing, > 0 for a loss with a kink; 0: the loss itself
};

/// The largest curvature; absent where there is no bound.
std::optional<double> curvature_bound(const LossSettings& loss);

/// Where the prediction of a linear model goes before it is shown: the mean of the target that the loss is
/// for. Logistic: the probability of +1; poisson: exp(f); others: f itself.
double mean_of_prediction(CostKind loss, double f);
/// The same of `rows` predictions, with the same bits. f, out: rows.
void means_of_predictions(CostKind loss, const double* f, std::size_t rows, double* out);

/// Value (unless `value` is null), slope and (unless `curvature` is null) curvature of `rows` rows. f and y:
/// rows. Results are non-finite where f is, or where exp(f) leaves the range of a double. `ahead`: memory
/// that will be wanted next; a loss that is mostly arithmetic asks for some of it meanwhile. Returns what
/// lies behind that.
const void* evaluate_loss(const LossSettings& loss, const double* f, const double* y, std::size_t rows,
                          double* value, double* slope, double* curvature, const void* ahead = nullptr);

/// The dual variable a of a loss with a kink, in [low, high]: slope = -a (mae, quantile) or -y a (hinge).
struct DualRange {
  double low = 0;
  double high = 0;
};
DualRange dual_range(const LossSettings& loss);

}  // namespace talweg
