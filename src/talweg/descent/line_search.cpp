// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/line_search.h"

#include <cmath>
#include <numeric>

namespace talweg {

double cautious_length(std::span<const double> gradient) {
  double sum = 0;
  for (const double g : gradient) sum += std::abs(g);
  return sum > 1 ? 1 / sum : 1;
}

std::optional<double> LineSearch::cost_at(const Iterate& at, Objective& objective,
                                          std::span<const double> direction, double length,
                                          std::vector<double>& gradient, std::uint64_t& evaluations) const {
  Point point = at.point;
  point.move(direction, length);
  gradient.resize(direction.size());
  const double cost = objective.evaluate(point, gradient);
  ++evaluations;
  if (!std::isfinite(cost)) return std::nullopt;
  for (const double g : gradient) {
    if (!std::isfinite(g)) return std::nullopt;
  }
  return cost;
}

std::optional<LineSearch::Found> LineSearch::search(const Iterate& at, Objective& objective,
                                                    std::span<const double> direction, double first_length,
                                                    std::uint64_t& evaluations) {
  constexpr double kArmijo = 1e-4;
  constexpr int kMostHalvings = 100;
  constexpr int kMostDoublings = 40;
  const double slope = std::inner_product(direction.begin(), direction.end(), at.gradient.begin(), 0.0);
  if (!(slope < 0)) return std::nullopt;
  double length = first_length;
  for (int halving = 0; halving < kMostHalvings; ++halving, length /= 2) {
    const auto cost = cost_at(at, objective, direction, length, gradient_, evaluations);
    if (!cost || !(*cost <= at.cost + kArmijo * length * slope)) continue;
    Found best{length, *cost};
    for (int doubling = 0; halving == 0 && doubling < kMostDoublings; ++doubling) {
      const auto longer = cost_at(at, objective, direction, 2 * best.length, trial_, evaluations);
      if (!longer || !(*longer < best.cost) || !(*longer <= at.cost + 2 * kArmijo * best.length * slope))
        break;
      best = {2 * best.length, *longer};
      gradient_.swap(trial_);
    }
    return best;
  }
  return std::nullopt;
}

}  // namespace talweg
