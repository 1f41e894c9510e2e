// SPDX-License-Identifier: Apache-2.0
// The closed-form side of LeastSquares: the optimum, its errors, and bounds on the distance to it.
#include <Eigen/Core>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "talweg/objective/least_squares.h"

namespace talweg {
namespace {

constexpr double kUnitRoundoff = 0x1p-53;

}  // namespace

void LeastSquares::find_optimum() {
  const std::size_t d = active_.size();
  optimum_ = Point(std::vector<double>(size(), 0.0));
  std::vector<DoubleDouble> v(d);
  std::vector<double> q(d);
  std::vector<double> step(d);
  double last = INFINITY;
  for (int round = 0; round < 30 && d > 0; ++round) {
    for (std::size_t a = 0; a < d; ++a) {
      DoubleDouble sum = right_[a];
      for (std::size_t b = 0; b < d; ++b) sum -= matrix_[packed_index(a, b)] * v[b];
      q[a] = sum.value();
    }
    factor_.solve(q, step);
    double size_of_step = 0;
    bool settled = true;
    for (std::size_t a = 0; a < d; ++a) {
      v[a] += step[a];
      size_of_step =
          std::max(size_of_step, std::abs(step[a]) * std::sqrt(matrix_[packed_index(a, a)].value()));
      settled = settled && std::abs(step[a]) <= 1e-20 * std::abs(v[a].high);
    }
    if (settled || !(size_of_step < last / 2)) break;
    last = size_of_step;
  }
  // Below the lowest cost nothing cancels: s.v in double-double is good to 1e-24 of the target's square.
  DoubleDouble lowest = target_square_;
  for (std::size_t a = 0; a < d; ++a) lowest -= right_[a] * v[a];
  for (std::size_t a = 0; a < d; ++a) {
    optimum_.high[a] = v[a].high;
    optimum_.low[a] = v[a].low;
  }
  lowest_ = factor_k_ / 2 * lowest.value();
  if (!(lowest.value() > noise())) lowest_ = 0;
  if (!settings_.penalty_on_standard_scale) {
    for (const std::size_t j : constant_) lowest_ += settings_.l2 / 2 * user_start_[j] * user_start_[j];
  }

  if (!factor_.aliased().empty()) {
    // The minimiser nearest to the start: add the projection of (start - optimum) on the null space.
    const auto rows = static_cast<Eigen::Index>(size());
    const auto count = static_cast<Eigen::Index>(factor_.aliased().size());
    Eigen::MatrixXd null_space = Eigen::MatrixXd::Zero(rows, count);
    Eigen::VectorXd difference = Eigen::VectorXd::Zero(rows);
    for (std::size_t a = 0; a < d; ++a)
      difference(static_cast<Eigen::Index>(a)) = start_.high[a] - optimum_.high[a];
    if (settings_.intercept) {
      DoubleDouble c = target_mean_;
      for (std::size_t a = 0; a < d; ++a) c -= mu_[a] * v[a];
      difference(rows - 1) = start_.high[d] - c.value();
    }
    for (Eigen::Index k = 0; k < count; ++k) {
      const std::vector<double>& null_vector = factor_.null_vectors()[static_cast<std::size_t>(k)];
      DoubleDouble c;
      for (std::size_t a = 0; a < d; ++a) {
        null_space(static_cast<Eigen::Index>(a), k) = null_vector[a];
        c -= mu_[a] * DoubleDouble(null_vector[a]);
      }
      if (settings_.intercept) null_space(rows - 1, k) = c.value();
    }
    const Eigen::HouseholderQR<Eigen::MatrixXd> factored(null_space);
    const Eigen::MatrixXd basis = factored.householderQ() * Eigen::MatrixXd::Identity(rows, count);
    null_basis_.assign(basis.data(), basis.data() + basis.size());
    const Eigen::VectorXd shift = basis * (basis.transpose() * difference);
    for (std::size_t a = 0; a < d; ++a) v[a] += shift(static_cast<Eigen::Index>(a));
  }
  DoubleDouble c = target_mean_;
  for (std::size_t a = 0; a < d; ++a) {
    optimum_.high[a] = v[a].high;
    optimum_.low[a] = v[a].low;
    c -= mu_[a] * v[a];
  }
  if (settings_.intercept) {
    optimum_.high[d] = c.high;
    optimum_.low[d] = c.low;
  }

  const std::vector<double> user = to_user(optimum_);
  double spread_part = 0;
  double mean_part = settings_.intercept ? std::abs(user[columns_]) : 0;
  for (std::size_t a = 0; a < d; ++a) {
    const double w = std::abs(user[active_[a]]);
    spread_part += w * unit_[a] * std::sqrt(matrix_[packed_index(a, a)].value());
    if (settings_.intercept) mean_part += w * std::abs(raw_mean_[a].value());
  }
  const double rounding = spread_part * spread_part + mean_part * mean_part;
  // A millionth of the last digit: the point is kept in two doubles, and along the flattest directions a gap
  // of the size of the last digit would still be many digits of a parameter.
  constexpr double kOfLastDigit = 0x1p-20;
  rounding_gap_ = factor_k_ / 2 * rounding * (kUnitRoundoff * kOfLastDigit) * (kUnitRoundoff * kOfLastDigit);
}

std::vector<bool> LeastSquares::in_null_space() const {
  std::vector<bool> out(user_size(), false);
  for (const std::vector<double>& null_vector : factor_.null_vectors()) {
    double largest = 0;
    double on_intercept = 0;
    double scale_of_intercept = 0;
    for (std::size_t a = 0; a < null_vector.size(); ++a) {
      largest = std::max(largest, std::abs(null_vector[a]) * std::sqrt(matrix_[packed_index(a, a)].value()));
      const double part = null_vector[a] * raw_mean_[a].value() / unit_[a];
      on_intercept += part;
      scale_of_intercept += std::abs(part);
    }
    for (std::size_t a = 0; a < null_vector.size(); ++a) {
      const double size_of_part = std::abs(null_vector[a]) * std::sqrt(matrix_[packed_index(a, a)].value());
      if (size_of_part > 1e-8 * largest) out[active_[a]] = true;
    }
    if (settings_.intercept && std::abs(on_intercept) > 1e-8 * scale_of_intercept) out[columns_] = true;
  }
  return out;
}

std::vector<std::vector<std::size_t>> LeastSquares::aliased_features() const {
  std::vector<std::vector<std::size_t>> out;
  for (std::size_t k = 0; k < factor_.aliased().size(); ++k) {
    const std::vector<double>& null_vector = factor_.null_vectors()[k];
    const std::size_t self = factor_.aliased()[k];
    std::vector<std::size_t> group = {active_[self]};
    double largest = 0;
    for (std::size_t a = 0; a < null_vector.size(); ++a) {
      largest = std::max(largest, std::abs(null_vector[a]) * std::sqrt(matrix_[packed_index(a, a)].value()));
    }
    for (std::size_t a = 0; a < null_vector.size(); ++a) {
      const double part = std::abs(null_vector[a]) * std::sqrt(matrix_[packed_index(a, a)].value());
      if (a != self && part > 1e-8 * largest) group.push_back(active_[a]);
    }
    out.push_back(std::move(group));
  }
  return out;
}

std::vector<std::optional<double>> LeastSquares::standard_errors() const {
  std::vector<std::optional<double>> out(user_size());
  const double freedom = static_cast<double>(rows_) - static_cast<double>(rank());
  if (settings_.l2 > 0 || !(freedom > 0)) return out;
  // 2 lowest / k is RSS / W.
  const double variance = 2 * lowest_ / factor_k_ / freedom;
  const std::vector<std::optional<double>> roots = inverse_curvature_roots();
  for (std::size_t j = 0; j < out.size(); ++j) {
    if (roots[j]) out[j] = *roots[j] * std::sqrt(factor_k_ * variance);
  }
  return out;
}

std::vector<std::optional<double>> LeastSquares::inverse_curvature_roots() const {
  std::vector<std::optional<double>> out(user_size());
  const std::vector<bool> undetermined = in_null_space();
  for (std::size_t a = 0; a < active_.size(); ++a) {
    if (!undetermined[active_[a]]) out[active_[a]] = std::sqrt(inverse_diagonal_[a] / factor_k_) / unit_[a];
  }
  if (settings_.intercept && !undetermined[columns_]) {
    std::vector<double> mean(active_.size());
    for (std::size_t a = 0; a < mean.size(); ++a) mean[a] = raw_mean_[a].value() / unit_[a];
    out[columns_] = std::sqrt((1 + factor_.squared_norm(mean)) / factor_k_);
  }
  return out;
}

double LeastSquares::mean_squared_error(std::span<const double> parameters) const {
  // v'Sv - 2 s.v + yy + rbar^2 with S the moments without the penalty.
  const Point point = from_user(parameters);
  const Residual at = residual(point);
  DoubleDouble sum = target_square_ + at.mean * at.mean;
  for (std::size_t a = 0; a < active_.size(); ++a) {
    const DoubleDouble v(point.high[a], point.low[a]);
    sum += v * (at.q[a] - right_[a]) - v * v * penalty_[a];
  }
  return sum.value() <= noise() ? 0 : sum.value();
}

double LeastSquares::cost_at(std::span<const double> parameters) const {
  const Residual at = residual(from_user(parameters));
  std::vector<double> q(at.q.size());
  for (std::size_t a = 0; a < q.size(); ++a) q[a] = at.q[a].value();
  return lowest_ + gap_of(q, at.mean.value());
}

GapBound LeastSquares::gap_bound(std::span<const double> parameters) const {
  const Point point = from_user(parameters);
  const Residual at = residual(point);
  const std::size_t d = active_.size();
  const double slack = 8 * static_cast<double>(d + 1) * kUnitRoundoff * factor_condition_;
  if (!(slack < 0.01)) {
    return {std::nullopt,
            "the columns are so nearly dependent that the rounding of the factor has no useful bound"};
  }
  for (std::size_t k = 0; k < factor_.aliased().size(); ++k) {
    // An exact dependence leaves the rounding of double-double arithmetic; anything above it may be a
    // direction that the cells do determine, in however late a digit.
    constexpr double kExactDependence = 1e-30;
    const double diagonal = matrix_[packed_index(factor_.aliased()[k], factor_.aliased()[k])].value();
    if (factor_.aliased_pivots()[k] > kExactDependence * static_cast<double>(d + 4) * diagonal) {
      return {std::nullopt,
              "columns depend on each other in all but their last digits, and what those could still explain "
              "has no useful bound"};
    }
  }
  std::vector<double> q(d);
  double size_of_terms = std::sqrt(target_square_.value());
  double mean_terms = std::abs(target_mean_.value()) + (settings_.intercept ? std::abs(point.high[d]) : 0);
  for (std::size_t a = 0; a < d; ++a) {
    q[a] = at.q[a].value();
    size_of_terms += std::abs(point.high[a]) * std::sqrt(matrix_[packed_index(a, a)].value());
    mean_terms += std::abs(mu_[a].value() * point.high[a]);
  }
  // |dq_a| <= e sqrt(A_aa), so dq' A^+ dq <= e^2 (sum_a sqrt(A_aa A^+_aa))^2.
  const double moment_part = moment_error_ * size_of_terms * factor_condition_;
  // Means are off by less than the products' error of their column's spread.
  const double mean_part = moment_error_ * (mean_terms + size_of_terms);
  const double computed = std::sqrt(factor_.squared_norm(q)) * (1 + slack) + moment_part;
  const double mean = std::abs(at.mean.value()) * (1 + slack) + mean_part;
  const double bound = factor_k_ / 2 * (computed * computed + mean * mean) * (1 + 16 * kUnitRoundoff);
  if (!std::isfinite(bound)) return {std::nullopt, "the gradient is too large for a bound"};
  return {bound, {}};
}

}  // namespace talweg
