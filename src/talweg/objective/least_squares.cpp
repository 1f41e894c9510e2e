// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/least_squares.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace talweg {
namespace {

constexpr double kUnitRoundoff = 0x1p-53;

DoubleDouble squared(DoubleDouble a) {
  return a * a;
}

}  // namespace

LeastSquares::LeastSquares(const Moments& moments, const LeastSquaresSettings& settings,
                           std::span<const double> start)
    : settings_(settings),
      columns_(moments.size() - 1),
      rows_(moments.rows),
      weight_(moments.weight),
      moment_error_(moments.error),
      user_start_(start.begin(), start.end()) {
  const std::size_t target = columns_;
  const DoubleDouble factor_k = settings.cost == CostKind::mse        ? DoubleDouble(2)
                                : settings.cost == CostKind::half_mse ? DoubleDouble(1)
                                                                      : DoubleDouble(2) * weight_;
  factor_k_ = factor_k.value();
  target_mean_ = moments.mean[target];
  for (std::size_t j = 0; j < columns_; ++j) {
    const bool constant =
        moments.is_constant(j) && (settings.intercept || moments.mean[j] == DoubleDouble(0));
    if (constant) {
      constant_.push_back(j);
      target_mean_ -= DoubleDouble(user_start_[j]) * moments.mean[j];
    } else {
      active_.push_back(j);
    }
  }
  const std::size_t d = active_.size();
  // Second moments about the mean, without an intercept about zero; divided by the weight.
  const auto second = [&](std::size_t i, std::size_t j) {
    const DoubleDouble centred = moments.product(i, j) / weight_;
    return settings.intercept ? centred : centred + moments.mean[i] * moments.mean[j];
  };
  target_square_ = second(target, target);
  for (const std::size_t j : active_) {
    const double root = sqrt(second(j, j)).value();
    const bool standard = settings.scale == Scale::standard;
    unit_.push_back(standard ? root : 1.0);
    origin_.push_back(standard && settings.intercept ? moments.mean[j] : DoubleDouble(0));
    raw_mean_.push_back(moments.mean[j]);
    mu_.push_back((moments.mean[j] - origin_.back()) / DoubleDouble(unit_.back()));
    // As exact as the moments: its rounding would be an error of the gradient.
    const DoubleDouble on =
        settings.penalty_on_standard_scale ? moments.product(j, j) / weight_ : DoubleDouble(1);
    penalty_.push_back(DoubleDouble(settings.l2) / factor_k * on / two_product(unit_.back(), unit_.back()));
    l2_weights_.push_back((factor_k * penalty_.back()).value());
  }
  if (settings.intercept) l2_weights_.push_back(0);
  matrix_.resize(d * (d + 1) / 2);
  right_.resize(d);
  std::vector<double> threshold(d);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      matrix_[packed_index(a, b)] = second(active_[a], active_[b]) / two_product(unit_[a], unit_[b]);
    }
    matrix_[packed_index(a, a)] += penalty_[a];
    right_[a] = second(active_[a], target) / DoubleDouble(unit_[a]);
    // A remainder within the rounding of the column's own cells, or of the moments, is no column of its own.
    const double diagonal = matrix_[packed_index(a, a)].value();
    const double mean = raw_mean_[a].value() / unit_[a];
    const double cells = 8 * kUnitRoundoff;
    threshold[a] = std::max(std::max(1e-25, usual_error(moments.error)) * diagonal,
                            cells * cells * (diagonal + mean * mean));
  }
  factor_ = CholeskyFactor(matrix_, d, threshold);
  inverse_diagonal_ = factor_.inverse_diagonal();
  factor_condition_ = 1;
  for (std::size_t a = 0; a < d; ++a) {
    factor_condition_ += std::sqrt(matrix_[packed_index(a, a)].value() * inverse_diagonal_[a]);
  }
  plain_matrix_.resize(d * d);
  plain_mu_.resize(d);
  for (std::size_t a = 0; a < d; ++a) {
    plain_mu_[a] = mu_[a].value();
    for (std::size_t b = 0; b < d; ++b) plain_matrix_[a * d + b] = matrix_[packed_index(a, b)].value();
  }
  start_ = from_user(user_start_);
  find_optimum();
}

LeastSquares::Residual LeastSquares::residual(const Point& point) const {
  const std::size_t d = active_.size();
  Residual out;
  out.q.resize(d);
  std::vector<DoubleDouble> v(d);
  for (std::size_t a = 0; a < d; ++a) v[a] = DoubleDouble(point.high[a], point.low[a]);
  for (std::size_t a = 0; a < d; ++a) {
    DoubleDouble sum = -right_[a];
    for (std::size_t b = 0; b < d; ++b) sum += matrix_[packed_index(a, b)] * v[b];
    out.q[a] = sum;
  }
  if (settings_.intercept) {
    out.mean = DoubleDouble(point.high[d], point.low[d]) - target_mean_;
    for (std::size_t a = 0; a < d; ++a) out.mean += mu_[a] * v[a];
  }
  return out;
}

void LeastSquares::fill_gradient(std::span<double> gradient) const {
  const std::size_t d = active_.size();
  for (std::size_t a = 0; a < d; ++a) gradient[a] = factor_k_ * (q_[a] + plain_mu_[a] * mean_residual_);
  if (settings_.intercept) gradient[d] = factor_k_ * mean_residual_;
}

double LeastSquares::gap_of(std::span<const double> q, double mean) const {
  return factor_k_ / 2 * (factor_.squared_norm(q) + mean * mean);
}

double LeastSquares::evaluate(const Point& point, std::span<double> gradient) {
  const Residual fresh = residual(point);
  q_.resize(active_.size());
  for (std::size_t a = 0; a < q_.size(); ++a) q_[a] = fresh.q[a].value();
  mean_residual_ = fresh.mean.value();
  since_fresh_ = 0;
  product_ready_ = false;
  fill_gradient(gradient);
  return lowest_ + gap_of(q_, mean_residual_);
}

void LeastSquares::multiply(std::span<const double> direction, std::vector<double>& out, double& mean) const {
  const auto d = static_cast<Eigen::Index>(active_.size());
  out.resize(active_.size());
  const Eigen::Map<const Eigen::MatrixXd> matrix(plain_matrix_.data(), d,
                                                 d);  // symmetric: the order does not matter
  const Eigen::Map<const Eigen::VectorXd> v(direction.data(), d);
  Eigen::Map<Eigen::VectorXd>(out.data(), d).noalias() = matrix * v;
  mean = 0;
  if (!settings_.intercept) return;
  mean = direction[active_.size()];
  for (std::size_t a = 0; a < active_.size(); ++a) mean += plain_mu_[a] * direction[a];
}

std::optional<double> LeastSquares::curvature_along(std::span<const double> direction) {
  if (factor_condition_ > kCarriedCondition) return exact_curvature_along(direction);
  multiply(direction, product_, product_mean_);
  product_ready_ = true;
  double sum = product_mean_ * product_mean_;
  for (std::size_t a = 0; a < product_.size(); ++a) sum += direction[a] * product_[a];
  return factor_k_ * sum;
}

double LeastSquares::exact_curvature_along(std::span<const double> direction) const {
  const std::size_t d = active_.size();
  DoubleDouble mean = settings_.intercept ? DoubleDouble(direction[d]) : DoubleDouble(0);
  DoubleDouble sum;
  for (std::size_t a = 0; a < d; ++a) {
    DoubleDouble row;
    for (std::size_t b = 0; b < d; ++b) row += matrix_[packed_index(a, b)] * DoubleDouble(direction[b]);
    sum += row * DoubleDouble(direction[a]);
    if (settings_.intercept) mean += mu_[a] * DoubleDouble(direction[a]);
  }
  return (DoubleDouble(factor_k_) * (sum + mean * mean)).value();
}

double LeastSquares::advance(const Point& point, std::span<const double> direction, double length,
                             std::span<double> gradient) {
  if (++since_fresh_ >= kFreshEvery || factor_condition_ > kCarriedCondition)
    return evaluate(point, gradient);
  if (!product_ready_) multiply(direction, product_, product_mean_);
  product_ready_ = false;
  for (std::size_t a = 0; a < q_.size(); ++a) q_[a] += length * product_[a];
  mean_residual_ += length * product_mean_;
  fill_gradient(gradient);
  return lowest_ + gap_of(q_, mean_residual_);
}

std::optional<double> LeastSquares::gap() const {
  return gap_of(q_, mean_residual_);
}

bool LeastSquares::precondition(std::span<const double> gradient, std::span<double> out) {
  // H^+ g: with g = k (q + mu rbar, rbar), v = A^+ q / k and c = rbar / k - mu.v.
  const std::size_t d = active_.size();
  std::vector<double> q(d);
  const double mean = settings_.intercept ? gradient[d] : 0.0;
  for (std::size_t a = 0; a < d; ++a) q[a] = gradient[a] - plain_mu_[a] * mean;
  factor_.solve(q, out.first(d));
  for (std::size_t a = 0; a < d; ++a) out[a] /= factor_k_;
  if (settings_.intercept) {
    out[d] = mean / factor_k_;
    for (std::size_t a = 0; a < d; ++a) out[d] -= plain_mu_[a] * out[a];
  }
  if (!null_basis_.empty()) {
    // Nothing along the null space: the start's part there is kept.
    const auto rows = static_cast<Eigen::Index>(out.size());
    const Eigen::Map<const Eigen::MatrixXd> basis(null_basis_.data(), rows,
                                                  static_cast<Eigen::Index>(null_basis_.size()) / rows);
    Eigen::Map<Eigen::VectorXd> step(out.data(), rows);
    const Eigen::VectorXd along = basis.transpose() * step;
    step -= basis * along;
  }
  return true;
}

std::vector<double> LeastSquares::hessian() const {
  const std::size_t n = size();
  const std::size_t d = active_.size();
  std::vector<double> out(n * n);
  const DoubleDouble k(factor_k_);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b < d; ++b) {
      DoubleDouble value = matrix_[packed_index(a, b)];
      if (settings_.intercept) value += mu_[a] * mu_[b];
      out[a * n + b] = (k * value).value();
    }
    if (settings_.intercept) out[a * n + d] = out[d * n + a] = (k * mu_[a]).value();
  }
  if (settings_.intercept) out[d * n + d] = factor_k_;
  return out;
}

std::vector<double> LeastSquares::start_gradient() const {
  const Residual fresh = residual(start_);
  std::vector<double> gradient(size());
  const DoubleDouble k(factor_k_);
  for (std::size_t a = 0; a < active_.size(); ++a)
    gradient[a] = (k * (fresh.q[a] + mu_[a] * fresh.mean)).value();
  if (settings_.intercept) gradient.back() = (k * fresh.mean).value();
  return gradient;
}

double LeastSquares::noise() const {
  // Squared size of the rounding of the target's cells: an exact fit leaves no more than that.
  const double cells = 4 * kUnitRoundoff;
  return cells * cells * (squared(target_mean_).value() + target_square_.value());
}

double LeastSquares::constant_cost() const {
  DoubleDouble centred = target_square_;
  if (!settings_.intercept) centred -= squared(target_mean_);
  return factor_k_ / 2 * std::max(0.0, centred.value());
}

double LeastSquares::total_mean_square() const {
  return target_square_.value();
}

std::vector<double> LeastSquares::to_user(const Point& point) const {
  // To the bit: an intercept far below coefficient x mean would come back with the rounding of that.
  if (point.high == start_.high && point.low == start_.low) return user_start_;
  std::vector<double> out(user_size());
  for (const std::size_t j : constant_) out[j] = user_start_[j];
  DoubleDouble intercept;
  const std::size_t d = active_.size();
  if (settings_.intercept) intercept = DoubleDouble(point.high[d], point.low[d]);
  for (std::size_t a = 0; a < d; ++a) {
    const DoubleDouble w = DoubleDouble(point.high[a], point.low[a]) / DoubleDouble(unit_[a]);
    out[active_[a]] = w.value();
    intercept -= w * origin_[a];
  }
  if (settings_.intercept) out[columns_] = intercept.value();
  return out;
}

Point LeastSquares::from_user(std::span<const double> parameters) const {
  const std::size_t d = active_.size();
  Point point(std::vector<double>(size(), 0.0));
  DoubleDouble c = settings_.intercept ? DoubleDouble(parameters[columns_]) : DoubleDouble(0);
  for (std::size_t a = 0; a < d; ++a) {
    const double w = parameters[active_[a]];
    const DoubleDouble v = two_product(w, unit_[a]);
    point.high[a] = v.high;
    point.low[a] = v.low;
    c += DoubleDouble(w) * origin_[a];
  }
  if (settings_.intercept) {
    point.high[d] = c.high;
    point.low[d] = c.low;
  }
  return point;
}

}  // namespace talweg
