// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/largest_curvature.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "talweg/base/random.h"

namespace talweg {

LargestCurvature largest_curvature(
    std::size_t size,
    const std::function<void(std::span<const double> vector, std::span<double> out)>& multiply,
    double accuracy, int most) {
  LargestCurvature out;
  if (size == 0) return out;
  const auto n = static_cast<Eigen::Index>(size);
  std::vector<Eigen::VectorXd> basis;
  std::vector<double> diagonal;
  std::vector<double> beside;
  Eigen::VectorXd next(n);
  for (Eigen::Index j = 0; j < n; ++j) next[j] = random_normal(1, 0, static_cast<std::uint64_t>(j));
  next.normalize();
  Eigen::VectorXd product(n);
  const std::size_t steps = std::min(static_cast<std::size_t>(std::max(most, 0)), size);
  for (std::size_t k = 0; k < steps; ++k) {
    basis.push_back(next);
    multiply({next.data(), size}, {product.data(), size});
    ++out.products;
    if (!product.allFinite()) return out;
    diagonal.push_back(next.dot(product));
    // Twice is enough (Parlett, The Symmetric Eigenvalue Problem, 1998, section 6.9).
    for (int again = 0; again < 2; ++again) {
      for (const Eigen::VectorXd& v : basis) product -= v.dot(product) * v;
    }
    const double beta = product.norm();
    const auto count = static_cast<Eigen::Index>(diagonal.size());
    Eigen::VectorXd main = Eigen::Map<const Eigen::VectorXd>(diagonal.data(), count);
    Eigen::VectorXd sub =
        Eigen::Map<const Eigen::VectorXd>(beside.data(), static_cast<Eigen::Index>(beside.size()));
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
    solver.computeFromTridiagonal(main, sub);
    out.ritz = std::max(0.0, solver.eigenvalues()[count - 1]);
    out.residual = beta * std::abs(solver.eigenvectors()(count - 1, count - 1));
    if (out.residual <= accuracy * out.ritz || !(beta > 0)) break;
    beside.push_back(beta);
    next = product / beta;
  }
  return out;
}

}  // namespace talweg
