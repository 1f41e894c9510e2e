// SPDX-License-Identifier: Apache-2.0
// The command line as typed -> what it means. Every option is declared once, with its help; an option that
// the chosen command, method or cost would not use is a usage error, never accepted and ignored.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "talweg/formula/explain.h"
#include "talweg/model/function_run.h"
#include "talweg/model/predict.h"
#include "talweg/model/request.h"

namespace talweg::cli {

enum class Command { none, fit, forecast, predict, evaluate, show, explain, minimize, fold, merge };

struct ExplainOptions {
  std::vector<std::string> columns;  ///< names that are columns where there are no data
  Notation notation = Notation::text;
};

struct Options {
  Command command = Command::none;
  FitRequest fit;            ///< of fit and forecast; of fold its paths, table, columns and threads
  ExplainOptions explain;    ///< of explain, beside fit
  FunctionRequest function;  ///< of minimize
  PredictRequest predict;    ///< of predict and evaluate
  std::optional<std::uint64_t> first_row;  ///< of fold
  std::vector<std::string> moments;        ///< of merge
  std::string model;                       ///< of predict, evaluate, show
  std::string start_model;                 ///< --start model.json
  std::string output;                      ///< -o
  std::string trace;
  std::string report;                  ///< --report
  std::string plot;                    ///< --plot
  std::vector<std::string> arguments;  ///< the command line as it was typed
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool progress = true;
  std::string color = "auto";
  std::string answer;  ///< help or version: to be printed, nothing to be done
};

/// Errors have kind usage.
Result<Options> parse_options(const std::vector<std::string>& arguments);

}  // namespace talweg::cli
