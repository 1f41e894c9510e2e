// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/row_certificate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace talweg {
namespace {

constexpr double kUnit = std::numeric_limits<double>::epsilon() / 2;

// Root mean squares over the rows.
struct Sizes {
  double residual = 0;  // y - f
  double rounding = 0;  // of f and of the residual, at most
};

Sizes sizes_of(LinearCost& cost, const Point& at, double mean_square) {
  Sizes out;
  out.residual = std::sqrt(std::max(0.0, mean_square));
  const auto terms = static_cast<double>(cost.size() + 8);
  out.rounding =
      2 * LinearCost::accumulated_rounding(terms) * cost.prediction_size(at) + 4 * kUnit * out.residual;
  return out;
}

}  // namespace

std::vector<double> intercept_column(LinearCost& cost, bool intercept) {
  if (!intercept) return {};
  std::vector<double> unit(cost.size());
  unit.back() = 1;
  std::vector<double> out(cost.size());
  cost.multiply_hessian(unit, curvature_bound(cost.loss()).value_or(0), out);
  return out;
}

LowerBound l1_lower_bound(LinearCost& cost, std::span<const double> l1, const Point& at) {
  const std::vector<double> f = cost.predictions_at(at);
  const RowLosses rows = cost.row_losses(f);
  const std::vector<double> factors = cost.row_factors();
  const std::vector<double> y = cost.targets();
  const std::size_t n = f.size();
  double up = 0;
  double down = 0;
  double squares = 0;
  for (std::size_t r = 0; r < n; ++r) {
    (rows.slope[r] > 0 ? up : down) += factors[r] * std::abs(rows.slope[r]);
    squares += factors[r] * (rows.slope[r] * rows.slope[r]);
  }
  const bool balance = cost.has_intercept();
  const double of_up = balance && up > down ? down / up : 1;
  const double of_down = balance && down > up ? up / down : 1;
  std::vector<double> u(n);
  for (std::size_t r = 0; r < n; ++r) u[r] = (rows.slope[r] > 0 ? of_up : of_down) * rows.slope[r];
  std::vector<double> v(cost.size());
  cost.sum_rows(u, v);
  // As wide as the rounding of v may be.
  const double summed = cost.summed_rounding();
  const std::span<const double> l2 = cost.l2_weights();
  LowerBound out;
  out.from_slopes = true;
  double shrink = 1;
  double conjugate = 0;
  for (std::size_t j = 0; j < v.size(); ++j) {
    if (!(l1[j] > 0)) continue;
    const LinearTerm& term = cost.terms()[j];
    const double column = cost.scale() == Scale::none ? std::hypot(term.spread, term.mean) : 1;
    const double slope = std::abs(v[j]) + 2 * summed * std::sqrt(squares) * column;
    const double beyond = std::max(slope - l1[j], 0.0);
    if (l2[j] > 0) {
      conjugate += beyond * beyond / (2 * l2[j]);
    } else if (beyond > 0) {
      shrink = std::min(shrink, l1[j] / slope);
    }
  }
  DoubleDouble value;
  double size = 0;
  for (std::size_t r = 0; r < n; ++r) {
    const double s = rows.slope[r];
    const double c = shrink * (s > 0 ? of_up : of_down);
    const bool counts = cost.loss().kind == CostKind::poisson && y[r] > 0;
    const double lowest = counts ? y[r] - y[r] * std::log(y[r]) : 0;
    value += two_product(factors[r], c * (rows.value[r] - f[r] * s) + (1 - c) * lowest);
    size += factors[r] * (std::abs(rows.value[r]) + 2 * std::abs(f[r] * s) + std::abs(lowest));
  }
  out.value = value.value() - conjugate;
  out.rounding = 2 * summed * size + 8 * kUnit * conjugate +
                 2 * (up + down) * LinearCost::accumulated_rounding(static_cast<double>(cost.size() + 8)) *
                     cost.prediction_size(at);
  return out;
}

void certify_rows(LinearCost& cost, L1Cost* kinked, bool intercept, Fit& fit) {
  const std::size_t p = cost.size();
  fit.certificate.parameter_bounds.assign(p, std::nullopt);
  const Point at = cost.to_descent(fit.parameters);
  if (kinked != nullptr) {
    fit.certificate.cost_gap_bound = kinked->gap_bound(at);
    fit.notes.emplace_back(
        "the certificate is the duality gap, which bounds the cost and not the parameters");
    return;
  }
  const double per_row = curvature_bound(cost.loss()).value_or(0);  // 2, 1 of half-mse
  const double factor = per_row * (cost.loss().kind == CostKind::sse ? cost.weight() : 1);
  const Sizes sizes = sizes_of(cost, at, fit.mse);
  const double summed = cost.summed_rounding();
  if (!(fit.l2 > 0)) {
    if (cost.rows().rows() > p) {
      fit.warnings.emplace_back(
          "no certificate: over rows the smallest curvature is not known, so a gradient near zero proves "
          "nothing; with --l2 above 0 it does");
      return;
    }
    const double largest = sizes.residual * (1 + summed) + sizes.rounding;
    fit.certificate.cost_gap_bound = factor / 2 * largest * largest;
    fit.notes.emplace_back("the certificate is the cost itself, which squares cannot take below zero");
    return;
  }
  std::vector<double> gradient(p);
  cost.evaluate(at, gradient);
  const std::span<const double> weights = cost.l2_weights();
  const std::vector<double> column = intercept_column(cost, intercept);
  // g_j sums slope times what coordinate j multiplies, whose mean square is at most H_jj / factor.
  const double slope_error = factor * (summed * (sizes.residual + sizes.rounding) + sizes.rounding);
  const auto error_of = [&](std::size_t j) {
    const LinearTerm& term = cost.terms()[j];
    const bool constant_term = !term.column && !term.level;
    const bool raw = !constant_term && weights[j] > 0 && cost.scale() == Scale::none;
    const double size = raw ? std::hypot(term.spread, term.mean) : 1;
    return 2 * slope_error * size + 8 * kUnit * (std::abs(gradient[j]) + weights[j] * std::abs(at.high[j]));
  };
  double free_slope = 0;
  double gap = 0;
  if (intercept) {
    free_slope = std::abs(gradient.back()) + error_of(p - 1);
    gap += free_slope * free_slope / (2 * column.back());
  }
  for (std::size_t j = 0; j < p; ++j) {
    if (!(weights[j] > 0)) continue;
    double slope = std::abs(gradient[j]) + error_of(j);
    if (intercept) {
      const double coupling = column[j] / column.back();
      slope = std::abs(gradient[j] - coupling * gradient.back()) + error_of(j) +
              (std::abs(coupling) + 2 * summed) * error_of(p - 1);
    }
    gap += slope * slope / (2 * weights[j]);
  }
  gap *= 1 + 8 * LinearCost::accumulated_rounding(static_cast<double>(p + 8));
  fit.certificate.cost_gap_bound = gap;
  for (std::size_t j = 0; j < p; ++j) {
    const LinearTerm& term = cost.terms()[j];
    if (!(weights[j] > 0)) continue;
    fit.certificate.parameter_bounds[j] = std::sqrt(2 * gap / fit.l2) / term.penalty;
  }
  fit.notes.emplace_back(
      "the certificate rests on the penalty's curvature alone, so its bounds are wider than those of a fold");
}

}  // namespace talweg
