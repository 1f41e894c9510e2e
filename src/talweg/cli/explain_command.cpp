// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/commands.h"
#include "talweg/cli/terminal.h"
#include "talweg/model/first_step.h"
#include "talweg/report/explain_report.h"

namespace talweg::cli {
namespace {

Result<Explanation> explain(Options& options, const StopFlag& stop) {
  Explanation out;
  const FitRequest& request = options.fit;
  static_assert(static_cast<int>(LossKind::sse) == static_cast<int>(CostKind::sse) &&
                static_cast<int>(LossKind::squared_hinge) == static_cast<int>(CostKind::squared_hinge));
  out.cost = static_cast<LossKind>(request.cost);
  if (request.paths.empty()) {
    auto formula = parse_formula_without_data(request.formula, options.explain.columns);
    if (!formula) return fail(formula.error());
    out.formula = std::move(*formula);
    out.columns_guessed = options.explain.columns.empty();
  } else {
    FitRequest reading = request;
    reading.stop = &stop;
    auto step = first_step(reading, out.cost);
    if (!step) return fail(step.error());
    out.formula = step->formula;
    out.step = std::move(*step);
  }
  out.derivation = derive_cost(out.formula, out.cost, {request.huber_delta, request.quantile});
  return out;
}

}  // namespace

int run_explain(Options options, const StopFlag& stop) {
  const auto explanation = explain(options, stop);
  if (!explanation) return report_error(explanation.error());
  for (const std::string& warning : explanation->formula.warnings) complain("warning: " + warning);
  const std::string text =
      options.json ? explain_json(*explanation) : explain_text(*explanation, options.explain.notation);
  if (auto printed = print(text); !printed) return report_error(printed.error());
  return kSuccess;
}

}  // namespace talweg::cli
