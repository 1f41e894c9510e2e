// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/cholesky.h"

#include <algorithm>

#include "talweg/objective/gram_kernel.h"
#include "talweg/objective/moments.h"

namespace talweg {

namespace {

// A row of the factor, high and low parts apart and padded for the kernel.
struct FactorRow {
  std::vector<double> high, low;

  explicit FactorRow(std::size_t length)
      : high((length + kGramPadding - 1) / kGramPadding * kGramPadding), low(high.size()) {}
  void set(std::size_t k, DoubleDouble value) {
    high[k] = value.high;
    low[k] = value.low;
  }
  [[nodiscard]] DoubleDouble at(std::size_t k) const { return {high[k], low[k]}; }
};

// sum over m < count of a_m b_m; what stands behind them in `a` must be zero.
DoubleDouble dot_of_first(const FactorRow& a, const FactorRow& b, std::size_t count) {
  const std::size_t length = (count + kGramPadding - 1) / kGramPadding * kGramPadding;
  return dot(a.high.data(), a.low.data(), b.high.data(), b.low.data(), length);
}

}  // namespace

CholeskyFactor::CholeskyFactor(const std::vector<DoubleDouble>& matrix, std::size_t n,
                               std::span<const double> threshold)
    : size_(n) {
  std::vector<FactorRow> rows;  // of the kept columns
  for (std::size_t j = 0; j < n; ++j) {
    const std::size_t kept = kept_.size();
    FactorRow row(kept + 1);
    for (std::size_t k = 0; k < kept; ++k) {
      const DoubleDouble value = matrix[packed_index(j, kept_[k])] - dot_of_first(row, rows[k], k);
      row.set(k, value / rows[k].at(k));
    }
    const DoubleDouble pivot = matrix[packed_index(j, j)] - dot_of_first(row, row, kept);
    if (pivot.high > threshold[j]) {
      row.set(kept, sqrt(pivot));
      rows.push_back(std::move(row));
      kept_.push_back(j);
      continue;
    }
    // L' y = row gives the coefficients of column j on the kept ones before it.
    std::vector<double> null_vector(n, 0.0);
    null_vector[j] = 1;
    std::vector<DoubleDouble> y(kept);
    for (std::size_t k = 0; k < kept; ++k) y[k] = row.at(k);
    for (std::size_t k = kept; k-- > 0;) {
      y[k] = y[k] / rows[k].at(k);
      for (std::size_t m = 0; m < k; ++m) y[m] -= rows[k].at(m) * y[k];
      null_vector[kept_[k]] = -y[k].value();
    }
    aliased_.push_back(j);
    aliased_pivots_.push_back(std::max(0.0, pivot.value()));
    null_vectors_.push_back(std::move(null_vector));
  }
  lower_.reserve(kept_.size() * (kept_.size() + 1) / 2);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    for (std::size_t m = 0; m <= k; ++m) lower_.push_back(rows[k].at(m).value());
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
