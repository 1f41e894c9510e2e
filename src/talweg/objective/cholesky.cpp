// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/cholesky.h"

#include <algorithm>

#include "talweg/objective/moments.h"

namespace talweg {

CholeskyFactor::CholeskyFactor(const std::vector<DoubleDouble>& matrix, std::size_t n,
                               std::span<const double> threshold)
    : size_(n) {
  std::vector<std::vector<DoubleDouble>> rows;  // of the kept columns
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<DoubleDouble> row(kept_.size() + 1);
    DoubleDouble pivot = matrix[packed_index(j, j)];
    for (std::size_t k = 0; k < kept_.size(); ++k) {
      DoubleDouble value = matrix[packed_index(j, kept_[k])];
      for (std::size_t m = 0; m < k; ++m) value -= row[m] * rows[k][m];
      row[k] = value / rows[k][k];
      pivot -= row[k] * row[k];
    }
    if (pivot.high > threshold[j]) {
      row[kept_.size()] = sqrt(pivot);
      rows.push_back(std::move(row));
      kept_.push_back(j);
      continue;
    }
    // L' y = row gives the coefficients of column j on the kept ones before it.
    std::vector<double> null_vector(n, 0.0);
    null_vector[j] = 1;
    std::vector<DoubleDouble> y(kept_.size());
    for (std::size_t k = kept_.size(); k-- > 0;) {
      DoubleDouble value = row[k];
      for (std::size_t m = k + 1; m < kept_.size(); ++m) value -= rows[m][k] * y[m];
      y[k] = value / rows[k][k];
      null_vector[kept_[k]] = -y[k].value();
    }
    aliased_.push_back(j);
    aliased_pivots_.push_back(std::max(0.0, pivot.value()));
    null_vectors_.push_back(std::move(null_vector));
  }
  lower_.reserve(kept_.size() * (kept_.size() + 1) / 2);
  for (const auto& row : rows) {
    for (const DoubleDouble& value : row) lower_.push_back(value.value());
  }
}

std::vector<double> CholeskyFactor::forward(std::span<const double> b) const {
  std::vector<double> y(kept_.size());
  const double* row = lower_.data();
  for (std::size_t k = 0; k < kept_.size(); ++k) {
    double value = b[kept_[k]];
    for (std::size_t m = 0; m < k; ++m) value -= row[m] * y[m];
    y[k] = value / row[k];
    row += k + 1;
  }
  return y;
}

double CholeskyFactor::squared_norm(std::span<const double> b) const {
  double sum = 0;
  for (const double y : forward(b)) sum += y * y;
  return sum;
}

void CholeskyFactor::solve(std::span<const double> b, std::span<double> x) const {
  std::vector<double> y = forward(b);
  for (double& value : x) value = 0;
  for (std::size_t k = kept_.size(); k-- > 0;) {
    const double* row = lower_.data() + k * (k + 1) / 2;
    y[k] /= row[k];
    for (std::size_t m = 0; m < k; ++m) y[m] -= row[m] * y[k];
    x[kept_[k]] = y[k];
  }
}

std::vector<double> CholeskyFactor::inverse_diagonal() const {
  std::vector<double> diagonal(size_, 0.0);
  std::vector<double> unit(kept_.size());
  for (std::size_t j = 0; j < kept_.size(); ++j) {
    // Column j of L^-1 starts at row j.
    double sum = 0;
    for (std::size_t k = j; k < kept_.size(); ++k) {
      const double* row = lower_.data() + k * (k + 1) / 2;
      double value = k == j ? 1.0 : 0.0;
      for (std::size_t m = j; m < k; ++m) value -= row[m] * unit[m];
      unit[k] = value / row[k];
      sum += unit[k] * unit[k];
    }
    diagonal[kept_[j]] = sum;
  }
  return diagonal;
}

}  // namespace talweg
