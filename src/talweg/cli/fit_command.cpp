// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "talweg/base/numbers.h"
#include "talweg/cli/commands.h"
#include "talweg/cli/pictures.h"
#include "talweg/cli/terminal.h"
#include "talweg/model/fit.h"
#include "talweg/model/model.h"
#include "talweg/report/json.h"
#include "talweg/report/page.h"
#include "talweg/report/text.h"
#include "talweg/report/trace_csv.h"

namespace talweg::cli {
namespace {

// Warnings, the trace, the epoch table and the progress line, as the run goes.
class Watcher final : public RunObserver {
 public:
  Watcher(const Options& options, std::optional<TraceCsv>& trace)
      : options_(options), trace_(trace), progress_(options.progress && !options.quiet) {}

  void reading(std::uint64_t records) override {
    progress_.show([&] { return fmt::format("reading: {} rows", grouped(records)); });
  }

  void begin(const Plan& plan) override {
    progress_.clear();
    forecast_ = plan.tolerance ? plan.forecast.epochs : std::optional<std::uint64_t>(plan.epochs);
    if (forecast_ && *forecast_ > plan.epochs) forecast_ = plan.epochs;
    warn(plan.warnings);
    said_ = plan.warnings.size();
    table_.begin(plan);
    if (!trace_) return;
    for (const std::string& name : trace_->begin(plan)) {
      extra_.push_back(fmt::format("in the trace, parameter {} is called {}", in_quotes(name),
                                   in_quotes("parameter[" + name + "]")));
    }
    warn(extra_);
  }

  bool epoch(const EpochView& view) override {
    if (options_.verbose) table_.add(view);
    progress_.show([&] {
      const std::string of = forecast_ ? fmt::format(" of about {}", grouped(*forecast_)) : "";
      return fmt::format("epoch {}{}, cost {}", grouped(view.epoch), of, short_text(view.cost));
    });
    return trace_ && !trace_->epoch(view);
  }

  // Prints what begin() has not said yet.
  void finish(Fit& fit) {
    progress_.clear();
    warn(std::vector<std::string>(fit.warnings.begin() + static_cast<std::ptrdiff_t>(said_),
                                  fit.warnings.end()));
    fit.warnings.insert(fit.warnings.end(), extra_.begin(), extra_.end());
  }

  [[nodiscard]] const EpochTable& table() const { return table_; }
  void clear() { progress_.clear(); }

 private:
  void warn(const std::vector<std::string>& warnings) const {
    if (options_.quiet) return;
    for (const std::string& warning : warnings) complain("warning: " + warning);
  }

  const Options& options_;
  std::optional<TraceCsv>& trace_;
  ProgressLine progress_;
  EpochTable table_;
  std::optional<std::uint64_t> forecast_;
  std::size_t said_ = 0;
  std::vector<std::string> extra_;
};

// Two outputs in one place, or an output over an input, would destroy what the user wants to keep.
Result<void> check_outputs(const Options& options) {
  std::vector<std::pair<std::string, std::string>> outputs;
  if (!options.output.empty()) outputs.emplace_back("--output", options.output);
  if (!options.trace.empty()) outputs.emplace_back("--trace", options.trace);
  if (!options.report.empty()) outputs.emplace_back("--report", options.report);
  if (!options.plot.empty()) {
    if (auto format = picture_format(options.plot); !format) return fail(format.error());
    for (const auto& [picture, file] : picture_files(options.plot)) outputs.emplace_back("--plot", file);
  }
  if (!options.fit.columns.rejects.empty()) outputs.emplace_back("--rejects", options.fit.columns.rejects);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].second == "-") {
      return fail(ErrorKind::usage, fmt::format("{} - is no file", outputs[i].first),
                  "name a file; standard output carries the result");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (same_file(outputs[i].second, outputs[j].second)) {
        return fail(ErrorKind::usage,
                    fmt::format("{} and {} name the same file {}", outputs[j].first, outputs[i].first,
                                in_quotes(outputs[i].second)),
                    "give each its own");
      }
    }
    for (const std::string& input : options.fit.paths) {
      if (input != "-" && same_file(outputs[i].second, input)) {
        return fail(ErrorKind::usage,
                    fmt::format("{} would overwrite the data {}", outputs[i].first, in_quotes(input)),
                    "name another file");
      }
    }
  }
  return {};
}

Result<void> load_start(Options& options) {
  if (options.start_model.empty()) return {};
  std::error_code code;
  if (!std::filesystem::exists(options.start_model, code)) {
    return fail(
        ErrorKind::io,
        fmt::format("--start {} is no model file, and none of zeros, ones, random and name=number,...",
                    in_quotes(options.start_model)),
        "write --start random, --start a=0.2,intercept=0.5 or the name of a model file");
  }
  const auto model = load_model(options.start_model);
  if (!model) return fail(model.error());
  options.fit.start_source = "--start " + options.start_model;
  for (std::size_t j = 0; j < model->values.size(); ++j) {
    options.fit.start_values.emplace_back(model->parameters[j].name, model->values[j]);
  }
  return {};
}

std::string result_text(const Options& options, const Fit& fit, const Watcher& watcher) {
  if (options.json) return fit_json(fit, options.verbose ? &watcher.table() : nullptr);
  if (options.quiet) return {};
  std::string out;
  const Style style = output_style(options);
  if (options.verbose) {
    out = audit_text(fit.audit, fit.columns, fit.features, style.width) +
          wrapped(watcher.table().text(style.width), style.width) + '\n';
  }
  return out + fit_text(fit, style, fit.diverged() ? "" : options.output);
}

}  // namespace

int run_fit(Options options, const StopFlag& stop) {
  if (auto checked = check_outputs(options); !checked) return report_error(checked.error());
  if (auto loaded = load_start(options); !loaded) return report_error(loaded.error());
  // Opened before the long run: a bad path fails now.
  std::optional<OutputFile> output;
  if (!options.output.empty()) {
    auto opened = OutputFile::open(options.output);
    if (!opened) return report_error(opened.error());
    output = std::move(*opened);
  }
  std::optional<TraceCsv> trace;
  if (!options.trace.empty()) {
    auto opened = TraceCsv::open(options.trace);
    if (!opened) return report_error(opened.error());
    trace = std::move(*opened);
  }
  std::optional<OutputFile> report;
  if (!options.report.empty()) {
    auto opened = OutputFile::open(options.report);
    if (!opened) return report_error(opened.error());
    report = std::move(*opened);
    options.fit.sample_rows = kPageRows;
  }
  std::optional<Pictures> pictures;
  if (!options.plot.empty()) {
    auto opened = Pictures::open(options.plot);
    if (!opened) return report_error(opened.error());
    pictures = std::move(*opened);
    options.fit.sample_rows = kPageRows;
  }
  Watcher watcher(options, trace);
  options.fit.stop = &stop;
  options.fit.observer = &watcher;
  auto fitted = fit(options.fit);
  watcher.clear();
  if (!fitted) return report_error(fitted.error());

  const auto began = std::chrono::steady_clock::now();
  watcher.finish(*fitted);
  // What cannot be written is no reason to lose the result: it is printed first.
  std::vector<Error> unwritten;
  if (trace) {
    if (auto written = trace->finish(); !written) unwritten.push_back(written.error());
  }
  if (output && !fitted->diverged()) {
    auto written = output->write(make_model(*fitted, options.fit).document);
    if (written) written = output->commit();
    if (!written) unwritten.push_back(written.error());
  }
  if (report) {
    auto written = report->write(page_html(*fitted, options.arguments, options.output));
    if (written) written = report->commit();
    if (!written) unwritten.push_back(written.error());
  }
  if (pictures) {
    if (auto drawn = pictures->draw(*fitted); !drawn) unwritten.push_back(drawn.error());
  }
  fitted->seconds.write = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (auto printed = print(result_text(options, *fitted, watcher)); !printed)
    return report_error(printed.error());
  for (const Error& error : unwritten) report_error(error);
  if (!unwritten.empty()) return kRunTimeError;
  if (fitted->diverged()) {
    complain(options.json || options.quiet ? fitted->post_mortem
                                           : "the descent diverged: no model was written");
    return kDiverged;
  }
  return fitted->termination.reason == Reason::interrupted ? kInterrupted : kSuccess;
}

int run_forecast(Options options, const StopFlag& stop) {
  if (auto loaded = load_start(options); !loaded) return report_error(loaded.error());
  std::optional<TraceCsv> no_trace;
  Watcher watcher(options, no_trace);
  options.fit.stop = &stop;
  options.fit.observer = &watcher;
  const auto problem = forecast(options.fit);
  watcher.clear();
  if (!problem) return report_error(problem.error());
  watcher.begin(problem->plan);
  std::string out;
  std::vector<ColumnInfo> columns = problem->data.features;
  columns.push_back(problem->data.target);
  if (options.json) {
    out = forecast_json(*problem, options.verbose);
  } else if (!options.quiet) {
    const Style style = output_style(options);
    if (options.verbose) out = audit_text(problem->data.audit, columns, problem->features, style.width);
    out += forecast_text(*problem, style);
  }
  if (auto printed = print(out); !printed) return report_error(printed.error());
  return kSuccess;
}

}  // namespace talweg::cli
