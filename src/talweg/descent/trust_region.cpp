// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/trust_region.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "talweg/objective/triangle.h"

namespace talweg {
namespace {

double scaled_norm(std::span<const double> scale, std::span<const double> d) {
  std::vector<double> scaled(d.size());
  for (std::size_t j = 0; j < d.size(); ++j) scaled[j] = scale[j] * d[j];
  return euclidean_norm(scaled);
}

// |w|^2 of w = R'^-1 D (D d) / |D d|; 0 where R is singular.
double slope_norm(std::span<const double> triangle, std::span<const double> scale, std::span<const double> d,
                  double length) {
  const std::size_t n = d.size();
  std::vector<double> b(n);
  std::vector<double> w(n);
  for (std::size_t j = 0; j < n; ++j) b[j] = scale[j] * (scale[j] * d[j] / length);
  if (!solve_transposed(triangle, n, b, w)) return 0;
  const double norm = euclidean_norm(w);
  return norm * norm;
}

// The triangle of [R q; sqrt(damping) D 0] and d = -(its R)^-1 (its q).
struct Damped {
  std::vector<double> triangle;
  std::vector<double> direction;
};
Damped solve_damped(const Linearised& at, std::span<const double> scale, double damping) {
  const std::size_t n = at.size;
  Damped out;
  out.triangle = at.triangle;
  out.triangle.insert(out.triangle.end(), at.q.begin(), at.q.end());
  out.triangle.push_back(0);
  std::vector<double> extra(triangle_size(n + 1), 0.0);
  const double root = std::sqrt(damping);
  for (std::size_t j = 0; j < n; ++j) extra[triangle_column(j) + j] = root * scale[j];
  merge_triangles(out.triangle, extra, n + 1);
  std::vector<double> q(out.triangle.begin() + static_cast<std::ptrdiff_t>(triangle_column(n)),
                        out.triangle.end() - 1);
  out.direction.resize(n);
  if (!solve_upper(out.triangle, n, q, out.direction))
    std::fill(out.direction.begin(), out.direction.end(), 0.0);
  for (double& d : out.direction) d = -d;
  return out;
}

}  // namespace

double euclidean_norm(std::span<const double> values) {
  double largest = 0;
  for (const double v : values) largest = std::max(largest, std::abs(v));
  if (!(largest > 0) || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double v : values) sum += (v / largest) * (v / largest);
  return largest * std::sqrt(sum);
}

std::vector<double> gauss_newton_step(const Linearised& at) {
  std::vector<double> out(at.size);
  if (!solve_upper(at.triangle, at.size, at.q, out)) return {};
  for (double& d : out) {
    if (!std::isfinite(d)) return {};
    d = -d;
  }
  return out;
}

TrustStep trust_region_step(const Linearised& at, std::span<const double> scale, double radius,
                            double damping) {
  constexpr double kWithin = 0.1;
  constexpr int kMostCorrections = 10;
  TrustStep out;
  double lower = 0;
  out.direction = gauss_newton_step(at);
  if (!out.direction.empty()) {
    out.length = scaled_norm(scale, out.direction);
    if (out.length <= (1 + kWithin) * radius) return out;
    const double w = slope_norm(at.triangle, scale, out.direction, out.length);
    if (w > 0 && std::isfinite(w)) lower = (out.length - radius) / (radius * w);
  }
  std::vector<double> steepest(at.size);
  multiply_transposed(at.triangle, at.size, at.q, steepest);
  for (std::size_t j = 0; j < at.size; ++j) steepest[j] /= scale[j];
  const double slope = euclidean_norm(steepest);
  double upper = slope / radius;
  if (!(upper > 0)) upper = std::numeric_limits<double>::min() / std::min(radius, kWithin);
  double par = std::clamp(damping, lower, std::max(lower, upper));
  if (par == 0)
    par = out.length > 0 ? std::clamp(slope / out.length, lower, std::max(lower, upper)) : 1e-3 * upper;
  double before = std::numeric_limits<double>::infinity();
  for (int correction = 0;; ++correction) {
    if (par == 0) par = std::max(std::numeric_limits<double>::min(), 1e-3 * upper);
    Damped damped = solve_damped(at, scale, par);
    out.length = scaled_norm(scale, damped.direction);
    out.damping = par;
    out.direction = std::move(damped.direction);
    const double excess = out.length - radius;
    const bool cannot_reach = lower == 0 && excess <= before && before < 0;
    if (std::abs(excess) <= kWithin * radius || cannot_reach || correction == kMostCorrections ||
        out.length == 0)
      return out;
    const double w = slope_norm(damped.triangle, scale, out.direction, out.length);
    if (excess > 0) lower = std::max(lower, par);
    if (excess < 0) upper = std::min(upper, par);
    before = excess;
    par = w > 0 ? std::max(lower, par + excess / radius / w) : (lower + upper) / 2;
  }
}

}  // namespace talweg
