// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/landscape.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "talweg/model/loss_problem.h"
#include "talweg/model/sampled_features.h"

namespace talweg {
namespace {

// A parameter that moves, in the coordinates of the header.
struct Place {
  std::size_t parameter = 0;
  double spread = 1;
  double mean = 0;
  double penalty = 0;  // p_j
  double weight = 0;   // how important it is
  std::size_t at = 0;  // its place among all that move
};

// The most important first; the intercept is among them.
std::vector<Place> most_important(std::vector<Place> places, const Problem& problem) {
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.weight > b.weight; });
  if (places.size() <= Replay::kMostCarried) return places;
  const auto intercept = std::find_if(places.begin(), places.end(), [&](const Place& place) {
    return problem.plan.parameters[place.parameter].intercept;
  });
  if (intercept - places.begin() >= static_cast<std::ptrdiff_t>(Replay::kMostCarried) &&
      intercept != places.end())
    std::iter_swap(intercept, places.begin() + Replay::kMostCarried - 1);
  places.resize(Replay::kMostCarried);
  return places;
}

Landscape carry(std::vector<Place> all, const Problem& problem, const FitRequest& request,
                const std::vector<double>& parameters, std::vector<std::size_t>& at) {
  Landscape out;
  double total = 0;
  const double l2 = problem.loss == nullptr ? 0 : request.l2;
  const auto penalty = [&](const Place& place) {
    const double w = parameters[place.parameter] * place.penalty;
    return request.l1 * std::abs(w) + l2 / 2 * w * w;
  };
  for (const Place& place : all) total += penalty(place);
  const bool all_carried = all.size() <= Replay::kMostCarried;
  for (const Place& place : most_important(std::move(all), problem)) {
    out.carried.push_back(place.parameter);
    out.spread.push_back(place.spread);
    out.mean.push_back(place.mean);
    out.l1.push_back(request.l1 * place.penalty);
    out.l2.push_back(l2 * place.penalty * place.penalty);
    at.push_back(place.at);
    total -= penalty(place);
  }
  out.rest = all_carried ? 0 : std::max(0.0, total);
  return out;
}

}  // namespace

double shown_target(CostKind cost, double y) {
  return cost == CostKind::logistic ? (y + 1) / 2 : y;
}

Landscape folded_landscape(Problem& problem, const FitRequest& request,
                           const std::vector<double>& parameters) {
  LeastSquares& cost = *problem.cost;
  const std::vector<std::size_t>& active = cost.active_features();
  std::vector<Place> places;
  for (std::size_t a = 0; a < cost.size(); ++a) {
    Place place;
    place.at = a;
    if (a < active.size()) {
      place.parameter = active[a];
      place.spread = cost.units()[a];
      place.mean = cost.origins()[a].value();
      place.penalty = request.penalty_on_standard_scale ? problem.spreads[active[a]] : 1;
      place.weight = std::abs(parameters[active[a]]) * problem.spreads[active[a]];
    } else {
      place.parameter = parameters.size() - 1;
    }
    places.push_back(place);
  }
  std::vector<std::size_t> at;
  Landscape out = carry(std::move(places), problem, request, parameters, at);
  out.folded = true;
  std::vector<double> gradient(cost.size());
  out.cost = cost.evaluate(cost.from_user(parameters), gradient);
  const std::vector<double> hessian = cost.hessian();
  for (const std::size_t a : at) {
    out.gradient.push_back(gradient[a]);
    for (const std::size_t b : at) out.hessian.push_back(hessian[a * cost.size() + b]);
  }
  return out;
}

Landscape row_landscape(const Problem& problem, const FitRequest& request,
                        const std::vector<double>& parameters,
                        const std::vector<std::optional<double>>& standard_errors) {
  const std::vector<LinearTerm>& terms = problem.loss->cost->terms();
  const bool have_errors =
      std::any_of(standard_errors.begin(), standard_errors.end(),
                  [](const std::optional<double>& error) { return error && *error > 0; });
  std::vector<Place> places;
  for (std::size_t j = 0; j < terms.size(); ++j) {
    Place place;
    place.parameter = place.at = j;
    if (terms[j].column || terms[j].level) {
      if (!(terms[j].spread > 0)) continue;
      place.spread = terms[j].spread;
      place.mean = terms[j].mean;
      place.penalty = terms[j].penalty;
    }
    if (have_errors) {
      const auto error = standard_errors[j];
      place.weight = error && *error > 0 ? std::abs(parameters[j]) / *error : 0;
    } else if (terms[j].column || terms[j].level) {
      place.weight = std::abs(parameters[j]) * place.spread;
    }
    places.push_back(place);
  }
  std::vector<std::size_t> at;
  return carry(std::move(places), problem, request, parameters, at);
}

RowView view_landscape_rows(const Problem& problem, const Landscape& landscape,
                            const std::vector<double>& parameters) {
  RowView out;
  const CostKind cost = problem.loss == nullptr ? CostKind::mse : problem.loss->cost->loss().kind;
  out.of = problem.loss == nullptr ? problem.cost->rows() : problem.loss->rows.rows();
  const std::optional<std::size_t> across = axis_column(problem, out.x_name);
  for (const SampledRow& row : problem.data.sample) {
    const std::vector<double> features = sampled_features(problem, row);
    out.numbers.push_back(row.number);
    out.target.push_back(shown_target(cost, sampled_target(problem, row)));
    if (!problem.data.weights.empty()) out.weight.push_back(row.weight);
    if (across) out.x.push_back(features[*across]);
    const double f = linear_prediction(features, parameters);
    out.predictor.push_back(f);
    out.prediction.push_back(mean_of_prediction(cost, f));
    for (std::size_t c = 0; c < landscape.carried.size(); ++c) {
      const std::size_t j = landscape.carried[c];
      out.cells.push_back(j < features.size() ? (features[j] - landscape.mean[c]) / landscape.spread[c] : 1);
    }
  }
  return out;
}

}  // namespace talweg
