// SPDX-License-Identifier: Apache-2.0
#include "talweg/descent/minimiser.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "talweg/descent/batch_walk.h"

namespace talweg {
namespace {

double norm(std::span<const double> values) {
  double largest = 0;
  for (const double v : values) largest = std::max(largest, std::abs(v));
  if (!(largest > 0) || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double v : values) sum += (v / largest) * (v / largest);
  return largest * std::sqrt(sum);
}

// The gradient; with an l1 part the smallest of the slopes that a point where it has a kink has.
double slope_norm(const Objective& objective, const Point& point, std::span<const double> gradient) {
  const std::span<const double> weights = objective.l1_weights();
  if (weights.empty()) return norm(gradient);
  std::vector<double> slope(gradient.begin(), gradient.end());
  for (std::size_t j = 0; j < slope.size(); ++j) {
    const double t = point.high[j];
    const double g = gradient[j];
    if (t != 0) {
      slope[j] = g + (t > 0 ? weights[j] : -weights[j]);
    } else {
      slope[j] = g > weights[j] ? g - weights[j] : g < -weights[j] ? g + weights[j] : 0;
    }
  }
  return norm(slope);
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

class Run {
 public:
  Run(Objective& objective, Point start, const DescentSettings& settings)
      : objective_(objective), settings_(settings), method_(make_method(watched(settings.method))) {
    at_.point = std::move(start);
    at_.gradient.resize(at_.point.size());
    began_ = std::chrono::steady_clock::now();
  }

  DescentResult go() {
    if (!begin()) return finish();
    while (!ended_) {
      if (at_.epoch >= settings_.epochs) {
        end(Reason::epochs, static_cast<double>(at_.epoch), static_cast<double>(settings_.epochs));
      } else {
        update();
      }
    }
    return finish();
  }

 private:
  // The method, whose epochs of batches look at the clock, too.
  const MethodSettings& watched(const MethodSettings& method) {
    watched_ = method;
    if (method.batches == nullptr || !settings_.max_seconds) return watched_;
    batches_ = *method.batches;
    batches_.stop = [this, stop = method.batches->stop] { return (stop && stop()) || late(); };
    watched_.batches = &batches_;
    return watched_;
  }

  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  [[nodiscard]] bool late() const { return settings_.max_seconds && seconds() >= *settings_.max_seconds; }

  bool begin() {
    at_.cost = objective_.evaluate(at_.point, at_.gradient);
    ++result_.evaluations;
    result_.start_cost = at_.cost;
    gradient_norm_ = slope_norm(objective_, at_.point, at_.gradient);
    if (!std::isfinite(at_.cost) || !all_finite(at_.gradient)) {
      keep_best();
      end(Reason::non_finite, at_.cost, 0);
      return false;
    }
    start_gap_ = objective_.gap().value_or(0);
    gradient_scale_ = settings_.gradient_scale > 0 ? settings_.gradient_scale : gradient_norm_;
    keep_best();
    observe(std::nullopt);
    decide();
    return !ended_;
  }

  // One epoch: propose, evaluate, accept.
  void update() {
    if (rests_) return rest();
    const Step step = method_->propose(at_, objective_, result_.evaluations);
    const bool stopped = settings_.stop != nullptr && settings_.stop->raised();
    if (step.given_up && !stopped && late()) return end(Reason::seconds, seconds(), *settings_.max_seconds);
    if (step.given_up) {
      // Measured is the epoch that was not whole.
      return end(Reason::interrupted, static_cast<double>(at_.epoch + 1),
                 static_cast<double>(settings_.epochs));
    }
    if (step.stuck && !settings_.tolerance && has_fixed_rate(settings_.method.optimizer)) {
      rests_ = true;
      return rest();
    }
    if (step.stuck) {
      if (!settings_.tolerance || !within_tolerance())
        end(gradient_norm_ > 0 ? Reason::rounding : Reason::tolerance, gradient_norm_, 0);
      return;
    }
    candidate_.point = step.point != nullptr ? *step.point : at_.point;
    if (step.point != nullptr) {
      // Made by many steps of its own.
    } else if (step.to_zeros) {
      candidate_.point.move_to_zeros(step.direction);
    } else {
      candidate_.point.move(step.direction, step.length);
    }
    candidate_.gradient = at_.gradient;
    if (step.cost) {
      candidate_.cost = *step.cost;
      candidate_.gradient.assign(step.gradient.begin(), step.gradient.end());
    } else if (step.point != nullptr) {
      candidate_.cost = objective_.evaluate(candidate_.point, candidate_.gradient);
      ++result_.evaluations;
    } else {
      candidate_.cost =
          objective_.advance(candidate_.point, step.direction, step.length, candidate_.gradient);
      ++result_.evaluations;
    }
    if (!std::isfinite(candidate_.cost) || !all_finite(candidate_.gradient) ||
        !all_finite(candidate_.point.high)) {
      end(std::isnan(candidate_.cost) ? Reason::non_finite : Reason::diverged, candidate_.cost,
          settings_.divergence_cost);
      return;
    }
    const bool moved = candidate_.point.high != at_.point.high;
    candidate_.epoch = at_.epoch + 1;
    std::swap(at_, candidate_);
    gradient_norm_ = slope_norm(objective_, at_.point, at_.gradient);
    if (at_.cost < result_.cost) keep_best();
    observe(step.learning_rate);
    if (!ended_) decide();
    if (!ended_ && !moved && settings_.tolerance && !objective_.gap())
      end(Reason::rounding, gradient_norm_, 0);
  }

  // An epoch that stays where it is: without a tolerance a run makes all its epochs.
  void rest() {
    ++at_.epoch;
    observe(0.0);
    if (!ended_) decide();
  }

  void observe(std::optional<double> learning_rate) {
    if (!settings_.observer) return;
    if (settings_.observer({at_.epoch, at_.cost, gradient_norm_, learning_rate, &at_.point})) {
      end(Reason::callback, static_cast<double>(at_.epoch), static_cast<double>(settings_.epochs));
    }
  }

  void decide() {
    if (settings_.divergence_cost > 0 && at_.cost > settings_.divergence_cost) {
      return end(Reason::diverged, at_.cost, settings_.divergence_cost);
    }
    if (settings_.tolerance && arrived()) return;
    if (settings_.stop != nullptr && settings_.stop->raised()) {
      return end(Reason::interrupted, static_cast<double>(at_.epoch), static_cast<double>(settings_.epochs));
    }
    if (late()) end(Reason::seconds, seconds(), *settings_.max_seconds);
  }

  bool arrived() { return !method_->wants_more() && within_tolerance(); }

  bool within_tolerance() {
    const double tolerance = *settings_.tolerance;
    if (const auto gap = objective_.gap()) {
      const double by_tolerance = tolerance * tolerance * start_gap_;
      if (*gap <= by_tolerance) {
        end(Reason::tolerance, *gap, by_tolerance);
      } else if (*gap <= settings_.rounding_gap) {
        end(Reason::rounding, *gap, settings_.rounding_gap);
      }
    } else if (const auto relative = objective_.relative_gap()) {
      if (*relative <= tolerance) end(Reason::tolerance, *relative, tolerance);
    } else if (gradient_norm_ <= tolerance * gradient_scale_) {
      end(Reason::tolerance, gradient_norm_, tolerance * gradient_scale_);
    }
    return ended_;
  }

  void keep_best() {
    result_.point = at_.point;
    result_.epoch = at_.epoch;
    result_.cost = at_.cost;
    result_.gradient_norm = gradient_norm_;
  }

  void end(Reason reason, double measured, double limit) {
    ended_ = true;
    result_.termination = {reason, measured, limit};
  }

  DescentResult finish() {
    result_.epochs = at_.epoch;
    result_.last_cost = at_.cost;
    const bool above_stable = settings_.stable_rate && settings_.method.learning_rate &&
                              *settings_.method.learning_rate > *settings_.stable_rate;
    if (above_stable && !result_.diverged() && at_.cost > result_.start_cost) {
      result_.termination = {Reason::diverged, at_.cost, result_.start_cost};
    }
    if (!result_.diverged()) keep_best();
    return std::move(result_);
  }

  Objective& objective_;
  const DescentSettings& settings_;
  MethodSettings watched_;
  BatchSettings batches_;
  std::unique_ptr<Method> method_;
  Iterate at_;
  Iterate candidate_;
  double gradient_norm_ = 0;
  double start_gap_ = 0;
  double gradient_scale_ = 0;
  std::chrono::steady_clock::time_point began_;
  bool ended_ = false;
  bool rests_ = false;  // no step is left, and none is asked for any more
  DescentResult result_;
};

}  // namespace

std::string_view reason_name(Reason reason) {
  switch (reason) {
    case Reason::tolerance:
      return "tolerance";
    case Reason::rounding:
      return "rounding";
    case Reason::epochs:
      return "epochs";
    case Reason::seconds:
      return "seconds";
    case Reason::interrupted:
      return "interrupted";
    case Reason::diverged:
      return "diverged";
    case Reason::non_finite:
      return "non-finite";
    case Reason::early_stopping:
      return "early-stopping";
    case Reason::callback:
      return "callback";
  }
  return "";
}

double limit_gap(double start_gap, double tolerance, double rounding_gap) {
  return std::max(tolerance * tolerance * start_gap, rounding_gap);
}

DescentResult minimise(Objective& objective, Point start, const DescentSettings& settings) {
  return Run(objective, std::move(start), settings).go();
}

}  // namespace talweg
