// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/auto_batches.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "talweg/descent/batch_epoch.h"
#include "talweg/descent/trust_region.h"

namespace talweg {
namespace {

constexpr double kArrived = 1e-4;     // of the first slope: the smoothing may become narrower
constexpr double kNarrowest = 1e-12;  // of the first width
constexpr double kIdleGain = 1e-6;    // of the width: an epoch that lowers the cost by less is idle
constexpr int kIdleEpochs = 4;        // in a row: the smoothing may become narrower, too
constexpr int kMostTries = 60;        // of an epoch
constexpr double kGrowth = 1.5;       // of the rate after a good epoch
constexpr double kBack = 0.25;        // and after one that is undone

class DistanceOverGradients final : public Method {
 public:
  explicit DistanceOverGradients(const BatchSettings& batches) : cost_(*batches.cost), walk_(batches) {}

  Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) override {
    const std::span<const double> l1 = objective.l1_weights();
    here_ = at.point;
    if (at.epoch == 0) {
      lowest_ = start_ = anchored_cost(l1, evaluations);
      gradient_.resize(here_.size());
    }
    if (at.epoch == 0 || (at.epoch > 1 && std::has_single_bit(at.epoch))) begin_anew();
    Step out;
    for (int tries = 0; tries < kMostTries; ++tries) {
      const double before = rate_;
      out.given_up = !run(at.epoch, l1);
      ++evaluations;
      if (out.given_up) return out;
      const double cost = anchored_cost(l1, evaluations);
      if (cost <= lowest_ + kRise * (start_ - lowest_) + kRounding * std::abs(lowest_)) {
        lowest_ = std::min(lowest_, cost);
        limit_ *= kGrowth;
        out.learning_rate = rate_;
        out.point = &here_;
        return out;
      }
      limit_ = kBack * std::min(limit_, highest_);
      rate_ = std::min(before, limit_);
      here_ = at.point;
      begin_anew();
      static_cast<void>(anchored_cost(l1, evaluations));
    }
    out.stuck = true;
    return out;
  }

 private:
  static constexpr double kRise = 0.01;
  static constexpr double kRounding = 1e-12;

  void begin_anew() {
    origin_ = here_.high;
    farthest_ = 0;
    squares_ = 0;
  }

  // The cost where the descent stands, from now on the anchor; infinite where anything there is not finite.
  double anchored_cost(std::span<const double> l1, std::uint64_t& evaluations) {
    const BatchCost::Anchor anchor = cost_.set_anchor(here_);
    ++evaluations;
    double cost = anchor.cost;
    for (std::size_t j = 0; j < l1.size(); ++j) cost += l1[j] * std::abs(here_.high[j]);
    return std::isfinite(cost) && std::isfinite(anchor.slope) ? cost
                                                              : std::numeric_limits<double>::infinity();
  }

  // Whether the epoch is whole.
  bool run(std::uint64_t epoch, std::span<const double> l1) {
    highest_ = 0;
    return walk_.go(epoch, [&](std::span<const std::uint32_t> batch) {
      cost_.reduced_gradient(here_, batch, gradient_);
      measure(l1);
      if (!std::isfinite(rate_)) return false;
      rate_ = std::min(rate_, limit_);
      highest_ = std::max(highest_, rate_);
      move_plainly(here_, gradient_, -rate_);
      shrink(l1, rate_, here_);
      walk_.step_made(here_);
      return true;
    });
  }

  // The rate of the step that follows the gradient at hand.
  void measure(std::span<const double> l1) {
    double distance = 0;
    double square = 0;
    for (std::size_t j = 0; j < origin_.size(); ++j) {
      const double t = here_.high[j];
      const double d = t - origin_[j];
      distance += d * d;
      double g = gradient_[j];
      if (!l1.empty() && l1[j] > 0) {  // the smallest of the slopes at a kink
        g = t > 0 ? g + l1[j] : t < 0 ? g - l1[j] : std::copysign(std::max(std::abs(g) - l1[j], 0.0), g);
      }
      square += g * g;
    }
    constexpr double kFirst = 1e-6;
    if (farthest_ == 0)
      farthest_ = rate_ > 0 ? rate_ * std::sqrt(square) : kFirst * (1 + euclidean_norm(origin_));
    farthest_ = std::max(farthest_, std::sqrt(distance));
    squares_ += square;
    rate_ = squares_ > 0 ? farthest_ / std::sqrt(squares_) : 0;
  }

  BatchCost& cost_;
  BatchWalk walk_;
  Point here_;
  std::vector<double> gradient_;
  std::vector<double> origin_;
  double farthest_ = 0;
  double squares_ = 0;
  double rate_ = 0;
  double highest_ = 0;                                      // rate of the epoch at hand
  double limit_ = std::numeric_limits<double>::infinity();  // of the rate
  double start_ = 0;
  double lowest_ = 0;
};

class GuardedBatches final : public Method {
 public:
  GuardedBatches(const MethodSettings& settings, const BatchSettings& batches)
      : settings_(settings),
        batches_(batches),
        walk_(batches),
        batch_(*batches.cost),
        width_(batches.first_width) {
    settings_.batches = nullptr;
    settings_.schedule = Schedule();
  }

  Step propose(const Iterate& at, Objective&, std::uint64_t& evaluations) override {
    if (here_.size() == 0) begin(at.point, evaluations);
    Step out;
    for (int tries = 0; tries < kMostTries; ++tries) {
      const bool arrived = anchor_.slope <= kArrived * first_slope_ || idle_ >= kIdleEpochs;
      if (width_ > 0 && arrived) narrow(evaluations);
      out.given_up = !run(at.epoch, evaluations);
      if (out.given_up) return out;
      const BatchCost::Anchor found = batches_.cost->set_anchor(inner_.point);
      ++evaluations;
      if (std::isfinite(found.cost) && found.cost <= anchor_.cost) {
        idle_ = anchor_.cost - found.cost < kIdleGain * width_ ? idle_ + 1 : 0;
        anchor_ = found;
        here_ = inner_.point;
        out.point = &here_;
        out.learning_rate = rate_;
        if (tries == 0) rate_ *= kGrowth;
        return out;
      }
      rate_ *= kBack;
      method_.reset();
      static_cast<void>(batches_.cost->set_anchor(here_));
      ++evaluations;
    }
    out.stuck = true;
    return out;
  }

 private:
  void begin(const Point& start, std::uint64_t& evaluations) {
    here_ = start;
    if (width_ > 0) batches_.cost->set_width(width_);
    anchor_ = batches_.cost->set_anchor(here_);
    ++evaluations;
    first_slope_ = anchor_.slope;
    constexpr double kFirst = 0.1;
    rate_ = kFirst;
    const bool heavy =
        settings_.optimizer == Optimizer::momentum || settings_.optimizer == Optimizer::nesterov;
    if (heavy && first_slope_ > 0)
      rate_ *= (1 - settings_.momentum) * (1 + euclidean_norm(here_.high)) / first_slope_;
  }

  void narrow(std::uint64_t& evaluations) {
    idle_ = 0;
    width_ = std::max(width_ / 4, kNarrowest * batches_.first_width);
    batches_.cost->set_width(width_);
    anchor_ = batches_.cost->set_anchor(here_);
    ++evaluations;
  }

  // Whether the epoch is whole.
  bool run(std::uint64_t epoch, std::uint64_t& evaluations) {
    // These two look ahead, so they have to know the rate; they forget with every new one.
    const bool ahead = settings_.optimizer == Optimizer::nesterov || settings_.optimizer == Optimizer::adamw;
    settings_.learning_rate = ahead ? rate_ : 1;
    if (method_ == nullptr || ahead) method_ = make_method(settings_);
    inner_.epoch = epoch;
    inner_.point = here_;
    inner_.gradient.resize(here_.size());
    std::uint64_t ignored = 0;
    ++evaluations;
    return walk_.go(epoch, [&](std::span<const std::uint32_t> batch) {
      batch_.take(batch, true);
      static_cast<void>(batch_.evaluate(inner_.point, inner_.gradient));
      const Step step = method_->propose(inner_, batch_, ignored);
      move_plainly(inner_.point, step.direction, ahead ? step.length : step.length * rate_);
      walk_.step_made(inner_.point);
      return true;
    });
  }

  MethodSettings settings_;
  BatchSettings batches_;
  BatchWalk walk_;
  OneBatch batch_;
  std::unique_ptr<Method> method_;
  Iterate inner_;
  Point here_;
  BatchCost::Anchor anchor_;
  double width_ = 0;
  int idle_ = 0;
  double first_slope_ = 0;
  double rate_ = 0;
};

}  // namespace

std::unique_ptr<Method> make_distance_over_gradients(const BatchSettings& batches) {
  return std::make_unique<DistanceOverGradients>(batches);
}

std::unique_ptr<Method> make_guarded_batches(const MethodSettings& settings, const BatchSettings& batches) {
  return std::make_unique<GuardedBatches>(settings, batches);
}

}  // namespace talweg
