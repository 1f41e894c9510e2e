// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "talweg/base/numbers.h"
#include "talweg/base/output_file.h"
#include "talweg/cli/commands.h"
#include "talweg/cli/terminal.h"
#include "talweg/model/moments_file.h"
#include "talweg/report/moments_report.h"

namespace talweg::cli {
namespace {

Result<void> check_output(const Options& options, const std::vector<std::string>& inputs) {
  if (options.output == "-") {
    return fail(ErrorKind::usage, "--output - is no file", "name a file; standard output carries the result");
  }
  for (const std::string& input : inputs) {
    if (input != "-" && same_file(input, options.output)) {
      return fail(ErrorKind::usage, fmt::format("--output would overwrite {}", in_quotes(input)),
                  "name another file");
    }
  }
  return {};
}

// Writes the table and says what it is.
int finish(const Options& options, OutputFile& output, const FoldedTable& table) {
  auto written = output.write(moments_bytes(table));
  if (written) written = output.commit();
  if (!written) return report_error(written.error());
  if (!options.quiet) {
    for (const ColumnInfo& column : table.columns) {
      if (const auto error = name_of_rows({column}, table.audit.rows)) {
        complain(fmt::format(
            "warning: column {}: {}; a fit from these moments needs --drop or --categorical for it",
            in_quotes(column.name), error->what));
      }
    }
  }
  const std::string text = options.json    ? moments_json(table)
                           : options.quiet ? std::string()
                                           : moments_summary(table);
  if (auto printed = print(text); !printed) return report_error(printed.error());
  return kSuccess;
}

}  // namespace

int run_fold(const Options& options, const StopFlag& stop) {
  std::vector<std::string> others = options.fit.paths;
  if (!options.fit.columns.rejects.empty()) others.push_back(options.fit.columns.rejects);
  if (auto checked = check_output(options, others); !checked) return report_error(checked.error());
  for (const std::string& path : options.fit.paths) {
    if (!is_moments_file(path)) continue;
    return report_error({ErrorKind::data, "is a moments file: it has been folded already",
                         "put such files together with talweg merge", path});
  }
  auto output = OutputFile::open(options.output);
  if (!output) return report_error(output.error());
  ProgressLine progress(options.progress && !options.quiet);
  FoldOptions fold;
  fold.threads = options.fit.threads;
  fold.stop = &stop;
  fold.progress = [&](std::uint64_t records) {
    progress.show([&] { return fmt::format("folding: {} rows", grouped(records)); });
  };
  const auto table =
      fold_whole_table(options.fit.paths, options.fit.table, options.fit.columns, options.first_row, fold);
  progress.clear();
  if (!table) return report_error(table.error());
  return finish(options, *output, *table);
}

int run_merge(const Options& options) {
  if (auto checked = check_output(options, options.moments); !checked) return report_error(checked.error());
  auto output = OutputFile::open(options.output);
  if (!output) return report_error(output.error());
  const auto table = load_and_merge(options.moments);
  if (!table) return report_error(table.error());
  if (!options.quiet && !table->exact) {
    complain(
        "warning: parts were folded without --first-row: the moments agree with those of the whole table to "
        "1e-13 of the columns' spreads, not to the bit");
  }
  const int code = finish(options, *output, *table);
  if (code != kSuccess || options.quiet || options.json) return code;
  const char* const verdict = table->exact ? "merged      the very bits of one pass over these rows\n"
                                           : "merged      agrees with one pass to 1e-13 of the spreads\n";
  if (auto printed = print(verdict); !printed) return report_error(printed.error());
  return kSuccess;
}

}  // namespace talweg::cli
