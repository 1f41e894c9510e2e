// SPDX-License-Identifier: Apache-2.0
// Levenberg-Marquardt as a trust region with a hard radius: descent preconditioned by the damped Gauss-Newton
// matrix, from the triangle of [J r]. Sources: Levenberg 1944; Marquardt 1963; More 1978 (trust_region.h),
// whose rules for the radius these are. The end is judged by the relative offset |q|/|r| (Bates and Watts,
// Technometrics 23(2), 1981): the part of the residuals that the columns of J still reach, which knows
// neither damping nor units, so a short step is never taken for convergence. Plain Gauss-Newton steps then go
// on while |q| falls, down to the rounding of the residuals.
//
// One proposal is one accepted step; refused ones only count as evaluations.
#include <algorithm>
#include <cmath>
#include <limits>

#include "talweg/descent/method.h"
#include "talweg/descent/trust_region.h"
#include "talweg/objective/residuals.h"
#include "talweg/objective/triangle.h"

namespace talweg {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

class LevenbergMarquardt final : public Method {
 public:
  explicit LevenbergMarquardt(const MethodSettings& settings) : polish_(settings.polish) {}

  [[nodiscard]] bool wants_more() const override { return polish_ && phase_ != Phase::done; }

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    Step step;
    ResidualObjective* const residuals = objective.residuals();
    step.stuck = residuals == nullptr;
    if (step.stuck) return step;
    if (phase_ == Phase::begin) {
      ++evaluations;
      step.stuck = !residuals->linearise(at.point, here_);
      if (step.stuck) return step;
      scale_.assign(here_.size, 0.0);
      widen();
      phase_ = Phase::search;
    }
    if (phase_ == Phase::search && !search(at, *residuals, evaluations))
      phase_ = polish_ ? Phase::polish : Phase::done;
    if (phase_ == Phase::polish && accepted_ == false && !polish(at, *residuals, evaluations))
      phase_ = Phase::done;
    step.stuck = !accepted_;
    if (step.stuck) return step;
    accepted_ = false;
    step.direction = direction_;
    step.length = 1;
    step.cost = residuals->cost_factor() * here_.squares;
    gradient_.resize(here_.size);
    multiply_transposed(here_.triangle, here_.size, here_.q, gradient_);
    for (double& g : gradient_) g *= 2 * residuals->cost_factor();
    step.gradient = gradient_;
    return step;
  }

 private:
  enum class Phase { begin, search, polish, done };

  void widen() {
    for (std::size_t j = 0; j < here_.size; ++j) {
      scale_[j] = std::max(scale_[j], column_norm(here_.triangle, j));
      scale_or_one_.resize(here_.size);
      scale_or_one_[j] = scale_[j] > 0 ? scale_[j] : 1;
    }
  }

  [[nodiscard]] double offset() const { return euclidean_norm(here_.q); }
  [[nodiscard]] bool is_noise() const { return offset() <= kEpsilon / 2 * here_.values; }

  bool try_step(const Iterate& at, ResidualObjective& residuals, std::span<const double> d,
                std::uint64_t& evaluations) {
    Point point = at.point;
    point.move(d, 1);
    ++evaluations;
    return residuals.linearise(point, trial_);
  }

  void accept(std::span<const double> d) {
    direction_.assign(d.begin(), d.end());
    std::swap(here_, trial_);
    accepted_ = true;
  }

  // One accepted step of the trust region; false where the search is over.
  bool search(const Iterate& at, ResidualObjective& residuals, std::uint64_t& evaluations) {
    constexpr double kOffset = 1e-8;
    constexpr int kMostTries = 5000;
    constexpr int kPlateau = 5;
    if (radius_ < 0) {
      std::vector<double> scaled(here_.size);
      for (std::size_t j = 0; j < here_.size; ++j) scaled[j] = scale_or_one_[j] * at.point.high[j];
      const double size = euclidean_norm(scaled);
      radius_ = size > 0 ? 0.1 * size : 0.1;
    }
    if (plateau_ >= kPlateau) return false;
    if (offset() <= kOffset * std::sqrt(here_.squares) || is_noise()) return false;
    while (tries_++ < kMostTries) {
      TrustStep step = trust_region_step(here_, scale_or_one_, radius_, damping_);
      damping_ = step.damping;
      if (!moved_once_) radius_ = std::min(radius_, step.length);
      if (!(step.length > 0) || !std::isfinite(step.length)) return false;
      std::vector<double> reached(here_.size);
      multiply_upper(here_.triangle, here_.size, step.direction, reached);
      const double reach = euclidean_norm(reached);
      const double t1 = reach * reach;
      const double t2 = damping_ * step.length * step.length;
      const double predicted = t1 + 2 * t2;
      const double before = here_.squares;
      const bool finite = try_step(at, residuals, step.direction, evaluations);
      const bool far = !finite || trial_.squares >= 100 * before;
      const double gain = far ? -before : before - trial_.squares;
      const double ratio = predicted > 0 ? gain / predicted : 0;
      if (ratio <= 0.25) {
        double t = gain >= 0 ? 0.5 : 0.5 * (t1 + t2) / (t1 + t2 - gain / 2);
        if (t < 0.1 || far) t = 0.1;
        radius_ = t * std::min(radius_, 10 * step.length);
        damping_ /= t;
      } else if (damping_ == 0 || ratio >= 0.75) {
        radius_ = 2 * step.length;
        damping_ /= 2;
      }
      if (ratio > 1e-4) {
        plateau_ = gain <= 4 * kEpsilon * before ? plateau_ + 1 : 0;
        moved_once_ = true;
        accept(step.direction);
        widen();
        return true;
      }
      if (predicted <= 4 * kEpsilon * before) return false;
    }
    return false;
  }

  // One Gauss-Newton step that brings |q| further down; false where none does.
  bool polish(const Iterate& at, ResidualObjective& residuals, std::uint64_t& evaluations) {
    constexpr int kMostSteps = 50;
    constexpr double kRise = 1e-10;
    constexpr double kSingular = 1e-12;
    if (polished_++ >= kMostSteps || is_noise()) return false;
    for (std::size_t j = 0; j < here_.size; ++j) {
      const double norm = column_norm(here_.triangle, j);
      if (!(std::abs(here_.triangle[triangle_column(j) + j]) >= kSingular * norm) || norm == 0) return false;
    }
    const std::vector<double> d = gauss_newton_step(here_);
    if (d.empty() || !try_step(at, residuals, d, evaluations)) return false;
    if (!(euclidean_norm(trial_.q) < offset()) || !(trial_.squares <= here_.squares * (1 + kRise)))
      return false;
    accept(d);
    return true;
  }

  bool polish_;
  Phase phase_ = Phase::begin;
  Linearised here_;
  Linearised trial_;
  std::vector<double> scale_;         // the largest column norms so far
  std::vector<double> scale_or_one_;  // the same, 1 where it would be 0
  double radius_ = -1;
  double damping_ = 0;
  bool moved_once_ = false;
  bool accepted_ = false;
  int plateau_ = 0;
  int tries_ = 0;
  int polished_ = 0;
  std::vector<double> direction_;
  std::vector<double> gradient_;
};

}  // namespace

std::unique_ptr<Method> make_levenberg_marquardt(const MethodSettings& settings) {
  return std::make_unique<LevenbergMarquardt>(settings);
}

}  // namespace talweg
