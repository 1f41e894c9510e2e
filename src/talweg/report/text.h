// SPDX-License-Identifier: Apache-2.0
// Results as text for people: the objective spelled out, what was known before, how it ended, the parameters
// beside the closed form, the certificate, what to do next.
#pragma once

#include <string>
#include <vector>

#include "talweg/model/fit.h"
#include "talweg/model/model.h"
#include "talweg/model/predict.h"
#include "talweg/report/style.h"

namespace talweg {

/// Epochs worth a line: the first ten, then 1-2-5 steps, and the last.
class EpochTable {
 public:
  void begin(const Plan& plan);
  void add(const EpochView& view);
  /// In lines of at most `width` characters (0: any number).
  [[nodiscard]] std::string text(std::size_t width = 0) const;
  [[nodiscard]] std::vector<TraceRow> rows() const;

 private:
  std::vector<std::string> names_;
  bool validated_ = false;
  std::vector<TraceRow> rows_;
  std::optional<TraceRow> last_;
};

/// `model_path`: where the model was written, empty: nowhere.
std::string fit_text(const Fit& fit, const Style& style, const std::string& model_path);
std::string forecast_text(const Problem& problem, const Style& style);
std::string audit_text(const IngestAudit& audit, const std::vector<ColumnInfo>& columns,
                       const std::vector<FeatureSummary>& features, std::size_t width = 0);
std::string evaluation_text(const Evaluation& evaluation, const Model& model);
/// A model file, readable.
Result<std::string> model_text(const Model& model, const Style& style);

}  // namespace talweg
