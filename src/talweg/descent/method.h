// SPDX-License-Identifier: Apache-2.0
// A method proposes the next step; the one loop (minimiser.h) takes it. Adding a method means one file that
// implements Method and one line in make_method. Settings are fixed at construction; what changes lives in
// the method's own state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "talweg/descent/schedule.h"
#include "talweg/objective/objective.h"

namespace talweg {

enum class Optimizer { gd, momentum, nesterov, adam, cg, lbfgs, lm, newton, adagrad, rmsprop, adamw };

std::string_view optimizer_name(Optimizer optimizer);
std::optional<Optimizer> optimizer_from_name(std::string_view name);

/// Where the descent stands.
struct Iterate {
  std::uint64_t epoch = 0;
  Point point;
  double cost = 0;
  std::vector<double> gradient;
};

/// The point moves by `length * direction`. Where the method has already evaluated the new point, `cost` and
/// `gradient` hold what it found.
struct Step {
  std::span<const double> direction;
  double length = 0;
  std::optional<double> learning_rate;  ///< what the trace shows
  std::optional<double> cost;
  std::span<const double> gradient;
  const Point* point = nullptr;  ///< where the step leads, in place of direction and length
  bool to_zeros = false;         ///< by Point::move_to_zeros; the length is 1
  bool given_up = false;         ///< a wish to stop was seen before the step was whole
  bool stuck = false;  ///< no step is left: a zero gradient, or a line search that finds no lower cost
};

struct BatchSettings;

struct MethodSettings {
  Optimizer optimizer = Optimizer::gd;
  std::optional<double>
      learning_rate;  ///< absent: exact along the line, by a search where the cost has no curvature
  Schedule schedule;  ///< of the learning rate, where one is given
  const BatchSettings* batches = nullptr;  ///< steps after batches of rows (batch_epoch.h); null: after all
  double momentum = 0.9;
  double first_rate = 0;      ///< of a proximal method that finds its own rate
  bool proximal = false;      ///< the cost has an l1 part: gd, nesterov, newton by proximal steps
  bool precondition = false;  ///< gd in the metric of the Hessian (Objective::precondition)
  bool restart = false;  ///< momentum, nesterov at a given rate: forget the velocity where the cost rises
  double adam_first = 0.9;
  double adam_second = 0.999;
  bool polish = false;  ///< lm and preconditioned gd: go on below the tolerance, down to rounding
};

/// Whether the method divides each coordinate of its steps by what gradients there have been.
inline bool is_adaptive(Optimizer optimizer) {
  return optimizer == Optimizer::adagrad || optimizer == Optimizer::rmsprop || optimizer == Optimizer::adam ||
         optimizer == Optimizer::adamw;
}

/// Whether the method can take steps of a rate that is fixed beforehand.
inline bool has_fixed_rate(Optimizer optimizer) {
  return optimizer == Optimizer::gd || optimizer == Optimizer::momentum || optimizer == Optimizer::nesterov ||
         is_adaptive(optimizer);
}

class Method {
 public:
  virtual ~Method() = default;
  /// `evaluations` counts the costs and gradients that the proposal itself had to ask for.
  virtual Step propose(const Iterate& at, Objective& objective, std::uint64_t& evaluations) = 0;
  /// Whether the run should go on although the tolerance is met: the method says itself when nothing is left
  /// to gain.
  [[nodiscard]] virtual bool wants_more() const { return false; }
};

/// The step of a given rate.
inline Step at_rate(std::span<const double> direction, double rate) {
  Step step;
  step.direction = direction;
  step.length = rate;
  step.learning_rate = rate;
  return step;
}

std::unique_ptr<Method> make_method(const MethodSettings& settings);

// One file each.
std::unique_ptr<Method> make_gradient_descent(const MethodSettings& settings);
std::unique_ptr<Method> make_momentum(const MethodSettings& settings);
std::unique_ptr<Method> make_nesterov(const MethodSettings& settings);
std::unique_ptr<Method> make_adagrad(const MethodSettings& settings);
std::unique_ptr<Method> make_rmsprop(const MethodSettings& settings);
std::unique_ptr<Method> make_adam(const MethodSettings& settings);
std::unique_ptr<Method> make_adamw(const MethodSettings& settings);
std::unique_ptr<Method> make_conjugate_gradient(const MethodSettings& settings);
std::unique_ptr<Method> make_proximal(const MethodSettings& settings);
std::unique_ptr<Method> make_newton(const MethodSettings& settings);
std::unique_ptr<Method> make_lbfgs(const MethodSettings& settings);
/// For a ResidualObjective; has no step on others.
std::unique_ptr<Method> make_levenberg_marquardt(const MethodSettings& settings);

}  // namespace talweg
