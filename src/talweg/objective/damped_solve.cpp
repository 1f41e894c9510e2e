// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/damped_solve.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace talweg {
namespace {

constexpr double kDamping = 1e-10;

}  // namespace

bool solve_damped(const std::vector<double>& matrix, std::size_t p, std::span<const double> slope,
                  std::span<const std::size_t> support, std::span<double> out) {
  const auto n = static_cast<Eigen::Index>(support.size());
  const auto place = [&](Eigen::Index a) { return support[static_cast<std::size_t>(a)]; };
  double largest = 0;
  for (const std::size_t j : support) largest = std::max(largest, matrix[j * p + j]);
  if (!(largest > 0) || !std::isfinite(largest)) return false;
  Eigen::VectorXd scale(n);
  for (Eigen::Index a = 0; a < n; ++a) {
    const double own = matrix[place(a) * p + place(a)];
    scale[a] = 1 / std::sqrt(own > kDamping * largest ? own : largest);
  }
  Eigen::MatrixXd scaled(n, n);
  Eigen::VectorXd right(n);
  for (Eigen::Index a = 0; a < n; ++a) {
    for (Eigen::Index b = 0; b < n; ++b) scaled(a, b) = matrix[place(a) * p + place(b)] * scale[a] * scale[b];
    scaled(a, a) += kDamping;
    right[a] = -slope[place(a)] * scale[a];
  }
  const Eigen::LLT<Eigen::MatrixXd> factor(scaled);
  if (factor.info() != Eigen::Success) return false;
  const Eigen::VectorXd solution = factor.solve(right);
  std::fill(out.begin(), out.end(), 0.0);
  for (Eigen::Index a = 0; a < n; ++a) out[place(a)] = solution[a] * scale[a];
  return solution.allFinite();
}

bool solve_damped(const std::vector<double>& matrix, std::size_t p, std::span<const double> slope,
                  std::span<double> out) {
  std::vector<std::size_t> all(p);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return solve_damped(matrix, p, slope, all, out);
}

}  // namespace talweg
