// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/row_system.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "talweg/base/dot.h"
#include "talweg/objective/block_tree.h"
#include "talweg/objective/symmetric_solve.h"

namespace talweg {
namespace {

using Eigen::Index;

constexpr double kFirstShare = 1e-2;
constexpr double kLeastShare = 1e-12;
constexpr int kFewProducts = 6;
constexpr int kMostProducts = 50;
constexpr std::size_t kChunkRows = 2048;  // copied at once

Index index(std::size_t k) {
  return static_cast<Index>(k);
}

}  // namespace

RowSystem::RowSystem(LinearCost& cost)
    : cost_(cost), p_(cost.size()), factors_(cost.row_factors()), share_(kFirstShare) {}

bool RowSystem::add_rows(std::span<const std::size_t> rows, const std::function<bool()>& give_up) {
  Strips strips(std::min(kChunkRows, std::max<std::size_t>(rows.size(), 1)), p_);
  std::vector<double> cells(strips.depth() * p_);
  for (std::size_t first = 0; first < rows.size(); first += kChunkRows) {
    if (give_up && give_up()) return false;
    const auto chunk = rows.subspan(first, std::min(kChunkRows, rows.size() - first));
    cost_.copy_rows(chunk, cells.data());
    strips.set_depth(chunk.size());
    std::vector<std::uint64_t> numbers(chunk.size());
    std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
    reduce_blocks(
        numbers, cost_.threads(),
        [&](std::size_t k) {
          const std::size_t r = chunk[k];
          strips.set(k, cells.data() + k * p_, std::sqrt(factors_[r] * curvature_[r]));
        },
        [](std::size_t, std::size_t) {});
    add_gram(strips, matrix_, cost_.threads());
  }
  return true;
}

void RowSystem::set(std::span<const double> curvature) {
  curvature_.assign(curvature.begin(), curvature.end());
  const std::size_t n = curvature_.size();
  std::vector<double> size(n);
  for (std::size_t r = 0; r < n; ++r) size[r] = factors_[r] * curvature_[r];
  std::vector<double> ordered = size;
  const std::size_t place = std::min(p_, n) - 1;
  std::nth_element(ordered.begin(), ordered.begin() + static_cast<std::ptrdiff_t>(place), ordered.end(),
                   std::greater<>());
  const double least = share_ * ordered[place];
  rows_.clear();
  for (std::size_t r = 0; r < n; ++r) {
    if (size[r] > 0 && size[r] >= least) rows_.push_back(r);
  }
  fresh_ = false;
}

bool RowSystem::factor(const std::function<bool()>& give_up) {
  matrix_ = Eigen::MatrixXd::Zero(index(p_), index(p_));
  serves_ = false;
  if (!add_rows(rows_, give_up)) return false;
  const double largest = damp_diagonal(matrix_, cost_.l2_weights(), kDamping);
  taken_ = rows_.size();
  ++made_;
  fresh_ = serves_ = std::isfinite(largest) && factor_in_place(matrix_, cost_.threads(), give_up);
  return fresh_;
}

// The matrix is that of rows without shifts, which the intercept takes: x_0 + sum_j b_j x_j in place of x_0.
void RowSystem::precondition(std::span<const double> b, std::span<double> x) const {
  const std::span<const double> shifts = cost_.shifts();
  const bool shifted = cost_.has_intercept();
  Eigen::VectorXd right(index(p_));
  for (std::size_t j = 0; j < p_; ++j)
    right[index(j)] = shifted && j + 1 < p_ ? b[j] - shifts[j] * b.back() : b[j];
  solve_in_place(matrix_, right);
  double taken = 0;
  for (std::size_t j = 0; j < p_; ++j) {
    x[j] = right[index(j)];
    if (shifted && j + 1 < p_) taken += shifts[j] * x[j];
  }
  if (shifted) x.back() -= taken;
}

bool RowSystem::iterate(std::vector<double>& left, double enough, int most,
                        const std::function<bool()>& give_up, std::span<double> x, int& products) {
  std::vector<double> scaled(p_), product(p_);
  precondition(left, scaled);
  std::vector<double> along = scaled;
  double rho = dot(left, scaled);
  for (int step = 0; step < most && rho > enough; ++step) {
    if (give_up && give_up()) return false;
    cost_.multiply_hessian(along, curvature_, product);
    ++products;
    const double bend = dot(along, product);
    if (!(bend > 0) || !std::isfinite(bend)) return false;
    const double length = rho / bend;
    for (std::size_t j = 0; j < p_; ++j) {
      x[j] += length * along[j];
      left[j] -= length * product[j];
    }
    precondition(left, scaled);
    const double next = dot(left, scaled);
    for (std::size_t j = 0; j < p_; ++j) along[j] = scaled[j] + next / rho * along[j];
    rho = next;
  }
  return rho <= enough;
}

bool RowSystem::solve(std::span<const double> b, double residual, const std::function<bool()>& give_up,
                      std::span<double> x) {
  std::vector<double> left(b.begin(), b.end()), scaled(p_);
  std::fill(x.begin(), x.end(), 0.0);
  const auto square_of = [&](std::span<const double> v) {  // in the metric of the factor
    precondition(v, scaled);
    return dot(v, scaled);
  };
  int products = 0;
  if (!fresh_ && serves_) {
    const auto d = static_cast<double>(p_);
    const auto n = static_cast<double>(curvature_.size());
    const double another = d * d * (static_cast<double>(rows_.size()) / 2 + d / 6) / kMultiplyAdds;
    const double a_product = 8 * d * (n + 2 * d) / kBytesPerSecond;
    const int most = static_cast<int>(std::min(another / a_product / 2, double{kMostProducts}));
    if (iterate(left, residual * residual * square_of(b), most, give_up, x, products)) {
      serves_ = 2 * products <= most;
      return true;
    }
  }
  if (!fresh_ && !factor(give_up)) return false;
  products = 0;
  if (!iterate(left, residual * residual * square_of(b), kMostProducts, give_up, x, products) && give_up &&
      give_up())
    return false;
  if (products > kFewProducts) share_ = std::max(share_ / 10, kLeastShare);
  return true;
}

}  // namespace talweg
