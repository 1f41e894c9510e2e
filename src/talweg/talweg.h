// SPDX-License-Identifier: Apache-2.0
// The library's door. Results and errors are values (talweg::Result, error text by Error::text()); nothing
// throws except std::bad_alloc.
//
//   talweg::FitRequest request;                       // the options of the command line, by the same names
//   request.paths = {"prices.csv"};
//   request.columns.target = "price";
//   const auto fit = talweg::fit(request);            // fit->parameters, fit->certificate,
//   fit->plan.forecast, ... talweg::make_model(*fit, request).document        // the model file
//
// Arrays in memory are described by a view (row- or column-major, float or double, no copy of the whole), a
// run is watched and stopped by an observer, and minimize() descends on any function with a gradient.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/descent/minimiser.h"
#include "talweg/descent/trace.h"
#include "talweg/model/fit.h"
#include "talweg/model/model.h"
#include "talweg/model/predict.h"
#include "talweg/model/request.h"

namespace talweg {

/// How a two-dimensional array lies in memory.
enum class Layout { row_major, column_major };

/// A view of rows x columns numbers; `data` must outlive it. A span that holds fewer is an error of whoever
/// uses the view.
ArrayView array_view(std::span<const double> data, std::size_t rows, std::size_t columns,
                     Layout layout = Layout::row_major);
ArrayView array_view(std::span<const float> data, std::size_t rows, std::size_t columns,
                     Layout layout = Layout::row_major);
/// One column.
ArrayView array_view(std::span<const double> column);
ArrayView array_view(std::span<const float> column);

/// Data in memory. `weights` may stay empty (every weight 1), `names` too (x1, x2, ...).
struct Arrays {
  ArrayView features;
  ArrayView target;
  ArrayView weights;
  std::vector<std::string> names;
  std::string target_name = "y";
};

/// Fits arrays; of `request` everything but paths, table and columns is used. Errors: sizes that do not
/// match, values that are not finite, negative weights, and those of fit(request).
Result<Fit> fit(const Arrays& arrays, const FitRequest& request = {});

/// intercept + features * coefficients for each row; the columns in the order of the fit. Errors: a model
/// with text columns, or another number of columns.
Result<std::vector<double>> predict(const Model& model, const ArrayView& features);

/// An observer made of one function, called for every epoch; true stops the run.
class EpochCallback final : public RunObserver {
 public:
  explicit EpochCallback(std::function<bool(const EpochView&)> function) : function_(std::move(function)) {}
  bool epoch(const EpochView& view) override { return function_(view); }

 private:
  std::function<bool(const EpochView&)> function_;
};

/// Writes the gradient at `parameters` into `gradient` (the same length) and returns the cost.
using CostFunction = std::function<double(std::span<const double> parameters, std::span<double> gradient)>;

struct MinimizeOptions {
  Optimizer optimizer = Optimizer::cg;
  std::optional<double> learning_rate;  ///< absent: found on the way
  double momentum = 0.9;                ///< of momentum and nesterov
  std::uint64_t epochs = 10'000;
  /// Done at a gradient norm of `tolerance` times the larger of those at the start and at all-zero
  /// parameters.
  double tolerance = 1e-8;
  std::optional<double> max_seconds;
  const StopFlag* stop = nullptr;
  std::function<bool(const EpochView&)> on_epoch;  ///< true stops the run
};

struct Minimum {
  std::vector<double>
      parameters;  ///< of the last accepted epoch; after divergence of the one with the lowest cost
  double cost = 0;
  double gradient_norm = 0;
  std::uint64_t epochs = 0;
  std::uint64_t evaluations = 0;
  Termination termination;
  Trace trace;

  [[nodiscard]] bool diverged() const {
    return termination.reason == Reason::diverged || termination.reason == Reason::non_finite;
  }
};

/// Descends on the caller's function. A cost above 1e6 times a positive start cost is divergence. Errors
/// (usage): no parameters, a start that is not finite, settings out of range. What `function` throws passes
/// through.
Result<Minimum> minimize(const CostFunction& function, std::vector<double> start,
                         const MinimizeOptions& options = {});

}  // namespace talweg
