// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/curvature.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

namespace talweg {
namespace {

// An eigenvector is one up to its sign: the first of its large entries is positive, whatever rounding made of
// it.
template <class Vector>
int sign_of(const Vector& v) {
  const auto large = v.cwiseAbs().maxCoeff() / 2;
  Eigen::Index k = 0;
  while (std::abs(v(k)) < large) ++k;
  return v(k) < 0 ? -1 : 1;
}

template <class Real>
void decompose(std::span<const double> hessian, std::span<const double> gradient, Curvature& out) {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  const auto n = static_cast<Eigen::Index>(gradient.size());
  const Eigen::Map<const Eigen::MatrixXd> given(hessian.data(), n, n);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(given.cast<Real>());
  const Vector modes =
      solver.eigenvectors().transpose() * Eigen::Map<const Eigen::VectorXd>(gradient.data(), n).cast<Real>();
  const double threshold = static_cast<double>(n) * std::numeric_limits<double>::epsilon() *
                           static_cast<double>(solver.eigenvalues()(n - 1));
  for (Eigen::Index k = 0; k < n; ++k) {
    const Real lambda = solver.eigenvalues()(k);
    out.eigenvalues.push_back(static_cast<double>(lambda));
    const bool positive = static_cast<double>(lambda) > threshold;
    if (!positive && static_cast<std::size_t>(k) == out.first_positive) ++out.first_positive;
    out.mode_gaps.push_back(positive ? static_cast<double>(modes(k) * modes(k) / (2 * lambda)) : 0.0);
    const Real sign = sign_of(solver.eigenvectors().col(k));
    for (Eigen::Index j = 0; j < n; ++j)
      out.eigenvectors.push_back(static_cast<double>(sign * solver.eigenvectors()(j, k)));
  }
  if (out.first_positive == out.eigenvalues.size()) out.first_positive = 0;
  out.steepest.assign(out.eigenvectors.end() - n, out.eigenvectors.end());
}

void eigenvalues_only(std::span<const double> hessian, std::size_t size, Curvature& out) {
  const auto n = static_cast<Eigen::Index>(size);
  const Eigen::Map<const Eigen::MatrixXd> matrix(hessian.data(), n, n);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix, Eigen::EigenvaluesOnly);
  out.eigenvalues.assign(solver.eigenvalues().data(), solver.eigenvalues().data() + n);
  const double threshold =
      static_cast<double>(n) * std::numeric_limits<double>::epsilon() * out.eigenvalues.back();
  while (out.first_positive + 1 < size && out.eigenvalues[out.first_positive] <= threshold)
    ++out.first_positive;
  // Power iteration: good enough to name what dominates.
  constexpr int kIterations = 100;
  Eigen::VectorXd direction = matrix.diagonal();
  for (int k = 0; k < kIterations; ++k) direction = (matrix * direction).normalized();
  out.steepest.assign(direction.data(), direction.data() + n);
}

}  // namespace

Curvature curvature(std::span<const double> hessian, std::span<const double> gradient) {
  constexpr std::size_t kExtendedPrecision = 64;
  Curvature out;
  if (gradient.empty()) return out;
  if (gradient.size() <= kExtendedPrecision) {
    decompose<long double>(hessian, gradient, out);
  } else if (gradient.size() <= kFullSpectrum) {
    decompose<double>(hessian, gradient, out);
  } else {
    eigenvalues_only(hessian, gradient.size(), out);
  }
  return out;
}

}  // namespace talweg
