// SPDX-License-Identifier: Apache-2.0
// Costs without data, as descent sees them.
#pragma once

#include <cmath>
#include <functional>

#include "talweg/objective/objective.h"

namespace talweg::test {

/// Cost and gradient from a plain function of (x, gradient).
class Function final : public Objective {
 public:
  using Body = std::function<double(std::span<const double>, std::span<double>)>;
  Function(std::size_t size, Body body) : size_(size), body_(std::move(body)) {}
  [[nodiscard]] std::size_t size() const override { return size_; }
  double evaluate(const Point& point, std::span<double> gradient) override {
    ++calls;
    return body_(point.high, gradient);
  }
  std::uint64_t calls = 0;

 private:
  std::size_t size_;
  Body body_;
};

/// (1 - x)^2 + 100 (y - x^2)^2, lowest at (1, 1).
inline Function rosenbrock() {
  return {2, [](std::span<const double> x, std::span<double> g) {
            const double a = 1 - x[0];
            const double b = x[1] - x[0] * x[0];
            g[0] = -2 * a - 400 * x[0] * b;
            g[1] = 200 * b;
            return a * a + 100 * b * b;
          }};
}

/// x^2 + 10 y^2 + 3 around (2, -1).
inline Function bowl() {
  return {2, [](std::span<const double> x, std::span<double> g) {
            g[0] = 2 * (x[0] - 2);
            g[1] = 20 * (x[1] + 1);
            return (x[0] - 2) * (x[0] - 2) + 10 * (x[1] + 1) * (x[1] + 1) + 3;
          }};
}

/// log cosh in every coordinate: convex, not quadratic, curvature at most 1.
inline Function log_cosh(std::size_t size) {
  return {size, [](std::span<const double> x, std::span<double> g) {
            double sum = 0;
            for (std::size_t j = 0; j < x.size(); ++j) {
              const double t = x[j] - static_cast<double>(j);
              g[j] = std::tanh(t);
              sum += std::abs(t) + std::log1p(std::exp(-2 * std::abs(t))) - std::log(2.0);
            }
            return sum;
          }};
}

}  // namespace talweg::test
