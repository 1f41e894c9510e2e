// SPDX-License-Identifier: Apache-2.0
// Folded data and a request -> the cost to descend on, its parameters by name, and the plan of the descent
// with everything that can be told before the first step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "talweg/descent/forecast.h"
#include "talweg/model/fold_data.h"
#include "talweg/model/request.h"
#include "talweg/objective/curvature.h"

namespace talweg {

/// What a parameter belongs to.
struct Parameter {
  std::string name;    ///< `carat`, `cut[Ideal]`, `intercept`
  std::string column;  ///< empty for the intercept
  std::optional<std::string> level;
  bool intercept = false;
};

/// Numbers of a column that predictions need.
struct FeatureSummary {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;
  double mean = 0;                  ///< numeric: over the rows that have the cell; fills gaps
  double spread = 0;                ///< numeric: population standard deviation (gaps filled)
  std::vector<std::string> levels;  ///< text: all, in byte order
  std::string reference;            ///< text: the level without a parameter; empty with `has_reference` false
  bool has_reference = false;
  std::uint64_t missing = 0;
};

/// What the curvature at one point says; it holds near that point alone.
struct LocalRates {
  double stable_rate = 0;       ///< gd's, 2/L
  double condition_number = 0;  ///< L/m
};

/// The plan: what will be done and what is known of it beforehand.
struct Plan {
  std::vector<Parameter> parameters;
  std::string target;
  std::vector<std::string> classes;  ///< of a classification: the label that is -1, then the one that is +1
  std::string objective;             ///< the cost spelled out
  std::string formula;               ///< as it was understood, `y = a*exp(-b*x) + c`; empty: a linear model
  std::vector<std::string> formula_columns;
  bool labels_are_levels = false;    ///< the classes are neither 0 and 1 nor -1 and +1
  bool validated = false;            ///< rows are held out, and have a cost in every epoch
  bool over_rows = false;            ///< not folded: no forecast; of a curved formula no global rates either
  std::optional<LossSettings> loss;  ///< of a linear model over rows
  std::optional<LocalRates> at_start;  ///< over rows
  std::uint64_t restarts = 0;
  double l1 = 0;
  CostKind cost = CostKind::mse;
  Scale scale = Scale::none;
  bool scale_chosen = false;  ///< by talweg
  Optimizer optimizer = Optimizer::gd;
  bool optimizer_chosen = false;
  bool hidden_curvature =
      false;  ///< a direction is flatter than the eigenvalues' rounding: forecasts do not see it
  bool preconditioned = false;  ///< gd in the coordinates of the Cholesky factor
  bool polish = false;          ///< below the tolerance, down to rounding
  bool learning_rate_chosen = false;
  bool shuffle = false;                 ///< the rows, anew for each epoch of batches
  std::string why;                      ///< of the optimizer chosen
  std::optional<double> learning_rate;  ///< absent: exact along each line (cg)
  double momentum = 0;
  double adam_first = 0.9;  ///< of adam over rows
  double adam_second = 0.999;
  Schedule schedule;                          ///< of the learning rate
  std::optional<std::uint64_t> batch_size;    ///< rows a step; absent: all
  std::optional<double> largest_stable_rate;  ///< of the optimizer and the coordinates used
  std::optional<double> best_rate;            ///< gd's
  std::optional<double>
      standard_stable_rate;  ///< the same optimizer's with --scale standard, where scale is none
  std::optional<double> equivalent_mse, equivalent_half_mse, equivalent_sse;
  std::optional<double> condition_number;
  Forecast forecast;
  std::uint64_t epochs = 0;  ///< most epochs
  std::optional<double> tolerance;
  double start_cost = 0;
  std::string steepest;  ///< the parameter with the largest part in the direction of the largest curvature
  double steepest_share = 0;        ///< its share of that direction's squared length
  bool few_digits = false;          ///< products in plain double leave some parameters fewer than ten digits
  std::optional<CellType> storage;  ///< of the cells of rows kept in memory; absent: a fold, or a formula's
  std::string rounding;             ///< what storage as floats means for the answer; empty: nothing
  std::string arithmetic;           ///< in which the products of the columns are kept; empty without a fold
  std::vector<std::string> warnings;
};

struct RowProblem;
struct LossProblem;
struct BatchRows;

struct Problem {
  FoldedData data;
  std::vector<FeatureSummary> features;
  std::vector<MomentColumn>
      columns;  ///< per parameter but the intercept, then the target: where its values come from
  std::vector<double>
      spreads;  ///< per parameter but the intercept: population standard deviation of what it multiplies
  std::vector<double> start;  ///< user's units
  bool has_intercept = true;
  std::unique_ptr<LeastSquares> cost;  ///< null over rows
  std::shared_ptr<RowProblem> rows;    ///< of a curved formula, else null
  std::shared_ptr<LossProblem> loss;   ///< of a linear model with another loss than squared error, else null
  std::shared_ptr<BatchRows> batches;  ///< where steps follow batches of rows, else null
  Curvature curvature;
  Plan plan;
};

/// Builds the problem and plans its descent. Errors: one row with an intercept, unknown names in the start,
/// names that clash.
Result<Problem> make_problem(FoldedData data, const FitRequest& request);

}  // namespace talweg
