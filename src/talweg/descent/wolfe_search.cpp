// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/wolfe_search.h"

#include <algorithm>
#include <cmath>

#include "talweg/base/dot.h"

namespace talweg {
namespace {

constexpr double kDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr double kCostNoise = 1e-13;  // relative: below it two costs are the same

// Where the cubic through two costs and slopes is lowest, kept away from the ends; the middle where it has no
// valley.
double between(double a, double cost_a, double slope_a, double b, double cost_b, double slope_b) {
  const double low = std::min(a, b) + 0.1 * std::abs(b - a);
  const double high = std::max(a, b) - 0.1 * std::abs(b - a);
  const double d1 = slope_a + slope_b - 3 * (cost_a - cost_b) / (a - b);
  const double inside = d1 * d1 - slope_a * slope_b;
  const double d2 = std::copysign(std::sqrt(std::max(0.0, inside)), b - a);
  const double t = b - (b - a) * ((slope_b + d2 - d1) / (slope_b - slope_a + 2 * d2));
  return inside >= 0 && std::isfinite(t) ? std::clamp(t, low, high) : (a + b) / 2;
}

}  // namespace

WolfeSearch::Sample WolfeSearch::sample(double length) {
  --left_;
  ++*evaluations_;
  Point point = at_->point;
  point.move(direction_, length);
  gradient_.resize(direction_.size());
  Sample out{length, objective_->evaluate(point, gradient_), 0, true};
  out.slope = dot(gradient_, direction_);
  out.finite = std::isfinite(out.cost) && std::isfinite(out.slope) &&
               std::all_of(gradient_.begin(), gradient_.end(), [](double g) { return std::isfinite(g); });
  if (low_enough(out)) keep(out);
  return out;
}

bool WolfeSearch::low_enough(const Sample& s) const {
  if (!s.finite) return false;
  if (s.cost <= at_->cost + kDecrease * s.length * start_slope_) return true;
  return s.cost <= at_->cost + kCostNoise * std::abs(at_->cost) &&
         s.slope <= (2 * kDecrease - 1) * start_slope_;
}

bool WolfeSearch::flat_enough(const Sample& s) const {
  return std::abs(s.slope) <= -kCurvature * start_slope_;
}

void WolfeSearch::keep(const Sample& s) {
  if (best_ && !(s.cost < best_->cost)) return;
  best_ = Found{s.length, s.cost};
  best_gradient_.assign(gradient_.begin(), gradient_.end());
}

// `low` is low enough and the best so far; between it and `high` lies a length that satisfies both
// conditions.
bool WolfeSearch::zoom(Sample low, Sample high) {
  while (left_ > 0) {
    const double t = high.finite
                         ? between(low.length, low.cost, low.slope, high.length, high.cost, high.slope)
                         : low.length + 0.1 * (high.length - low.length);
    if (t == low.length || t == high.length) return false;
    const Sample s = sample(t);
    if (!low_enough(s) || s.cost > low.cost + kCostNoise * std::abs(low.cost)) {
      high = s;
      continue;
    }
    if (flat_enough(s)) {
      best_ = Found{s.length, s.cost};
      best_gradient_.assign(gradient_.begin(), gradient_.end());
      return true;
    }
    if (s.slope * (high.length - low.length) >= 0) high = low;
    low = s;
  }
  return false;
}

std::optional<WolfeSearch::Found> WolfeSearch::search(const Iterate& at, Objective& objective,
                                                      std::span<const double> direction, double first_length,
                                                      std::uint64_t& evaluations) {
  constexpr int kMostEvaluations = 50;
  at_ = &at;
  objective_ = &objective;
  direction_ = direction;
  evaluations_ = &evaluations;
  start_slope_ = dot(direction, at.gradient);
  left_ = kMostEvaluations;
  best_.reset();
  if (!(start_slope_ < 0)) return std::nullopt;
  Sample before{0, at.cost, start_slope_, true};
  double length = first_length;
  while (left_ > 0) {
    const Sample s = sample(length);
    const bool rises = !low_enough(s) || (before.length > 0 && s.cost >= before.cost);
    if (rises) {
      zoom(before, s);
      break;
    }
    if (flat_enough(s)) {
      best_ = Found{s.length, s.cost};
      best_gradient_.assign(gradient_.begin(), gradient_.end());
      break;
    }
    if (s.slope >= 0) {
      zoom(s, before);
      break;
    }
    before = s;
    length *= 2;
  }
  return best_;
}

}  // namespace talweg
