// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "talweg/descent/rates.h"

namespace talweg {
namespace {

constexpr std::uint64_t kMostEpochs = std::uint64_t{1} << 62U;

double log_factor(double r) {
  return r < 1 ? std::log1p(-r) : std::log(r - 1);
}

// log of sum_i gap_i (1 - r_i)^(2k).
double log_gap(const Curvature& curvature, double rate, double epochs) {
  double largest = -std::numeric_limits<double>::infinity();
  std::vector<double> terms;
  for (std::size_t i = curvature.first_positive; i < curvature.size(); ++i) {
    if (!(curvature.mode_gaps[i] > 0)) continue;
    const double decay = epochs > 0 ? 2 * epochs * log_factor(rate * curvature.eigenvalues[i]) : 0;
    terms.push_back(std::log(curvature.mode_gaps[i]) + decay);
    largest = std::max(largest, terms.back());
  }
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - largest);
  return largest + std::log(sum);
}

std::optional<std::uint64_t> gradient_descent_epochs(const Curvature& curvature, double rate,
                                                     double limit_gap) {
  const double limit = std::log(limit_gap);
  const auto reached = [&](std::uint64_t k) {
    return log_gap(curvature, rate, static_cast<double>(k)) <= limit;
  };
  std::uint64_t high = 1;
  while (!reached(high)) {
    if (high >= kMostEpochs) return std::nullopt;
    high *= 2;
  }
  std::uint64_t low = high / 2;  // not reached, or 0, which the caller has looked at
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (reached(middle) ? high : low) = middle;
  }
  return high;
}

struct Mode {
  double gap, first, second;  // gap, and z'' = first z' + second z
  double z = 1;
  double before = 1;
};

Forecast simulated_epochs(const Curvature& curvature, const MethodSettings& settings, double rate,
                          double limit_gap, ForecastQuality quality) {
  constexpr double kMostWork = 1e8;  // mode steps, about a quarter of a second
  std::vector<Mode> modes;
  double slowest = 0;
  const double b = settings.momentum;
  for (std::size_t i = curvature.first_positive; i < curvature.size(); ++i) {
    if (!(curvature.mode_gaps[i] > 0)) continue;
    const double r = rate * curvature.eigenvalues[i];
    const bool heavy_ball = settings.optimizer == Optimizer::momentum;
    modes.push_back(
        {curvature.mode_gaps[i], heavy_ball ? 1 + b - r : (1 - r) * (1 + b), heavy_ball ? -b : -(1 - r) * b});
    slowest = std::max(slowest, mode_factor(settings.optimizer, r, b));
  }
  if (!(slowest < 1)) return {std::nullopt, quality};
  const auto most =
      static_cast<std::uint64_t>(kMostWork / static_cast<double>(std::max<std::size_t>(1, modes.size())));
  double gap = 0;
  for (std::uint64_t k = 1; k <= most; ++k) {
    gap = 0;
    for (Mode& mode : modes) {
      const double next = mode.first * mode.z + mode.second * mode.before;
      mode.before = mode.z;
      mode.z = next;
      gap += mode.gap * next * next;
    }
    if (gap <= limit_gap) return {k, quality};
  }
  const double rest = (std::log(limit_gap) - std::log(gap)) / (2 * std::log(slowest));
  if (!(rest < static_cast<double>(kMostEpochs))) return {std::nullopt, ForecastQuality::about};
  return {most + static_cast<std::uint64_t>(std::ceil(rest)), ForecastQuality::about};
}

// By the slowest mode alone, as if it held the whole gap.
std::optional<std::uint64_t> envelope_epochs(const Curvature& curvature, const MethodSettings& settings,
                                             double rate, double ratio) {
  const double slowest =
      std::max(mode_factor(settings.optimizer, rate * curvature.smallest(), settings.momentum),
               mode_factor(settings.optimizer, rate * curvature.largest(), settings.momentum));
  const double epochs = std::log(ratio) / (2 * std::log(slowest));
  if (!(epochs < static_cast<double>(kMostEpochs))) return std::nullopt;
  return static_cast<std::uint64_t>(std::max(1.0, std::ceil(epochs)));
}

}  // namespace

Forecast forecast_epochs(const Curvature& curvature, const MethodSettings& settings, double start_gap,
                         double limit_gap, double tolerance) {
  constexpr double kExactTolerance = 1e-10;
  const ForecastQuality quality =
      tolerance < kExactTolerance ? ForecastQuality::approximate : ForecastQuality::exact;
  if (start_gap <= limit_gap) return {0, ForecastQuality::exact};
  if (settings.precondition) {
    // Each epoch leaves the rounding of the factor, about 1e-16 times its condition number.
    const double left = std::clamp(1e-16 * std::sqrt(curvature.condition_number()), 1e-16, 0.5);
    const double epochs = std::log(limit_gap / start_gap) / (2 * std::log(left));
    return {static_cast<std::uint64_t>(std::max(1.0, std::ceil(epochs))), ForecastQuality::approximate};
  }
  if (settings.optimizer == Optimizer::cg) {
    const double root = std::sqrt(curvature.condition_number());
    const double q = (root - 1) / (root + 1);
    if (!(q > 0)) return {1, ForecastQuality::upper_bound};
    const double epochs = std::log(limit_gap / (4 * start_gap)) / (2 * std::log(q));
    return {static_cast<std::uint64_t>(std::max(1.0, std::ceil(epochs))), ForecastQuality::upper_bound};
  }
  const bool has_modes = settings.optimizer == Optimizer::gd || settings.optimizer == Optimizer::momentum ||
                         settings.optimizer == Optimizer::nesterov;
  if (!settings.learning_rate || !has_modes) return {std::nullopt, quality};
  const double rate = *settings.learning_rate;
  const double stable = largest_stable_rate(settings.optimizer, curvature.largest(), settings.momentum);
  if (!(rate > 0) || !(rate < stable)) return {std::nullopt, quality};
  if (curvature.mode_gaps.empty()) {
    return {envelope_epochs(curvature, settings, rate, limit_gap / start_gap), ForecastQuality::about};
  }
  if (settings.optimizer == Optimizer::gd)
    return {gradient_descent_epochs(curvature, rate, limit_gap), quality};
  return simulated_epochs(curvature, settings, rate, limit_gap, quality);
}

std::string_view quality_name(ForecastQuality quality) {
  switch (quality) {
    case ForecastQuality::exact:
      return "exact";
    case ForecastQuality::approximate:
      return "approximate";
    case ForecastQuality::upper_bound:
      return "upper bound";
    case ForecastQuality::about:
      return "about";
  }
  return "";
}

}  // namespace talweg
