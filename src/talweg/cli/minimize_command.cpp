// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "talweg/base/numbers.h"
#include "talweg/cli/commands.h"
#include "talweg/cli/terminal.h"
#include "talweg/report/function_report.h"
#include "talweg/report/trace_csv.h"

namespace talweg::cli {

int run_minimize(Options options, const StopFlag& stop) {
  FunctionRequest& request = options.function;
  auto plan = plan_function(request);
  if (!plan) return report_error(plan.error());
  if (options.trace == "-") {
    return report_error(
        {ErrorKind::usage, "--trace - is no file", "name a file; standard output carries the result"});
  }
  // Opened before the run: a bad path fails now.
  std::optional<TraceCsv> trace;
  if (!options.trace.empty()) {
    auto opened = TraceCsv::open(options.trace);
    if (!opened) return report_error(opened.error());
    trace = std::move(*opened);
  }
  std::vector<std::string> extra;
  const Plan names = names_as_plan(plan->formula.parameters);
  EpochTable table;
  table.begin(names);
  if (trace) {
    for (const std::string& name : trace->begin(names)) {
      extra.push_back(fmt::format("in the trace, variable {} is called {}", in_quotes(name),
                                  in_quotes("parameter[" + name + "]")));
    }
  }
  ProgressLine progress(options.progress && !options.quiet);
  request.stop = &stop;
  request.on_epoch = [&](const EpochView& view) {
    if (options.verbose) table.add(view);
    progress.show(
        [&] { return fmt::format("epoch {}, f = {}", grouped(view.epoch), short_text(view.cost)); });
    return trace && !trace->epoch(view);
  };
  FunctionRun run = run_function(std::move(*plan), request);
  progress.clear();
  run.warnings.insert(run.warnings.end(), extra.begin(), extra.end());
  if (!options.quiet) {
    for (const std::string& warning : run.warnings) complain("warning: " + warning);
  }
  std::optional<Error> unwritten;
  if (trace) {
    if (auto written = trace->finish(); !written) unwritten = written.error();
  }
  std::string text;
  if (options.json) {
    text = function_json(run);
  } else if (!options.quiet) {
    if (options.verbose) text = table.text() + '\n';
    text += function_text(run, output_style(options));
  }
  if (auto printed = print(text); !printed) return report_error(printed.error());
  if (unwritten) return report_error(*unwritten);
  if (run.diverged()) {
    complain(options.json || options.quiet ? run.post_mortem : "the descent diverged");
    return kDiverged;
  }
  return run.termination.reason == Reason::interrupted ? kInterrupted : kSuccess;
}

}  // namespace talweg::cli
