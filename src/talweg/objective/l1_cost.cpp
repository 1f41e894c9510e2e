// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/l1_cost.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace talweg {

L1Cost::L1Cost(Objective& smooth, std::vector<double> weights, std::vector<double> hessian)
    : smooth_(smooth), weights_(std::move(weights)), hessian_(std::move(hessian)) {
  for (std::size_t j = 0; j < weights_.size(); ++j) {
    const bool moves = hessian_.empty() || hessian_[j * weights_.size() + j] > 0;
    if (weights_[j] == 0 && moves) free_ = j;
  }
  squares_ = !hessian_.empty();
  const std::size_t n = weights_.size();
  for (std::size_t j = 0; squares_ && free_ && j < n; ++j) free_column_.push_back(hessian_[j * n + *free_]);
}

L1Cost::L1Cost(Objective& smooth, std::vector<double> weights, std::optional<std::size_t> free,
               std::vector<double> free_column)
    : smooth_(smooth),
      weights_(std::move(weights)),
      free_(free),
      free_column_(std::move(free_column)),
      squares_(true) {}

double L1Cost::evaluate(const Point& point, std::span<double> gradient) {
  const double smooth = smooth_.evaluate(point, gradient);
  double penalty = 0;
  for (std::size_t j = 0; j < weights_.size(); ++j) penalty += weights_[j] * std::abs(point.high[j]);
  last_cost_ = smooth + penalty;
  if (squares_) last_gap_ = duality_gap(point, smooth, gradient).gap;
  return last_cost_;
}

bool L1Cost::support_direction(const Point& point, std::span<const double> slope,
                               std::span<const std::size_t> support, std::span<double> out) {
  if (hessian_.empty()) return smooth_.support_direction(point, slope, support, out);
  const std::size_t n = weights_.size();
  const auto count = static_cast<Eigen::Index>(support.size());
  Eigen::MatrixXd matrix(count, count);
  Eigen::VectorXd right(count);
  for (Eigen::Index a = 0; a < count; ++a) {
    const std::size_t i = support[static_cast<std::size_t>(a)];
    right[a] = -slope[i];
    for (Eigen::Index b = 0; b < count; ++b)
      matrix(a, b) = hessian_[i * n + support[static_cast<std::size_t>(b)]];
  }
  const Eigen::LLT<Eigen::MatrixXd> factor(matrix);
  constexpr double kSingular = 1e-14;
  if (factor.info() != Eigen::Success || factor.rcond() < kSingular) return false;
  const Eigen::VectorXd solution = factor.solve(right);
  std::fill(out.begin(), out.end(), 0.0);
  for (Eigen::Index a = 0; a < count; ++a) out[support[static_cast<std::size_t>(a)]] = solution[a];
  return solution.allFinite();
}

L1Cost::Gap L1Cost::duality_gap(const Point& point, double smooth, std::span<const double> gradient) const {
  const std::size_t n = weights_.size();
  double q = smooth;
  double taken = 0;
  double free_slope = 0;
  double free_curvature = 1;
  if (free_) {
    free_slope = gradient[*free_];
    free_curvature = free_column_[*free_];
    taken = free_slope * free_slope / (2 * free_curvature);
    q = std::max(q - taken, 0.0);
  }
  const auto slope_of = [&](std::size_t j) {
    return free_ ? gradient[j] - free_column_[j] * (free_slope / free_curvature) : gradient[j];
  };
  double s = 1;
  for (std::size_t j = 0; j < n; ++j) {
    if (free_ == j) continue;
    const double slope = std::abs(slope_of(j));
    if (slope > weights_[j]) s = std::min(s, weights_[j] / slope);
  }
  Gap out;
  out.gap = taken + (1 - s) * (1 - s) * q;
  out.size = out.gap;
  for (std::size_t j = 0; j < n; ++j) {
    if (free_ == j) continue;
    const double t = point.high[j] + point.low[j];
    const double penalty = weights_[j] * std::abs(t);
    const double work = s * t * slope_of(j);
    out.gap += penalty + work;
    out.size += penalty + std::abs(work);
  }
  return out;
}

std::optional<double> L1Cost::relative_gap() const {
  if (!squares_) return std::nullopt;
  return std::max(last_gap_, 0.0) / std::max(std::abs(last_cost_), std::numeric_limits<double>::min());
}

std::optional<double> L1Cost::gap_bound(const Point& point) {
  if (!squares_) return std::nullopt;
  std::vector<double> gradient(size());
  const double smooth = smooth_.evaluate(point, gradient);
  const Gap found = duality_gap(point, smooth, gradient);
  // Every term carries a few roundings, the slopes of the smooth part among them.
  const double rounding = 8 * std::numeric_limits<double>::epsilon() * static_cast<double>(size() + 8);
  return std::max(found.gap, 0.0) + rounding * (found.size + smooth * std::numeric_limits<double>::epsilon());
}

}  // namespace talweg
