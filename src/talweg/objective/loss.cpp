// SPDX-License-Identifier: Apache-2.0
#include "talweg/objective/loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "talweg/formula/row_kernels.h"
#include "talweg/objective/logistic_kernel.h"

namespace talweg {
namespace {

constexpr std::array<std::pair<CostKind, std::string_view>, 10> kCosts = {
    {{CostKind::mse, "mse"},
     {CostKind::half_mse, "half-mse"},
     {CostKind::sse, "sse"},
     {CostKind::mae, "mae"},
     {CostKind::huber, "huber"},
     {CostKind::quantile, "quantile"},
     {CostKind::logistic, "logistic"},
     {CostKind::poisson, "poisson"},
     {CostKind::hinge, "hinge"},
     {CostKind::squared_hinge, "squared-hinge"}}};

// One of the row kernels: the same bits on every machine.
void apply(Op op, const double* in, std::size_t rows, double* out) {
  const RowOperand operand{in, nullptr, 0, 0};
  RowTask task;
  task.op = op;
  task.in = &operand;
  task.high = out;
  task.rows = rows;
  run_rows(task);
}

void squared(double factor, const double* f, const double* y, std::size_t rows, double* value, double* slope,
             double* curvature) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double r = f[i] - y[i];
    slope[i] = 2 * factor * r;
    if (value != nullptr) value[i] = factor * (r * r);
  }
  if (curvature != nullptr) std::fill_n(curvature, rows, 2 * factor);
}

void huber(double delta, const double* f, const double* y, std::size_t rows, double* value, double* slope,
           double* curvature) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double r = f[i] - y[i];
    const double inner = std::min(std::max(r, -delta), delta);
    slope[i] = inner;
    if (value != nullptr) value[i] = inner * (r - inner / 2);
  }
  if (curvature == nullptr) return;
  for (std::size_t i = 0; i < rows; ++i) curvature[i] = std::abs(f[i] - y[i]) <= delta ? 1 : 0;
}

// The largest of a u - h a^2/2 over [low, high], u = y - f.
void kinked(DualRange range, double width, const double* f, const double* y, std::size_t rows, double* value,
            double* slope, double* curvature) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double u = y[i] - f[i];
    const double steep = width > 0 ? u / width : u > 0 ? range.high : u < 0 ? range.low : 0;
    const double a = std::min(std::max(steep, range.low), range.high);
    if (value != nullptr) value[i] = a * u - width / 2 * (a * a);
    slope[i] = -a;
    if (curvature != nullptr) curvature[i] = width > 0 && a == steep ? 1 / width : 0;
  }
}

void hinge(double width, const double* f, const double* y, std::size_t rows, double* value, double* slope,
           double* curvature) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double u = 1 - y[i] * f[i];
    const double steep = width > 0 ? u / width : u > 0 ? 1 : 0;
    const double a = std::min(std::max(steep, 0.0), 1.0);
    if (value != nullptr) value[i] = a * u - width / 2 * (a * a);
    slope[i] = -y[i] * a;
    if (curvature != nullptr) curvature[i] = width > 0 && a == steep ? 1 / width : 0;
  }
}

void squared_hinge(const double* f, const double* y, std::size_t rows, double* value, double* slope,
                   double* curvature) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double lack = std::max(1 - y[i] * f[i], 0.0);
    if (value != nullptr) value[i] = lack * lack;
    slope[i] = -2 * y[i] * lack;
    if (curvature != nullptr) curvature[i] = lack > 0 ? 2 : 0;
  }
}

void poisson(const double* f, const double* y, std::size_t rows, double* value, double* slope,
             double* curvature) {
  apply(Op::exp, f, rows, slope);
  for (std::size_t i = 0; i < rows; ++i) {
    const double mean = slope[i];
    if (value != nullptr) value[i] = mean - y[i] * f[i];
    slope[i] = mean - y[i];
    if (curvature != nullptr) curvature[i] = mean;
  }
}

}  // namespace

std::string_view cost_name(CostKind cost) {
  for (const auto& [value, name] : kCosts) {
    if (value == cost) return name;
  }
  return "";
}

std::optional<CostKind> cost_from_name(std::string_view name) {
  for (const auto& [value, known] : kCosts) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> cost_names() {
  std::vector<std::string_view> out;
  out.reserve(kCosts.size());
  for (const auto& [value, name] : kCosts) out.push_back(name);
  return out;
}

std::optional<double> curvature_bound(const LossSettings& loss) {
  switch (loss.kind) {
    case CostKind::mse:
    case CostKind::sse:
    case CostKind::squared_hinge:
      return 2;
    case CostKind::half_mse:
    case CostKind::huber:
      return 1;
    case CostKind::logistic:
      return 0.25;
    case CostKind::mae:
    case CostKind::quantile:
    case CostKind::hinge:
      if (loss.width > 0) return 1 / loss.width;
      return std::nullopt;
    case CostKind::poisson:
      return std::nullopt;
  }
  return std::nullopt;
}

double mean_of_prediction(CostKind loss, double f) {
  if (loss == CostKind::logistic) {
    const double t = exp_reference(-std::abs(f));
    return (f >= 0 ? 1 : t) / (1 + t);
  }
  return loss == CostKind::poisson ? exp_reference(f) : f;
}

void means_of_predictions(CostKind loss, const double* f, std::size_t rows, double* out) {
  if (loss == CostKind::poisson) return apply(Op::exp, f, rows, out);
  if (loss != CostKind::logistic) {
    std::copy_n(f, rows, out);
    return;
  }
  // The probability of +1 is the slope of the loss of a row of class -1.
  const std::vector<double> minus(rows, -1.0);
  logistic_rows(f, minus.data(), rows, nullptr, out, nullptr);
}

DualRange dual_range(const LossSettings& loss) {
  if (loss.kind == CostKind::mae) return {-1, 1};
  if (loss.kind == CostKind::quantile) return {loss.quantile - 1, loss.quantile};
  return {0, 1};
}

const void* evaluate_loss(const LossSettings& loss, const double* f, const double* y, std::size_t rows,
                          double* value, double* slope, double* curvature, const void* ahead) {
  switch (loss.kind) {
    case CostKind::mse:
    case CostKind::sse:
      squared(1, f, y, rows, value, slope, curvature);
      break;
    case CostKind::half_mse:
      squared(0.5, f, y, rows, value, slope, curvature);
      break;
    case CostKind::huber:
      huber(loss.huber_delta, f, y, rows, value, slope, curvature);
      break;
    case CostKind::mae:
    case CostKind::quantile:
      kinked(dual_range(loss), loss.width, f, y, rows, value, slope, curvature);
      break;
    case CostKind::logistic:
      return logistic_rows(f, y, rows, value, slope, curvature, ahead);
    case CostKind::poisson:
      poisson(f, y, rows, value, slope, curvature);
      break;
    case CostKind::hinge:
      hinge(loss.width, f, y, rows, value, slope, curvature);
      break;
    case CostKind::squared_hinge:
      squared_hinge(f, y, rows, value, slope, curvature);
      break;
  }
  return ahead;
}

}  // namespace talweg
