// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "talweg/talweg.h"

namespace talweg {
namespace {

class Function final : public Objective {
 public:
  Function(const CostFunction& function, std::size_t size) : function_(function), size_(size) {}
  [[nodiscard]] std::size_t size() const override { return size_; }
  double evaluate(const Point& point, std::span<double> gradient) override {
    return function_(point.high, gradient);
  }

 private:
  const CostFunction& function_;
  std::size_t size_;
};

double norm(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum);
}

Result<void> check(const std::vector<double>& start, const MinimizeOptions& options) {
  if (start.empty())
    return fail(ErrorKind::usage, "there are no parameters", "give a start with at least one number");
  for (const double value : start) {
    if (!std::isfinite(value))
      return fail(ErrorKind::usage, fmt::format("the start holds {}", value), "give finite numbers");
  }
  FitRequest request;
  request.optimizer = options.optimizer;
  request.learning_rate = options.learning_rate;
  request.momentum = options.momentum;
  request.tolerance = options.tolerance;
  request.max_seconds = options.max_seconds;
  if (auto checked = check_request(request); !checked) return checked;
  return {};
}

}  // namespace

Result<Minimum> minimize(const CostFunction& function, std::vector<double> start,
                         const MinimizeOptions& options) {
  if (auto checked = check(start, options); !checked) return fail(checked.error());
  constexpr double kDivergenceFactor = 1e6;
  Function objective(function, start.size());
  Minimum out;
  std::vector<double> gradient(start.size());
  const double start_cost = objective.evaluate(Point(start), gradient);
  double scale = norm(gradient);
  const double zero_cost = objective.evaluate(Point(std::vector<double>(start.size(), 0.0)), gradient);
  const double at_zero = norm(gradient);
  if (std::isfinite(zero_cost) && std::isfinite(at_zero)) scale = std::max(scale, at_zero);

  DescentSettings settings;
  settings.method.optimizer = options.optimizer;
  settings.method.learning_rate = options.learning_rate;
  settings.method.momentum = options.momentum;
  settings.epochs = options.epochs;
  settings.tolerance = options.tolerance;
  settings.gradient_scale = std::isfinite(scale) ? scale : 0;
  settings.max_seconds = options.max_seconds;
  if (start_cost > 0) settings.divergence_cost = kDivergenceFactor * start_cost;
  settings.stop = options.stop;
  settings.observer = [&](const EpochRecord& record) {
    out.trace.add(record.epoch, record.cost, record.gradient_norm, record.learning_rate, record.point->high);
    return options.on_epoch && options.on_epoch({record.epoch, record.cost, record.gradient_norm,
                                                 record.learning_rate, record.point->high});
  };
  DescentResult result = minimise(objective, Point(std::move(start)), settings);
  out.parameters = std::move(result.point.high);
  out.cost = result.cost;
  out.gradient_norm = result.gradient_norm;
  out.epochs = result.epochs;
  out.evaluations = result.evaluations + 2;
  out.termination = result.termination;
  return out;
}

}  // namespace talweg
