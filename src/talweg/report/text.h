// SPDX-License-Identifier: Apache-2.0
// Results as text for people: the objective spelled out, what was known before, how it ended, the parameters beside the
// closed form, the certificate, what to do next.
#pragma once

#include <string>
#include <vector>

#include "talweg/model/fit.h"
#include "talweg/model/model.h"
#include "talweg/model/predict.h"

namespace talweg {

/// Marks text for a terminal that shows colours; plain otherwise.
struct Style {
  bool color = false;
  [[nodiscard]] std::string bold(const std::string& text) const { return wrap("1", text); }
  [[nodiscard]] std::string good(const std::string& text) const { return wrap("32", text); }
  [[nodiscard]] std::string bad(const std::string& text) const { return wrap("31", text); }
  [[nodiscard]] std::string warn(const std::string& text) const { return wrap("33", text); }

 private:
  [[nodiscard]] std::string wrap(const char* code, const std::string& text) const {
    return color ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }
};

/// Epochs worth a line: the first ten, then 1-2-5 steps, and the last.
class EpochTable {
 public:
  void begin(const Plan& plan);
  void add(const EpochView& view);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<TraceRow> rows() const;

 private:
  std::vector<std::string> names_;
  std::vector<TraceRow> rows_;
  std::optional<TraceRow> last_;
};

/// `model_path`: where the model was written, empty: nowhere.
std::string fit_text(const Fit& fit, const Style& style, const std::string& model_path);
std::string forecast_text(const Problem& problem, const Style& style);
std::string audit_text(const IngestAudit& audit, const std::vector<ColumnInfo>& columns,
                       const std::vector<FeatureSummary>& features);
std::string evaluation_text(const Evaluation& evaluation, const Model& model);
/// A model file, readable.
Result<std::string> model_text(const Model& model, const Style& style);

}  // namespace talweg
