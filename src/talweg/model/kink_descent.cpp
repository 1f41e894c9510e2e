// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/kink_descent.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "talweg/base/dot.h"

namespace talweg {
namespace {

constexpr double kShrink = 10;
constexpr double kCutShrink = 4;          // behind a stage that was cut short
constexpr double kLeastWidth = 1e-10;     // of the first one: beyond it residuals are rounding
constexpr double kVertexWidth = 1e-9;     // of the stage's: as good as none
constexpr double kStageTolerance = 1e-9;  // of the gradient, as far as the rounding of residuals allows
constexpr double kResidualNoise = 1e3 * std::numeric_limits<double>::epsilon();
// A stage takes at most a tenth of the epochs: the next one is worth more, but begins further from its end.
constexpr std::uint64_t kStages = 10;
constexpr std::uint64_t kStageEpochs = 50;
constexpr double kFitted = 1e-13;  // of the cost at the start: as good as none
constexpr double kGain = 0.3;      // a stage that lowers a proven gap less is the last
constexpr double kBeyond = 1e-4;   // of the tolerance: the right rows give all digits at once

// Without a tolerance a run makes all its epochs: the others stay where the descent ended.
void rest(const DescentSettings& settings, DescentResult& total) {
  const auto most = static_cast<double>(settings.epochs);
  total.termination = {Reason::epochs, most, most};
  while (total.epochs < settings.epochs) {
    total.epoch = ++total.epochs;
    if (settings.stop != nullptr && settings.stop->raised()) {
      total.termination = {Reason::interrupted, static_cast<double>(total.epochs), most};
      return;
    }
    if (settings.observer &&
        settings.observer({total.epochs, total.cost, total.gradient_norm, 0.0, &total.point})) {
      total.termination = {Reason::callback, static_cast<double>(total.epochs), most};
      return;
    }
  }
}

}  // namespace

KinkDescent descend_on_kink(KinkedObjective& cost, const Point& start, const DescentSettings& settings,
                            double first_width) {
  const auto began = std::chrono::steady_clock::now();
  KinkDescent out;
  DescentResult& total = out.result;
  Point at = start;
  double width = first_width;
  std::uint64_t before = 0;  // epochs of the stages that are over
  total.start_cost = cost.sharp_cost(start);
  const double tolerance = settings.tolerance.value_or(0) * kBeyond;
  std::vector<double> gradient(cost.size());
  std::vector<double> direction(cost.size());
  cost.set_width(width);
  cost.evaluate(start, gradient);
  const bool newton = settings.method.optimizer == Optimizer::newton;
  const auto fitted =
      newton && settings.tolerance && settings.epochs > 0 ? cost.interpolated(start) : std::nullopt;
  if (fitted && cost.sharp_cost(*fitted) <= kFitted * total.start_cost) {
    const double norm = std::sqrt(dot(gradient, gradient));
    const bool stop =
        settings.observer && settings.observer({0, total.start_cost, norm, std::nullopt, &start});
    total.point = stop ? start : *fitted;
    total.cost = total.last_cost = cost.sharp_cost(total.point);
    out.gap_bound = total.cost;
    out.proven = true;
    total.gradient_norm = norm;
    total.termination = {Reason::callback, 0, static_cast<double>(settings.epochs)};
    if (stop) return out;
    total.epochs = total.epoch = total.evaluations = 1;
    total.termination = {Reason::rounding, total.cost, 0};
    cost.set_width(first_width * kLeastWidth);
    cost.evaluate(total.point, gradient);
    total.gradient_norm = std::sqrt(dot(gradient, gradient));
    if (settings.observer) settings.observer({1, total.cost, total.gradient_norm, 1.0, &total.point});
    return out;
  }
  const double scale =
      settings.gradient_scale > 0 ? settings.gradient_scale : std::sqrt(dot(gradient, gradient));
  double proven = -std::numeric_limits<double>::infinity();  // the highest bound so far
  double rounding = 0;
  double last_gap = std::numeric_limits<double>::infinity();
  Point best;  // the lowest of all stages, where bounds are proven: narrow stages are lost in rounding
  double best_cost = std::numeric_limits<double>::infinity();
  while (true) {
    cost.set_width(width);
    DescentSettings stage = settings;
    stage.tolerance = std::max(kStageTolerance, kResidualNoise * (first_width / width));
    stage.gradient_scale = scale;
    stage.epochs = std::min(settings.epochs - before, std::max(settings.epochs / kStages, kStageEpochs));
    if (settings.max_seconds) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
      stage.max_seconds = std::max(*settings.max_seconds - spent.count(), 1e-9);
    }
    stage.observer = [&](const EpochRecord& record) {
      // The start of a later stage is the step between two stages: an epoch of its own.
      EpochRecord seen = record;
      seen.epoch += before;
      seen.cost = cost.sharp_cost(*record.point);
      return settings.observer && settings.observer(seen);
    };
    DescentResult result = minimise(cost, at, stage);
    const std::uint64_t epochs = before + result.epochs;
    const bool lowest =
        result.termination.reason == Reason::tolerance || result.termination.reason == Reason::rounding;
    const bool cut = result.termination.reason == Reason::epochs && epochs < settings.epochs;
    const bool ended = !lowest && !cut;
    at = result.point;
    cost.evaluate(at, gradient);
    // Where no bound is proven the dual value tells, less what the smoothed cost is above its lowest as far
    // as its curvature can tell.
    const auto bound = cost.lower_bound(at);
    const bool from_slopes = bound && bound->from_slopes;
    // A proven bound holds for every stage that follows.
    if (from_slopes && !(proven >= bound->value)) {
      proven = bound->value;
      rounding = bound->rounding;
    }
    out.proven = bound.has_value();
    double dual = from_slopes ? proven : bound ? bound->value : -std::numeric_limits<double>::infinity();
    if (lowest && !from_slopes && cost.newton_direction(at, gradient, direction)) {
      const double judged = cost.dual_value(at) - std::abs(dot(gradient, direction));
      if (judged > dual) out.proven = false;
      dual = std::max(dual, judged);
    }
    total.point = at;
    total.cost = cost.sharp_cost(at);
    total.gradient_norm = result.gradient_norm;
    total.epochs = total.epoch = epochs;
    total.evaluations += result.evaluations;
    total.termination = result.termination;
    const bool more = !ended && epochs < settings.epochs;
    const bool narrowest = width <= kLeastWidth * first_width;
    // The vertex that the rows within the width make, if that is what ends the descent.
    if (const auto vertex = more ? cost.narrowed(at, width * kVertexWidth) : std::nullopt) {
      const double there = cost.sharp_cost(*vertex);
      const bool lower = there <= total.cost;
      if (from_slopes && there < best_cost) {
        best = *vertex;
        best_cost = there;
      }
      if (!from_slopes && lower && (narrowest || there - dual <= tolerance * std::abs(there))) {
        total.point = *vertex;
        total.cost = there;
        total.epochs = total.epoch = epochs + 1;
        if (settings.observer)
          settings.observer({epochs + 1, there, total.gradient_norm, std::nullopt, &total.point});
      }
    }
    if (from_slopes && total.cost <= best_cost) {
      best = at;
      best_cost = total.cost;
    }
    const double limit = settings.tolerance.value_or(0);
    bool enough = std::max(total.cost - dual, 0.0) <= tolerance * std::abs(total.cost);
    if (from_slopes && more) {
      const double left = std::max(best_cost - proven, 0.0);
      enough = left <= std::max(tolerance * std::abs(best_cost), rounding) ||
               (left <= limit * std::abs(best_cost) && left > kGain * last_gap);
      last_gap = left;
      if ((enough || narrowest) && best.high != at.high) {
        total.point = best;
        total.cost = best_cost;
        total.epochs = total.epoch = epochs + 1;
        if (settings.observer)
          settings.observer({epochs + 1, best_cost, total.gradient_norm, std::nullopt, &total.point});
      }
    }
    total.last_cost = total.cost;
    const double gap = std::max(total.cost - dual, 0.0);
    out.gap_bound.reset();
    if (std::isfinite(gap)) {
      out.gap_bound = gap + 16 * std::numeric_limits<double>::epsilon() * std::abs(total.cost);
      *out.gap_bound += bound && !from_slopes ? bound->rounding : rounding;
    }
    if (ended) return out;
    const double relative = gap / std::max(std::abs(total.cost), std::numeric_limits<double>::min());
    if (enough || narrowest || !more) {
      total.termination = {relative <= limit ? Reason::tolerance
                           : narrowest       ? Reason::rounding
                                             : Reason::epochs,
                           relative, limit};
      if (!std::isfinite(relative)) total.termination = {Reason::rounding, total.gradient_norm, 0};
      if (!settings.tolerance && has_fixed_rate(settings.method.optimizer)) rest(settings, total);
      return out;
    }
    // That line is known from where the smoothed cost is lowest; elsewhere it may lead anywhere.
    const double shrink = cut ? kCutShrink : kShrink;
    const auto next = cost.narrowed(at, width / shrink);
    if (next && (!cut || cost.sharp_cost(*next) < total.cost)) at = *next;
    width /= shrink;
    before = epochs + 1;
  }
}

}  // namespace talweg
