// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/active_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "talweg/base/dot.h"
#include "talweg/objective/symmetric_solve.h"

namespace talweg {
namespace {

using Eigen::Index;

Index index(std::size_t k) {
  return static_cast<Index>(k);
}

std::vector<std::size_t> rows_of(std::span<const double> curvature) {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < curvature.size(); ++r) {
    if (curvature[r] > 0) out.push_back(r);
  }
  return out;
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

ActiveRows::ActiveRows(LinearCost& cost, std::optional<Way> always)
    : cost_(cost), p_(cost.size()), factors_(cost.row_factors()), always_(always) {
  for (const LinearTerm& term : cost_.terms()) {
    const bool constant_term = !term.column && !term.level;
    const bool raw = cost_.scale() == Scale::none && !constant_term;
    size_.push_back(raw && term.spread > 0 ? term.spread : 1);
  }
}

std::vector<double> ActiveRows::unshifted(std::span<const double> gradient) const {
  std::vector<double> out(gradient.begin(), gradient.end());
  const std::span<const double> shifts = cost_.shifts();
  for (std::size_t j = 0; cost_.has_intercept() && j + 1 < p_; ++j) out[j] -= shifts[j] * gradient.back();
  return out;
}

void ActiveRows::shift_back(std::span<double> x) const {
  if (!cost_.has_intercept()) return;
  double taken = 0;
  for (std::size_t j = 0; j + 1 < p_; ++j) taken += cost_.shifts()[j] * x[j];
  x.back() -= taken;
}

std::vector<double> ActiveRows::gathered(const std::vector<double>& u) {
  // sum_rows multiplies by the factors.
  std::vector<double> given(u.size());
  for (std::size_t r = 0; r < u.size(); ++r) given[r] = factors_[r] > 0 ? u[r] / factors_[r] : 0;
  std::vector<double> out(p_);
  cost_.sum_rows(given, out);
  return unshifted(out);
}

Eigen::MatrixXd ActiveRows::row_products(std::span<const std::size_t> rows, std::span<const double> metric) {
  Eigen::MatrixXd cells(index(p_), index(rows.size()));
  cost_.copy_rows(rows, cells.data());
  Eigen::VectorXd root(index(p_));
  for (std::size_t j = 0; j < p_; ++j) root[index(j)] = is_intercept(j) ? 0 : 1 / std::sqrt(metric[j]);
  cells.array().colwise() *= root.array();
  return gram_of_columns(cells, cost_.threads());
}

bool ActiveRows::direction(std::span<const double> curvature, std::span<const double> gradient,
                           std::span<const double> moved, double residual, bool exact,
                           std::span<double> out) {
  std::vector<double> c(curvature.begin(), curvature.end());
  for (std::size_t r = 0; r < c.size(); ++r) c[r] *= factors_[r];
  const std::size_t n = c.size();
  const auto k = static_cast<std::size_t>(std::count_if(c.begin(), c.end(), [](double v) { return v > 0; }));
  if (k == 0 || !all_finite(c) || !all_finite(gradient)) return false;
  const std::span<const double> penalty = cost_.l2_weights();
  const bool penalised = std::any_of(penalty.begin(), penalty.end(), [](double q) { return q > 0; });
  const bool few = penalised && k <= p_;
  const std::size_t dimension = few ? k : p_;
  const auto d = static_cast<double>(dimension);
  const bool known = few && all_.size() > 0;
  const double products = known ? 0 : d * static_cast<double>(k) * static_cast<double>(p_) / 2;
  const double seconds = (products + d * d * d / 6) / kMultiplyAdds;
  const double a_pass = 8 * static_cast<double>(n) * static_cast<double>(p_) / kBytesPerSecond;
  const bool possible = dimension <= kMostDimension && k <= kMostCells / p_;
  const bool patient = seconds <= kPatientPasses * a_pass;
  const bool matrix = always_ != Way::products && possible && (patient || exact || !impatient_);
  if (matrix && few) {
    way_ = Way::rows;
    if (by_rows(c, gradient, moved, out)) return true;
  }
  std::vector<double> slope(gradient.begin(), gradient.end());
  if (!moved.empty()) {
    std::vector<double> u(n);
    for (std::size_t r = 0; r < n; ++r) u[r] = curvature[r] * moved[r];
    std::vector<double> sums(p_);
    cost_.sum_rows(u, sums);
    for (std::size_t j = 0; j < p_; ++j) slope[j] += sums[j];
  }
  if (matrix && !few) {
    way_ = Way::columns;
    if (by_columns(c, slope, out)) return true;
  }
  if (exact) return false;
  way_ = Way::products;
  return by_products(curvature, slope, residual, out);
}

bool ActiveRows::by_rows(std::span<const double> curvature, std::span<const double> gradient,
                         std::span<const double> moved, std::span<double> out) {
  const std::vector<double> g = unshifted(gradient);
  std::vector<double> metric(cost_.l2_weights().begin(), cost_.l2_weights().end());
  for (double& q : metric) q = q > 0 ? q : 1;  // constant columns, of which rows have nothing
  const std::vector<std::size_t> rows = rows_of(curvature);
  const std::size_t n = curvature.size();
  Eigen::MatrixXd matrix;
  // Where a matrix of all rows is as large as the largest allowed, its products are made once.
  if (n <= p_ && n <= kMostDimension && n <= kMostCells / p_) {
    if (all_.size() == 0) {
      std::vector<std::size_t> every(n);
      std::iota(every.begin(), every.end(), std::size_t{0});
      all_ = row_products(every, metric);
    }
    matrix.resize(index(rows.size()), index(rows.size()));
    for (std::size_t b = 0; b < rows.size(); ++b) {
      for (std::size_t a = b; a < rows.size(); ++a)
        matrix(index(a), index(b)) = all_(index(rows[a]), index(rows[b]));
    }
  } else {
    matrix = row_products(rows, metric);
  }
  for (std::size_t a = 0; a < rows.size(); ++a) matrix(index(a), index(a)) += 1 / curvature[rows[a]];
  if (!factor_in_place(matrix, cost_.threads())) return false;
  std::vector<double> t(p_);
  for (std::size_t j = 0; j < p_; ++j) t[j] = is_intercept(j) ? 0 : -g[j] / metric[j];
  shift_back(t);
  const std::vector<double> f = cost_.multiply_rows(t);
  Eigen::MatrixXd right(index(rows.size()), 2);
  for (std::size_t a = 0; a < rows.size(); ++a)
    right.row(index(a)) << f[rows[a]] + (moved.empty() ? 0 : moved[rows[a]]), 1;
  solve_in_place(matrix, right);
  double free = 0;
  if (cost_.has_intercept()) free = (-g.back() - right.col(0).sum()) / right.col(1).sum();
  std::vector<double> m(n);
  for (std::size_t a = 0; a < rows.size(); ++a) m[rows[a]] = right(index(a), 0) + free * right(index(a), 1);
  const std::vector<double> sums = gathered(m);
  for (std::size_t j = 0; j < p_; ++j) out[j] = is_intercept(j) ? free : -(g[j] + sums[j]) / metric[j];
  shift_back(out);
  return all_finite(out);
}

bool ActiveRows::by_columns(std::span<const double> curvature, std::span<const double> gradient,
                            std::span<double> out) {
  const std::vector<double> g = unshifted(gradient);
  const std::vector<std::size_t> rows = rows_of(curvature);
  Eigen::MatrixXd cells(index(p_), index(rows.size()));
  cost_.copy_rows(rows, cells.data());
  for (std::size_t a = 0; a < rows.size(); ++a) cells.col(index(a)) *= std::sqrt(curvature[rows[a]]);
  Eigen::MatrixXd matrix = gram_of_rows(cells, cost_.threads());
  cells.resize(0, 0);
  damp_diagonal(matrix, cost_.l2_weights(), kDamping);
  if (!factor_in_place(matrix, cost_.threads())) return false;
  Eigen::VectorXd right(index(p_));
  for (std::size_t j = 0; j < p_; ++j) right[index(j)] = -g[j];
  solve_in_place(matrix, right);
  for (std::size_t j = 0; j < p_; ++j) out[j] = right[index(j)];
  shift_back(out);
  return all_finite(out);
}

bool ActiveRows::by_products(std::span<const double> curvature, std::span<const double> gradient,
                             double residual, std::span<double> out) {
  const double total = dot(curvature, factors_);
  std::vector<double> scale(p_);
  const std::span<const double> penalty = cost_.l2_weights();
  for (std::size_t j = 0; j < p_; ++j) scale[j] = 1 / (total * size_[j] * size_[j] + penalty[j]);
  std::vector<double> left(p_), scaled(p_), along(p_), product(p_);
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t j = 0; j < p_; ++j) left[j] = -gradient[j];
  const auto rescale = [&] {
    for (std::size_t j = 0; j < p_; ++j) scaled[j] = scale[j] * left[j];
  };
  rescale();
  along = scaled;
  double rho = dot(left, scaled);
  const double enough = residual * residual * rho;
  int step = 0;
  for (; step < kMostProducts && rho > enough; ++step) {
    cost_.multiply_hessian(along, curvature, product);
    const double bend = dot(along, product);
    if (!(bend > 0) || !std::isfinite(bend)) break;
    const double length = rho / bend;
    for (std::size_t j = 0; j < p_; ++j) {
      out[j] += length * along[j];
      left[j] -= length * product[j];
    }
    rescale();
    const double next = dot(left, scaled);
    for (std::size_t j = 0; j < p_; ++j) along[j] = scaled[j] + next / rho * along[j];
    rho = next;
  }
  if (rho > enough) impatient_ = false;
  return step > 0 && all_finite(out);
}

std::optional<std::vector<double>> ActiveRows::fitting(std::span<const double> right) {
  const std::size_t n = right.size();
  if (n > p_ || n > kMostDimension || n > kMostCells / p_) return std::nullopt;
  std::vector<double> metric(p_);
  for (std::size_t j = 0; j < p_; ++j) metric[j] = size_[j] * size_[j];
  std::vector<std::size_t> rows(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  Eigen::MatrixXd matrix = row_products(rows, metric);
  const double mean = matrix.diagonal().mean();
  if (!(mean > 0)) return std::nullopt;
  matrix.diagonal().array() += kDamping * mean;
  if (!factor_in_place(matrix, cost_.threads())) return std::nullopt;
  // What damping leaves of a residual is for the next turn.
  constexpr int kTurns = 4;
  std::vector<double> x(p_);
  std::vector<double> left(right.begin(), right.end());
  for (int turn = 0; turn < kTurns; ++turn) {
    Eigen::MatrixXd both(index(n), 2);
    for (std::size_t r = 0; r < n; ++r) both.row(index(r)) << left[r], 1;
    solve_in_place(matrix, both);
    // z_r x + x_0 = right_r with 1'm = 0, x = D^-1 Z'm.
    const double free = cost_.has_intercept() ? both.col(0).sum() / both.col(1).sum() : 0;
    std::vector<double> m(n);
    for (std::size_t r = 0; r < n; ++r) m[r] = both(index(r), 0) - free * both(index(r), 1);
    std::vector<double> step = gathered(m);
    for (std::size_t j = 0; j < p_; ++j) step[j] = is_intercept(j) ? free : step[j] / metric[j];
    shift_back(step);
    if (!all_finite(step)) return std::nullopt;
    for (std::size_t j = 0; j < p_; ++j) x[j] += step[j];
    const std::vector<double> f = cost_.multiply_rows(x);
    for (std::size_t r = 0; r < n; ++r) left[r] = right[r] - f[r];
  }
  return x;
}

}  // namespace talweg
