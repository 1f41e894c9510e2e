// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/rate_search.h"

#include <algorithm>
#include <cmath>

#include "talweg/base/dot.h"
#include "talweg/descent/line_search.h"

namespace talweg {
namespace {

constexpr double kShare = 1e-4;
constexpr double kQuickGrowth = 2;
constexpr double kGrowth = 1.05;
constexpr int kMostHalvings = 200;
constexpr double kCostNoise = 1e-13;  // relative: below it two costs are the same

}  // namespace

bool falls_enough(double cost, double cost_there, double slope, double slope_there, double share) {
  if (cost_there <= cost + share * slope) return true;
  // The same condition of a quadratic, by its slopes.
  return cost_there <= cost + kCostNoise * std::abs(cost) && slope_there <= (2 * share - 1) * slope;
}

bool RateSearch::suits(const Iterate& at, Objective& objective, std::span<const double> direction,
                       std::uint64_t& evaluations) {
  const double slope = dot(direction, at.gradient);
  if (!(slope < 0)) return false;
  if (const auto bend = objective.curvature_along(direction))
    return rate_ * *bend <= 2 * (1 - kShare) * -slope;
  Point point = at.point;
  point.move(direction, rate_);
  gradient_.resize(direction.size());
  cost_ = objective.evaluate(point, gradient_);
  ++evaluations;
  const bool finite = std::isfinite(cost_) && std::all_of(gradient_.begin(), gradient_.end(),
                                                          [](double g) { return std::isfinite(g); });
  return finite && falls_enough(at.cost, cost_, rate_ * slope, rate_ * dot(direction, gradient_), kShare);
}

Step RateSearch::step(const Iterate& at, Objective& objective, std::span<const double> direction,
                      const std::function<void()>& restart, std::uint64_t& evaluations) {
  Step out;
  out.direction = direction;
  const double before = rate_;
  rate_ = rate_ > 0 ? rate_ * (bounded_ ? kGrowth : kQuickGrowth) : cautious_length(direction);
  if (!suits(at, objective, direction, evaluations)) {
    bounded_ = true;
    restart();
    if (before > 0) rate_ = before;
    int halvings = 0;
    while (!suits(at, objective, direction, evaluations)) {
      rate_ /= 2;
      if (++halvings == kMostHalvings || !(rate_ > 0)) {
        rate_ = before;
        out.stuck = true;
        return out;
      }
    }
  }
  out.length = rate_;
  out.learning_rate = rate_;
  if (!objective.gap()) {
    out.cost = cost_;
    out.gradient = gradient_;
  }
  return out;
}

}  // namespace talweg
