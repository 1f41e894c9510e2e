// SPDX-License-Identifier: Apache-2.0
// What a fit is asked to do. Names and defaults are those of the command line (docs/math.md states the cost).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "talweg/base/stop.h"
#include "talweg/data/row_parts.h"
#include "talweg/data/row_reader.h"
#include "talweg/data/table.h"
#include "talweg/descent/method.h"
#include "talweg/objective/dense_rows.h"
#include "talweg/objective/least_squares.h"

namespace talweg {

enum class ScaleChoice { automatic, none, standard };
/// automatic: zeros where the prediction is linear in the parameters, else ones.
enum class StartKind { automatic, zeros, ones, random, values };

/// One epoch in the user's units. `parameters` in the order of the names given to RunObserver::begin.
struct EpochView {
  std::uint64_t epoch = 0;
  double cost = 0;
  double gradient_norm = 0;             ///< in the coordinates of the descent
  std::optional<double> learning_rate;  ///< of the step that led here
  std::span<const double> parameters;
  std::optional<double> validation_cost = {};  ///< of the rows held out, where there are some
};

struct Plan;
struct KeptTable;
class HeldOut;

/// Watches a fit. Called from the thread that called fit().
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// While reading: data records so far.
  virtual void reading(std::uint64_t records) { (void)records; }
  /// Before the first epoch.
  virtual void begin(const Plan& plan) { (void)plan; }
  /// Every epoch, the start included. True asks the run to stop.
  virtual bool epoch(const EpochView& view) {
    (void)view;
    return false;
  }
};

struct FitRequest {
  std::vector<std::string> paths;  ///< files, "-" for standard input
  TableOptions table;
  ColumnRequest
      columns;          ///< with a formula: weights, missing, bad_rows, rejects, numeric and the words alone
  std::string formula;  ///< `y = a*exp(-b*x) + c`; empty: a linear model of columns.target
  bool intercept = true;  ///< of a linear model; a formula says itself whether it has one

  CostKind cost = CostKind::mse;
  double huber_delta = 1;  ///< > 0
  double quantile = 0.5;   ///< in (0, 1)
  double l1 = 0;
  double l2 = 0;
  bool penalty_on_standard_scale = false;
  ScaleChoice scale = ScaleChoice::automatic;
  CellType storage = CellType::doubles;  ///< of the rows of a linear model, where they are kept in memory

  std::optional<Optimizer> optimizer;   ///< absent: chosen
  std::optional<double> learning_rate;  ///< absent: chosen; > 0
  double momentum = 0.9;                ///< in [0, 1)
  double adam_first = 0.9;              ///< adam's two, in [0, 1)
  double adam_second = 0.999;
  std::optional<std::uint64_t> batch_size;  ///< rows a step, >= 1; absent: all of them
  bool shuffle = true;                      ///< the rows anew for each epoch of batches
  Schedule schedule;                        ///< of the learning rate given; its `epochs` is filled in later
  StartKind start = StartKind::automatic;
  std::vector<std::pair<std::string, double>>
      start_values;                      ///< for StartKind::values; others start where they do by default
  std::string start_source = "--start";  ///< where they come from, for messages
  std::uint64_t seed = 1;
  std::uint64_t restarts =
      0;  ///< further runs from random starts, for costs that are not convex; the best run is kept
  std::optional<std::uint64_t> epochs;  ///< absent: 10,000,000; over rows 10,000
  std::optional<double> tolerance;      ///< absent: 1e-12, over rows 1e-8, or none where `epochs` is given
  std::optional<double> max_seconds;

  std::optional<double> validation;  ///< share of the rows held out, in (0, 1)
  std::uint64_t folds = 0;           ///< parts that are held out in turn, >= 2; 0: none
  std::optional<std::uint64_t>
      patience;  ///< with `validation`: most epochs in a row without a lower cost there

  /// Rows kept for pictures, at most (model/row_sample.h); above 0 the Fit carries what a page needs
  /// (Fit::replay, Fit::rows).
  std::size_t sample_rows = 0;
  unsigned threads = 0;  ///< 0: one a core; the result does not depend on it
  const StopFlag* stop = nullptr;
  RunObserver* observer = nullptr;

  // Of a validated fit's runs (validation.h), not to be set from outside.
  const KeptTable* kept = nullptr;  ///< instead of the files: rows that are read already
  RowSelection selection;           ///< of those
  HeldOut* held_out = nullptr;      ///< judges every epoch
};

std::string_view scale_name(Scale scale);

}  // namespace talweg
