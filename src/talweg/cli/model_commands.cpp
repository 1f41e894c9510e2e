// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "talweg/base/numbers.h"
#include "talweg/base/output_file.h"
#include "talweg/cli/commands.h"
#include "talweg/cli/terminal.h"
#include "talweg/model/model.h"
#include "talweg/model/moments_file.h"
#include "talweg/model/predict.h"
#include "talweg/report/json.h"
#include "talweg/report/moments_report.h"
#include "talweg/report/text.h"

namespace talweg::cli {
namespace {

void complain_of(const BeyondModel& beyond, std::uint64_t rows) {
  if (beyond.rows == 0) return;
  complain(
      fmt::format("warning: {} of {} rows have an index beyond x{}, the last that the model knows; it "
                  "counts as nothing",
                  grouped(beyond.rows), grouped(rows), beyond.last));
}

}  // namespace

int run_predict(Options options, const StopFlag& stop) {
  if (options.output == "-") options.output.clear();  // standard output it is
  std::vector<std::string> inputs = options.predict.paths;
  inputs.push_back(options.model);
  for (const std::string& input : inputs) {
    if (!options.output.empty() && input != "-" && same_file(input, options.output)) {
      return report_error({ErrorKind::usage, fmt::format("--output would overwrite {}", in_quotes(input)),
                           "name another file"});
    }
  }
  const auto model = load_model(options.model);
  if (!model) return report_error(model.error());
  std::optional<OutputFile> output;
  if (!options.output.empty()) {
    auto opened = OutputFile::open(options.output);
    if (!opened) return report_error(opened.error());
    output = std::move(*opened);
  }
  options.predict.stop = &stop;
  const auto summary = predict(*model, options.predict, [&](std::string_view text) {
    return output ? output->write(text) : print(text);
  });
  if (!summary) return report_error(summary.error());
  if (output) {
    if (auto written = output->commit(); !written) return report_error(written.error());
  }
  if (summary->empty > 0) {
    complain(fmt::format("warning: {} of {} rows have a missing cell and so no prediction",
                         grouped(summary->empty), grouped(summary->rows)));
  }
  complain_of(summary->beyond, summary->rows);
  return kSuccess;
}

int run_evaluate(Options options, const StopFlag& stop) {
  const auto model = load_model(options.model);
  if (!model) return report_error(model.error());
  options.predict.stop = &stop;
  const auto evaluation = evaluate(*model, options.predict);
  if (!evaluation) return report_error(evaluation.error());
  if (!model->weights.empty()) {
    complain(fmt::format("warning: the fit weighted its rows by {}; here every row counts once",
                         in_quotes(model->weights)));
  }
  complain_of(evaluation->beyond, evaluation->rows);
  const std::string text = options.json ? evaluation_json(*evaluation) : evaluation_text(*evaluation, *model);
  if (auto printed = print(text); !printed) return report_error(printed.error());
  return kSuccess;
}

int run_show(const Options& options) {
  if (is_moments_file(options.model)) {
    const auto table = load_moments(options.model);
    if (!table) return report_error(table.error());
    const std::string text =
        options.json ? moments_json(*table) : moments_text(*table, output_style(options));
    if (auto printed = print(text); !printed) return report_error(printed.error());
    return kSuccess;
  }
  const auto model = load_model(options.model);
  if (!model) return report_error(model.error());
  const auto text =
      options.json ? Result<std::string>(model->document) : model_text(*model, output_style(options));
  if (!text) return report_error(text.error());
  if (auto printed = print(*text); !printed) return report_error(printed.error());
  return kSuccess;
}

}  // namespace talweg::cli
