// SPDX-License-Identifier: Apache-2.0
// Data + request -> Fit: the parameters, how they were reached, and how far they can be trusted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "talweg/descent/minimiser.h"
#include "talweg/descent/trace.h"
#include "talweg/model/landscape.h"
#include "talweg/model/problem.h"
#include "talweg/model/replay.h"
#include "talweg/model/scores.h"

namespace talweg {

/// A proven bound on the distance to the optimum of the cost over the folded data.
struct Certificate {
  std::optional<double> cost_gap_bound;  ///< >= cost - lowest cost
  std::vector<std::optional<double>>
      parameter_bounds;                            ///< per parameter: >= |parameter - optimum|, user's units
  std::optional<double> parameter_distance_bound;  ///< the largest of them in units of the standard error
  bool is_estimate = false;  ///< the bound is judged by the smoothed cost's curvature, not proven
};

/// Where runs from several starts have ended.
struct Valley {
  double cost = 0;
  std::uint64_t runs = 0;
  std::vector<double> parameters;
};

/// Of --validation: what the rows held out say.
struct ValidationResult {
  double share = 0;
  std::optional<std::uint64_t> patience;
  std::uint64_t rows_training = 0;
  HeldOutScore score;  ///< at the Fit's parameters
  std::uint64_t best_epoch = 0;
  double best_cost = 0;  ///< of the rows held out, there
};

/// Of --folds: a fit of all other rows, judged by the fold's.
struct FoldScore {
  std::uint64_t rows_training = 0;
  std::uint64_t epochs = 0;
  Reason reason = Reason::epochs;
  HeldOutScore score;
};

/// The steps within the first epochs of a run after batches.
struct FirstSteps {
  std::vector<std::uint64_t> end;               ///< per epoch, from the first: steps made by its end
  std::vector<std::vector<double>> parameters;  ///< after each step, user's units
};

struct Seconds {
  double read = 0;
  double fold = 0;
  double descend = 0;
  double write = 0;
};

struct Fit {
  Plan plan;
  std::vector<FeatureSummary> features;
  std::vector<ColumnInfo> columns;  ///< features, then the target, as the reader took them
  IngestAudit audit;
  std::string fingerprint;
  std::shared_ptr<const BoundFormula> formula;  ///< null: a linear model
  std::string weights;
  MissingPolicy missing = MissingPolicy::error;
  std::vector<std::string> missing_words = kMissingWords;
  BadRowPolicy bad_rows = BadRowPolicy::error;
  bool has_intercept = true;
  double l1 = 0;
  double l2 = 0;
  bool penalty_on_standard_scale = false;
  std::vector<double> start;

  Termination termination;
  std::uint64_t epochs = 0;       ///< updates made
  std::uint64_t evaluations = 0;  ///< costs and gradients computed
  std::uint64_t best_epoch =
      0;  ///< epoch of `parameters`: the last one, after divergence the one with the lowest cost, with early
          ///< stopping the one with the lowest cost of the rows held out
  std::vector<double> parameters;  ///< in the order of plan.parameters
  std::vector<std::optional<double>> standard_errors;
  double cost = 0;
  double mse = 0;
  std::optional<double> r2;
  double gradient_norm = 0;
  Certificate certificate;
  std::vector<double> exact_parameters;  ///< closed form; empty where there is none
  double exact_cost = 0;
  std::optional<LocalRates> at_end;  ///< over rows: of the curvature at `parameters`
  std::optional<double>
      relative_offset;          ///< over rows: the part of the residuals' length that is still downhill
  std::vector<Valley> valleys;  ///< of --restarts, the lowest first
  std::optional<ValidationResult> validation;
  std::vector<FoldScore> folds;
  std::uint64_t seed = 1;  ///< of validation and folds
  Trace trace;
  std::optional<Replay> replay;        ///< for pictures, where they were asked for and the cost folds
  std::optional<RowView> rows;         ///< for pictures, where they were asked for
  std::optional<Landscape> landscape;  ///< for pictures, of a linear model without a replay
  std::optional<FirstSteps> steps;     ///< for pictures, where steps follow batches
  double divergence_cost = 0;          ///< a cost above it counts as diverged
  std::string post_mortem;             ///< what went wrong, with numbers; empty unless diverged
  std::vector<std::string> warnings;   ///< of the plan and of the run
  std::vector<std::string> notes;      ///< why something does not exist, where nothing is wrong
  Seconds seconds;

  [[nodiscard]] bool diverged() const {
    return termination.reason == Reason::diverged || termination.reason == Reason::non_finite;
  }
};

/// How a request wants its data read.
FoldOptions fold_options(const FitRequest& request);

/// Hands on what a Fit says of its data: columns, audit, fingerprint, weights, rules.
void take_data(FoldedData& data, Fit& fit);

/// Reads, folds, plans, descends. Divergence is not an error: it is a Fit that says so.
Result<Fit> fit(const FitRequest& request);

/// The same over data that are folded already.
Result<Fit> fit_folded(FoldedData data, const FitRequest& request);

/// Runs the plan of any problem.
Result<Fit> run_problem(Problem problem, const FitRequest& request);

/// Whether a linear model's cost goes over the rows, which are then kept in memory.
bool needs_rows(const FitRequest& request);

/// Whether a request keeps rows whose storage can be chosen. The error's kind is usage.
Result<void> check_storage(const FitRequest& request);

/// Runs the plan of a problem on a folded cost.
Result<Fit> fit_problem(Problem problem, const FitRequest& request);

/// Everything before the first step.
Result<Problem> forecast(const FitRequest& request);

/// Checks what can be checked without data: ranges and combinations. The error's kind is usage.
Result<void> check_request(const FitRequest& request);

}  // namespace talweg
