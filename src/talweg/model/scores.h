// SPDX-License-Identifier: Apache-2.0
// How well predictions meet targets, weighted; f the linear predictor, p what the loss predicts with it (the
// mean of the target: loss.h).
//   mse       sum w (y - p)^2 / W                 mae   sum w |y - p| / W
//   r2        1 - sum w (y - p)^2 / sum w (y - mean)^2, without an intercept 1 - sum w (y - p)^2 / sum w y^2
//   log_loss  logistic: sum w log(1 + exp(-y f)) / W, y = -1, +1
//   accuracy  two classes: the weight of the rows with f on the side of their class
//   auc       two classes: P(f of a +1 > f of a -1), ties count half (Mann and Whitney 1947)
// For two classes mse and mae compare 0 and 1 with the probability (logistic) or with the class predicted.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "talweg/base/double_double.h"
#include "talweg/objective/loss.h"

namespace talweg {

struct HeldOutScore {
  std::uint64_t rows = 0;
  double cost = 0;  ///< the loss gathered over these rows as in the cost, without penalty
  double mse = 0;
  std::optional<double> mae;  ///< absent where the rows are folded: moments know squares alone
  std::optional<double> r2;   ///< absent for two classes, and where the target is constant
  std::optional<double> log_loss;
  std::optional<double> accuracy;
  std::optional<double> auc;  ///< absent with one class only
};

/// Metrics by number, in the order of metric_name: cost, rmse, mae, r2, log_loss, accuracy, auc.
inline constexpr std::size_t kMetrics = 7;
const char* metric_name(std::size_t metric);
std::optional<double> metric_of(const HeldOutScore& score, std::size_t metric);

struct MeanAndDeviation {
  double mean = 0;
  std::optional<double> deviation;  ///< divisor one less than the numbers; absent for a single one
};
/// Of a metric over several parts; absent where one of them has none.
std::optional<MeanAndDeviation> mean_and_deviation(const std::vector<HeldOutScore>& scores,
                                                   std::size_t metric);

class Scores {
 public:
  Scores(CostKind loss, bool intercept) : loss_(loss), intercept_(intercept) {}
  /// y: -1 or +1 for two classes.
  void take(double y, double weight, double f);
  /// All but the cost.
  HeldOutScore finish();

 private:
  CostKind loss_;
  bool intercept_;
  std::uint64_t rows_ = 0;
  DoubleDouble weight_, squares_, magnitudes_, mean_, scatter_, raw_, log_loss_, right_;
  struct Ranked {
    double f = 0;
    double weight = 0;
    bool positive = false;
  };
  std::vector<Ranked> ranked_;
};

}  // namespace talweg
