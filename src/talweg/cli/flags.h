// SPDX-License-Identifier: Apache-2.0
// The options as text, before they mean anything.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "talweg/cli/options.h"

namespace talweg::cli {

struct Typed {
  std::vector<std::string> data;
  std::string format, delimiter, header, decimal = ".", na;
  std::string target, features, drop, categorical, numeric, weights, missing = "error", bad_rows = "error",
                                                                     rejects;
  bool no_intercept = false;
  std::string huber_delta, quantile, loss = "mse", penalty_scale = "raw", scale = "auto", optimizer = "auto",
                                     learning_rate = "auto", start;
  std::string formula, adam_betas, restarts, notation = "text";
  std::string l1, l2, momentum, seed, epochs, tolerance, max_seconds, threads;
  std::string validation, folds, patience;
  std::string first_row;
  std::string batch_size, shuffle = "yes", storage = "double", schedule = "constant", decay, power;
  bool no_progress = false;
};

/// Declares the options of `command` on `app`.
void declare(CLI::App& app, Command command, Typed& typed, Options& options);

/// The meaning of what was typed on `app`; errors have kind usage.
Result<void> interpret(const CLI::App& app, const Typed& typed, Options& options);

/// --loss with --huber-delta and --quantile.
Result<void> interpret_loss(const CLI::App& app, const Typed& typed, FitRequest& request);

/// A list of names: one CSV record, `"price, net",size`.
Result<std::vector<std::string>> parse_names(const std::string& option, const std::string& text);

}  // namespace talweg::cli
