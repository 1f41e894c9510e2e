// SPDX-License-Identifier: Apache-2.0
// The model file: versioned JSON that a person can read and that predicts without the data. It holds names,
// parameters, levels, means, the cost, the options, the audit and the data's fingerprint; nothing that
// depends on the clock, the machine, paths, the cut into files, compression or the number of threads. Numbers
// round-trip exactly; a text that is not valid UTF-8 is written as {"bytes": "<hex>"}.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/model/fit.h"

namespace talweg {

inline constexpr int kModelVersion = 1;

struct Model {
  std::string target;
  std::vector<std::string> classes;  ///< of a classification: the label of -1, then of +1; else empty
  bool has_intercept = true;
  std::vector<Parameter> parameters;
  std::vector<double> values;
  std::vector<FeatureSummary> features;
  MissingPolicy missing = MissingPolicy::error;
  std::vector<std::string> missing_words;
  std::shared_ptr<const BoundFormula> formula;  ///< null: a linear model; else features is empty
  std::string weights;                          ///< column of weights of the fit; empty: none
  CostKind loss = CostKind::mse;
  std::string document;  ///< the JSON text as it stands in the file

  /// The column that holds the labels of a classification: the target, or a formula's left side as it is.
  [[nodiscard]] std::string label_column() const;
};

Model make_model(const Fit& fit, const FitRequest& request);

/// Errors: not JSON (with the byte), not a model, a later version, a part that is missing or of the wrong
/// kind.
Result<Model> read_model(std::string_view document, const std::string& name);

/// Reads the file; errors as open_bytes and read_model.
Result<Model> load_model(const std::string& path);

}  // namespace talweg
