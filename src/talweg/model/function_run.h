// SPDX-License-Identifier: Apache-2.0
// Descent on a plain function of named variables (`talweg minimize`): gradient and Hessian derived
// symbolically, rates that are stable where the descent starts and where it ends, what kind of point was
// reached, and the numbers of a picture.
//
// Rates are local: near a point with largest curvature L (the largest eigenvalue of the Hessian there) gd is
// stable below 2/L (descent/rates.h has those of momentum and nesterov). Only where the function is quadratic
// that holds everywhere.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "talweg/descent/minimiser.h"
#include "talweg/descent/trace.h"
#include "talweg/formula/formula.h"
#include "talweg/model/request.h"

namespace talweg {

/// Hessians are derived for at most so many variables.
inline constexpr std::size_t kHessianVariables = 50;

struct FunctionRequest {
  std::string text;
  StartKind start = StartKind::ones;  ///< of the variables that `start_values` does not name
  std::vector<std::pair<std::string, double>> start_values;
  std::uint64_t seed = 1;
  std::optional<Optimizer> optimizer;
  std::optional<double> learning_rate;
  double momentum = 0.9;
  double adam_first = 0.9;
  double adam_second = 0.999;
  std::optional<std::uint64_t> epochs;  ///< absent: 10,000
  std::optional<double> tolerance;      ///< absent: 1e-8, or none where `epochs` is given
  std::optional<double> max_seconds;
  const StopFlag* stop = nullptr;
  std::function<bool(const EpochView&)> on_epoch;  ///< true stops the run
};

/// The Hessian's eigenvalues at a point, ascending.
struct LocalCurvature {
  std::vector<double> eigenvalues;
  std::optional<double>
      stable_rate;  ///< of the optimizer used (gd's where it has none); absent without positive curvature
};

/// What is known before the first step.
struct FunctionPlan {
  Formula formula;
  std::vector<Expression> gradient;
  std::vector<Expression> hessian;  ///< lower triangle, row by row; empty beyond kHessianVariables
  bool quadratic = false;           ///< the Hessian is the same everywhere
  std::vector<double> start;
  double start_cost = 0;
  std::optional<LocalCurvature> at_start;
  Optimizer optimizer = Optimizer::lbfgs;
  bool optimizer_chosen = false;
  std::optional<double> learning_rate;  ///< absent: found on the way
  double momentum = 0;
  std::uint64_t epochs = 10'000;
  std::optional<double> tolerance;
  double gradient_scale = 0;
  double divergence_cost = 0;
  std::vector<std::string> warnings;
};

enum class Landing { minimum, saddle, maximum, flat, slope, unknown };

/// cost over one variable.
struct CostCurve {
  std::vector<double> values;
  std::vector<double> costs;  ///< not finite where the function has no value
};

/// cost over two variables; costs row by row, a row for each value of the second.
struct CostContours {
  std::vector<double> first;
  std::vector<double> second;
  std::vector<double> costs;
};

struct FunctionRun {
  FunctionPlan plan;
  std::vector<double> parameters;  ///< of the last epoch; after divergence of the one with the lowest cost
  double cost = 0;
  double gradient_norm = 0;
  std::uint64_t best_epoch = 0;
  std::uint64_t epochs = 0;
  std::uint64_t evaluations = 0;
  Termination termination;
  std::optional<LocalCurvature> at_end;
  Landing landing = Landing::unknown;
  std::string post_mortem;  ///< what went wrong and what to do; empty otherwise
  std::vector<std::string> warnings;
  Trace trace;
  std::optional<CostCurve> curve;        ///< of one variable
  std::optional<CostContours> contours;  ///< of two
  double seconds = 0;

  /// Whether the slope vanished, as far as digits go.
  [[nodiscard]] bool arrived() const {
    if (termination.reason == Reason::tolerance) return true;
    constexpr double kVanished = 1e-4;
    return termination.reason == Reason::rounding && gradient_norm <= kVanished * plan.gradient_scale;
  }
  [[nodiscard]] bool diverged() const {
    return termination.reason == Reason::diverged || termination.reason == Reason::non_finite;
  }
};

/// Errors are of kind usage: the function's syntax, a start for a name that is not there or where the
/// function has no value, settings that the optimizer would not use.
Result<FunctionPlan> plan_function(const FunctionRequest& request);

FunctionRun run_function(FunctionPlan plan, const FunctionRequest& request);

}  // namespace talweg
