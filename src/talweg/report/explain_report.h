// SPDX-License-Identifier: Apache-2.0
// What `talweg explain` prints.
#pragma once

#include <optional>
#include <string>

#include "talweg/formula/explain.h"
#include "talweg/model/first_step.h"

namespace talweg {

struct Explanation {
  Formula formula;
  LossKind cost = LossKind::mse;
  bool columns_guessed = false;  ///< without data and --features: by their names
  CostDerivation derivation;
  std::optional<FirstStep> step;
};

std::string explain_text(const Explanation& explanation, Notation notation);
std::string explain_json(const Explanation& explanation);

}  // namespace talweg
