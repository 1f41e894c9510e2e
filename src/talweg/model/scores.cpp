// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/scores.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace talweg {

const char* metric_name(std::size_t metric) {
  constexpr std::array<const char*, kMetrics> kNames = {"cost",     "rmse",     "mae", "r2",
                                                        "log_loss", "accuracy", "auc"};
  return kNames[metric];
}

std::optional<double> metric_of(const HeldOutScore& score, std::size_t metric) {
  const std::array<std::optional<double>, kMetrics> values = {
      score.cost, std::sqrt(score.mse), score.mae, score.r2, score.log_loss, score.accuracy, score.auc};
  return values[metric] && std::isfinite(*values[metric]) ? values[metric] : std::nullopt;
}

std::optional<MeanAndDeviation> mean_and_deviation(const std::vector<HeldOutScore>& scores,
                                                   std::size_t metric) {
  DoubleDouble sum;
  for (const HeldOutScore& score : scores) {
    const auto value = metric_of(score, metric);
    if (!value) return std::nullopt;
    sum += *value;
  }
  if (scores.empty()) return std::nullopt;
  const auto n = static_cast<double>(scores.size());
  MeanAndDeviation out;
  out.mean = sum.value() / n;
  double squares = 0;
  for (const HeldOutScore& score : scores) {
    const double off = *metric_of(score, metric) - out.mean;
    squares += off * off;
  }
  if (scores.size() > 1) out.deviation = std::sqrt(squares / (n - 1));
  return out;
}

void Scores::take(double y, double weight, double f) {
  ++rows_;
  weight_ += weight;
  double prediction = mean_of_prediction(loss_, f);
  double target = y;
  if (is_classification(loss_)) {
    target = y > 0 ? 1 : 0;
    if (loss_ != CostKind::logistic) prediction = f > 0 ? 1 : 0;
    if ((f > 0) == (y > 0)) right_ += weight;
    double value = 0;
    double slope = 0;
    evaluate_loss({CostKind::logistic, 1, 0.5, 0}, &f, &y, 1, &value, &slope, nullptr);
    log_loss_ += weight * value;
    ranked_.push_back({f, weight, y > 0});
  }
  const double residual = target - prediction;
  squares_ += two_product(weight * residual, residual);
  magnitudes_ += weight * std::abs(residual);
  raw_ += two_product(weight * target, target);
  // By updates (West, Comm. ACM 22(9), 1979).
  const DoubleDouble delta = DoubleDouble(target) - mean_;
  mean_ += DoubleDouble(weight) * delta / weight_;
  scatter_ += DoubleDouble(weight) * delta * (DoubleDouble(target) - mean_);
}

HeldOutScore Scores::finish() {
  HeldOutScore out;
  out.rows = rows_;
  out.mse = (squares_ / weight_).value();
  out.mae = (magnitudes_ / weight_).value();
  const double total = intercept_ ? scatter_.value() : raw_.value();
  if (!is_classification(loss_)) {
    if (total > 0) out.r2 = 1 - squares_.value() / total;
    return out;
  }
  if (loss_ == CostKind::logistic) out.log_loss = (log_loss_ / weight_).value();
  out.accuracy = (right_ / weight_).value();
  std::sort(ranked_.begin(), ranked_.end(), [](const Ranked& a, const Ranked& b) { return a.f < b.f; });
  double negatives = 0;  // weight of the -1 below
  double positives = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < ranked_.size();) {
    double equal_negatives = 0;
    double equal_positives = 0;
    const double f = ranked_[i].f;
    for (; i < ranked_.size() && ranked_[i].f == f; ++i)
      (ranked_[i].positive ? equal_positives : equal_negatives) += ranked_[i].weight;
    pairs += equal_positives * (negatives + equal_negatives / 2);
    negatives += equal_negatives;
    positives += equal_positives;
  }
  if (positives > 0 && negatives > 0) out.auc = pairs / (positives * negatives);
  return out;
}

}  // namespace talweg
