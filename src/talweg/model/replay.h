// SPDX-License-Identifier: Apache-2.0
// What replays the descent on a folded cost for any learning rate, without the data.
//
// In the coordinates u of the descent (objective/least_squares.h) with the Hessian H = sum_i lambda_i q_i
// q_i' and the optimum u*, every batch method of descent/ moves each mode by itself:
//   u(k) = u* + sum_i c_i z_i(k) q_i,   c_i = q_i.(u(0) - u*),   z_i as in descent/forecast.h
//   cost(k) = lowest cost + 1/2 sum_i lambda_i (c_i z_i(k))^2,   |gradient(k)|^2 = sum_i (lambda_i c_i
//   z_i(k))^2
// A user's parameter is w_j = u_j / unit_j, the intercept b = c - sum_j w_j origin_j; so a parameter follows
// its row of eigenvector entries, and moving a parameter's start by s moves u by s (unit_j along j, origin_j
// along c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "talweg/model/problem.h"
#include "talweg/model/row_sample.h"

namespace talweg {

struct Replay {
  /// Parameters that are carried at most: those with the largest |value/standard error| (where there is none,
  /// the largest |value| x root mean square), and the intercept.
  static constexpr std::size_t kMostCarried = 40;

  std::vector<double> eigenvalues;   ///< ascending; what is lost in rounding is 0
  std::vector<double> start;         ///< c_i
  std::vector<std::size_t> carried;  ///< numbers of parameters, the most important first; constant ones never
  std::vector<double> unit;          ///< per carried parameter; 1 for the intercept
  std::vector<double> origin;        ///< per carried parameter; 0 for the intercept
  std::vector<double> optimum;       ///< per carried parameter: its coordinate at the optimum, in u
  std::vector<double> rows;  ///< carried x modes: the eigenvectors' entries at the parameter (intercept: c)
  std::vector<double>
      intercept_row;  ///< modes: what the intercept gains from a unit of a mode; empty without one
};

/// The rows that pictures show, with what their predictions need.
struct RowView {
  std::uint64_t of = 0;  ///< rows used in all
  std::vector<std::uint64_t> numbers;
  std::vector<double> target;
  std::vector<double> prediction;  ///< at the reported parameters
  std::vector<double> optimal;     ///< at the optimum
  std::vector<double> weight;      ///< empty where every weight is 1
  std::string x_name;              ///< the only feature, where it is one numeric column; else empty
  std::vector<double> x;           ///< its values
  /// rows x modes: what a row's prediction gains from a unit of a mode, so that prediction(k) = optimal +
  /// sum_i parts_i c_i z_i(k); empty where there is no replay.
  std::vector<double> parts;
  // With a landscape (model/landscape.h).
  std::vector<double> cells;      ///< rows x carried parameters: z_rj; of the intercept 1
  std::vector<double> predictor;  ///< f_r' at the reported parameters
  // A formula over one column: its curve, and what the recorded run predicted on its way. `epochs` are those
  // of Trace::thinned(kShownEpochs).
  std::vector<double> curve_x;     ///< ascending
  std::vector<double> curve_path;  ///< epochs x curve_x: predictions
  std::vector<double> path;        ///< epochs x rows, where there are no more than kFewRows rows
};

/// Epochs of the recorded run that pictures show, at most.
inline constexpr std::size_t kShownEpochs = 399;
/// Rows that are shown one by one.
inline constexpr std::size_t kFewRows = 30;

/// Absent where the modes are not known (more than kFullSpectrum parameters).
std::optional<Replay> make_replay(const Problem& problem, const std::vector<double>& parameters,
                                  const std::vector<std::optional<double>>& standard_errors);

/// Numbers of parts at most: where the sampled rows would need more, those with the smallest hashes stay.
inline constexpr std::size_t kMostParts = 120'000;

/// The sampled rows as pictures need them.
RowView view_rows(const Problem& problem, const std::vector<double>& parameters);

}  // namespace talweg
