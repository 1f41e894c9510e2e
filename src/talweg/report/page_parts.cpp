// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/page_parts.h"

#include <cmath>

#include "talweg/report/base64.h"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json score(const HeldOutScore& score) {
  Json out = Json::object();
  for (std::size_t metric = 0; metric < kMetrics; ++metric)
    out[metric_name(metric)] = number(metric_of(score, metric));
  return out;
}

}  // namespace

Json page_landscape(const Fit& fit) {
  if (!fit.landscape) return nullptr;
  const Landscape& landscape = *fit.landscape;
  return {{"folded", landscape.folded},
          {"cost", number(landscape.cost)},
          {"rest", number(landscape.rest)},
          {"spread", base64_doubles(landscape.spread)},
          {"mean", base64_doubles(landscape.mean)},
          {"l1", base64_doubles(landscape.l1)},
          {"l2", base64_doubles(landscape.l2)},
          {"gradient", base64_doubles(landscape.gradient)},
          {"hessian", base64_doubles(landscape.hessian)}};
}

Json page_steps(const Fit& fit, const std::vector<std::size_t>& shown) {
  if (!fit.steps) return nullptr;
  std::vector<double> values;
  for (const std::vector<double>& parameters : fit.steps->parameters) {
    for (const std::size_t j : shown) values.push_back(parameters[j]);
  }
  return {{"end", fit.steps->end}, {"parameters", base64_doubles(values)}};
}

Json page_validation(const Fit& fit) {
  if (!fit.validation) return nullptr;
  const ValidationResult& validation = *fit.validation;
  return {{"share", validation.share},
          {"patience", validation.patience ? Json(*validation.patience) : Json(nullptr)},
          {"rows_training", validation.rows_training},
          {"rows", validation.score.rows},
          {"best_epoch", validation.best_epoch},
          {"best_cost", number(validation.best_cost)},
          {"score", score(validation.score)},
          {"seed", fit.seed}};
}

Json page_folds(const Fit& fit) {
  if (fit.folds.empty()) return nullptr;
  Json folds = Json::array();
  std::vector<HeldOutScore> scores;
  for (const FoldScore& fold : fit.folds) {
    folds.push_back({{"rows_training", fold.rows_training},
                     {"rows", fold.score.rows},
                     {"epochs", fold.epochs},
                     {"reason", reason_name(fold.reason)},
                     {"score", score(fold.score)}});
    scores.push_back(fold.score);
  }
  Json mean = Json::object();
  Json deviation = Json::object();
  for (std::size_t metric = 0; metric < kMetrics; ++metric) {
    const auto both = mean_and_deviation(scores, metric);
    mean[metric_name(metric)] = both ? number(both->mean) : Json(nullptr);
    deviation[metric_name(metric)] = both ? number(both->deviation) : Json(nullptr);
  }
  return {{"folds", folds}, {"mean", mean}, {"deviation", deviation}, {"seed", fit.seed}};
}

}  // namespace talweg
