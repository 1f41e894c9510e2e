// SPDX-License-Identifier: Apache-2.0
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <utility>

#include "talweg/cli/explain_options.h"
#include "talweg/cli/flags.h"
#include "talweg/cli/function_options.h"

namespace talweg::cli {
namespace {

void declare_table(CLI::App& app, Typed& typed, bool moments = false) {
  const std::string tables =
      "CSV, TSV, libsvm or .npy files, taken as one table in order; - is standard input; .gz .zst .xz .bz2 "
      "too";
  app.add_option("DATA", typed.data,
                 moments ? tables + "; or moments files of talweg fold, which do without the rows" : tables)
      ->required()
      ->type_name("");
  app.add_option("--format", typed.format, "what the files are, whatever their names: csv, tsv, npy, libsvm")
      ->group("Data");
  app.add_option("--delimiter", typed.delimiter, "one character, or tab (default: found)")->group("Data");
  app.add_option("--header", typed.header, "yes or no (default: found)")->group("Data");
  app.add_option("--decimal", typed.decimal, "decimal mark: . (default) or ,")->group("Data");
  app.add_option("--na", typed.na,
                 "words that stand for a missing cell, instead of: empty, NA, NaN, nan, null, NULL")
      ->group("Data");
}

void declare_target(CLI::App& app, Typed& typed) {
  app.add_option("--target", typed.target, "the column to predict (default for libsvm: label)")
      ->group("Columns");
  app.add_option("--formula", typed.formula,
                 "instead of --target: any function, \"y = a*exp(-b*x) + c\"; names that are no column are "
                 "parameters")
      ->group("Columns");
}

void declare_columns(CLI::App& app, Typed& typed, bool folds) {
  app.add_option("--features", typed.features,
                 folds ? "the columns to fold, a later target among them (default: all)"
                       : "the columns to predict from (default: every other)")
      ->group("Columns");
  app.add_option("--drop", typed.drop, "columns to leave out")->group("Columns");
  app.add_option("--categorical", typed.categorical, "columns to take as text, one indicator a level")
      ->group("Columns");
  app.add_option("--numeric", typed.numeric, "columns to take as numbers")->group("Columns");
  app.add_option("--weights", typed.weights, "column of row weights, >= 0")->group("Columns");
  if (!folds) {
    app.add_flag("--no-intercept", typed.no_intercept, "a model through the origin")
        ->disable_flag_override()
        ->group("Columns");
  }
  app.add_option("--missing", typed.missing,
                 "missing cells: error (default), drop the row, or fill with the mean")
      ->group("Rows");
  app.add_option("--bad-rows", typed.bad_rows, "bad rows: error (default) or skip")->group("Rows");
  app.add_option("--rejects", typed.rejects, "file for the bad rows skipped")->group("Rows");
}

void declare_cost(CLI::App& app, Typed& typed) {
  app.add_option(
         "--loss", typed.loss,
         "mse (default), half-mse, sse, mae, huber, quantile, logistic, poisson, hinge or squared-hinge")
      ->group("Cost");
  app.add_option("--huber-delta", typed.huber_delta, "the residual from which on huber is linear (1)")
      ->group("Cost");
  app.add_option("--quantile", typed.quantile, "which quantile of the target quantile predicts (0.5)")
      ->group("Cost");
  app.add_option("--l1", typed.l1, "lasso penalty: cost + l1 * sum of |w|, the intercept not penalised")
      ->group("Cost");
  app.add_option("--l2", typed.l2, "ridge penalty: cost + l2/2 * sum of w^2, the intercept not penalised")
      ->group("Cost");
  app.add_option("--penalty-scale", typed.penalty_scale,
                 "raw (default), or standard: w times its column's standard deviation")
      ->group("Cost");
  app.add_option("--scale", typed.scale,
                 "coordinates of the descent: auto (default), none, standard; never changes the objective")
      ->group("Cost");
}

void declare_descent(CLI::App& app, Typed& typed, bool runs) {
  app.add_option(
         "--optimizer", typed.optimizer,
         "auto (default), gd, momentum, nesterov, adagrad, rmsprop, adam, adamw, cg, lbfgs, lm, newton")
      ->group("Descent");
  app.add_option("--momentum", typed.momentum, "of momentum and nesterov, in [0, 1) (default 0.9)")
      ->group("Descent");
  app.add_option("--adam-betas", typed.adam_betas, "adam's two memories, B1,B2 in [0, 1) (default 0.9,0.999)")
      ->group("Descent");
  app.add_option("--learning-rate", typed.learning_rate,
                 "auto (default) or the factor on the gradient of the cost")
      ->group("Descent");
  app.add_option(
         "--schedule", typed.schedule,
         "of the learning rate over the epochs: constant (default), inverse, step, exponential, cosine")
      ->group("Descent");
  app.add_option("--decay", typed.decay,
                 "how fast it falls: inverse (1), step: the factor every 10 epochs (0.5), exponential (0.1)")
      ->group("Descent");
  app.add_option("--power", typed.power, "of inverse: rate / (1 + decay * epochs)^power (1)")
      ->group("Descent");
  app.add_option("--batch-size", typed.batch_size,
                 "rows a step: full (default), 1 for stochastic descent, or any number between")
      ->group("Descent");
  app.add_option("--shuffle", typed.shuffle, "the order of the rows anew for each epoch: yes (default) or no")
      ->group("Descent");
  app.add_option("--storage", typed.storage,
                 "of the rows of a linear model where they are kept in memory: double (default), or float: "
                 "half the memory, and cells to about 7 digits of their distance from the column's middle")
      ->group("Descent");
  app.add_option("--start", typed.start,
                 "zeros (default), ones (default of a formula not linear in its parameters), random, "
                 "a=0.2,intercept=0.5, "
                 "or a model file")
      ->group("Descent");
  if (runs) {
    app.add_option("--restarts", typed.restarts,
                   "so many more runs from random starts; the valleys found are listed, the lowest is kept")
        ->group("Descent");
  }
  app.add_option("--seed", typed.seed,
                 "of --start random, --restarts, --shuffle, --validation and --folds (default 1)")
      ->group("Descent");
  app.add_option("--epochs", typed.epochs,
                 "most epochs (default 10,000,000, over rows 10,000); without --tolerance exactly so many")
      ->group("Descent");
  app.add_option("--tolerance", typed.tolerance,
                 "done when cost - lowest cost has shrunk by its square (default 1e-12); over rows: when the "
                 "gradient "
                 "has shrunk by it (default 1e-8)")
      ->group("Descent");
  if (runs)
    app.add_option("--max-seconds", typed.max_seconds, "stop descending after so long")->group("Descent");
}

void declare_validation(CLI::App& app, Typed& typed) {
  app.add_option("--validation", typed.validation,
                 "hold so large a share of the rows out; their cost is shown for every epoch")
      ->group("Validation");
  app.add_option(
         "--patience", typed.patience,
         "with --validation: stop after so many epochs without a lower cost there, and keep the best epoch")
      ->group("Validation");
  app.add_option(
         "--folds", typed.folds,
         "so many fits, each judged by a part of the rows that it has not seen; then the fit of all rows")
      ->group("Validation");
}

void declare_output(CLI::App& app, Command command, Typed& typed, Options& options) {
  const bool runs = command == Command::fit;
  if (runs) {
    app.add_option("-o,--output", options.output, "write the model (JSON)")->group("Output");
    app.add_option("--trace", options.trace, "write every epoch (CSV)")->group("Output");
    app.add_option("--report", options.report,
                   "write a page with plots and a slider that replays the descent (HTML)")
        ->group("Output");
    app.add_option(
           "--plot", options.plot,
           "write four plots on one sheet, and each alone beside it (.svg, .png or .pdf; needs gnuplot)")
        ->group("Output");
  }
  if (command == Command::predict) {
    app.add_option("-o,--output", options.output, "write the predictions here (default: standard output)")
        ->group("Output");
    app.add_flag("--raw", options.predict.raw,
                 "the linear predictor itself (logistic: the log odds; poisson: the logarithm of the mean)");
    app.add_flag("--append", options.predict.append,
                 "the rows as they stand, with the prediction as last column")
        ->disable_flag_override()
        ->group("Output");
    return;
  }
  app.add_flag("--json", options.json, "the result as JSON instead of text")
      ->disable_flag_override()
      ->group("Output");
  if (command == Command::fit || command == Command::forecast) {
    app.add_option("--threads", typed.threads, "threads (default: one a core); never changes the result")
        ->group("Output");
    app.add_flag("--quiet", options.quiet, "print nothing but the result asked for (--json) and errors")
        ->disable_flag_override()
        ->group("Output");
    app.add_flag("--verbose", options.verbose,
                 runs ? "add the ingest audit and the epoch table" : "add the ingest audit")
        ->disable_flag_override()
        ->group("Output");
    app.add_flag("--no-progress", typed.no_progress, "no progress line on a terminal")
        ->disable_flag_override()
        ->group("Output");
  }
  app.add_option("--color", options.color, "auto (default), always or never; NO_COLOR is honoured")
      ->group("Output");
}

// What the help shows behind an option.
void name_types(CLI::App& app) {
  constexpr auto kTypes = std::to_array<std::pair<const char*, const char*>>({
      {"--format", "csv|tsv|npy|libsvm"},
      {"--delimiter", "CHARACTER"},
      {"--header", "yes|no"},
      {"--decimal", ".|,"},
      {"--na", "WORDS"},
      {"--target", "COLUMN"},
      {"--formula", "FORMULA"},
      {"--adam-betas", "B1,B2"},
      {"--restarts", "N"},
      {"--features", "COLUMNS"},
      {"--drop", "COLUMNS"},
      {"--categorical", "COLUMNS"},
      {"--numeric", "COLUMNS"},
      {"--weights", "COLUMN"},
      {"--missing", "error|drop|mean"},
      {"--bad-rows", "error|skip"},
      {"--rejects", "FILE"},
      {"--loss", "LOSS"},
      {"--huber-delta", "D"},
      {"--quantile", "Q"},
      {"--l1", "NUMBER"},
      {"--l2", "NUMBER"},
      {"--penalty-scale", "raw|standard"},
      {"--scale", "auto|none|standard"},
      {"--optimizer", "METHOD"},
      {"--momentum", "NUMBER"},
      {"--learning-rate", "auto|RATE"},
      {"--schedule", "SCHEDULE"},
      {"--decay", "NUMBER"},
      {"--power", "NUMBER"},
      {"--batch-size", "full|N"},
      {"--shuffle", "yes|no"},
      {"--storage", "double|float"},
      {"--start", "START"},
      {"--seed", "N"},
      {"--epochs", "N"},
      {"--tolerance", "NUMBER"},
      {"--max-seconds", "SECONDS"},
      {"--output", "FILE"},
      {"--trace", "FILE"},
      {"--report", "FILE"},
      {"--plot", "FILE"},
      {"--threads", "N"},
      {"--color", "auto|always|never"},
      {"--first-row", "K"},
      {"--validation", "SHARE"},
      {"--patience", "N"},
      {"--folds", "K"},
      {"DATA", ""},
  });
  for (const auto& [name, type] : kTypes) {
    if (CLI::Option* option = app.get_option_no_throw(name)) option->type_name(type);
  }
}

}  // namespace

namespace {

// fold and merge.
void declare_moments(CLI::App& app, Command command, Typed& typed, Options& options) {
  if (command == Command::fold) {
    declare_table(app, typed);
    declare_columns(app, typed, true);
    app.add_option(
           "--first-row", typed.first_row,
           "number of the part's first record in the whole table, a multiple of 256: merged parts then "
           "give the bits of the whole")
        ->group("Rows");
  } else {
    app.add_option("MOMENTS", options.moments, "moments files written by talweg fold or merge")
        ->required()
        ->type_name("");
  }
  app.add_option("-o,--output", options.output, "the moments file to write")->required()->group("Output");
  app.add_flag("--json", options.json, "the result as JSON instead of text")
      ->disable_flag_override()
      ->group("Output");
  app.add_flag("--quiet", options.quiet, "print nothing but the result asked for (--json) and errors")
      ->disable_flag_override()
      ->group("Output");
  if (command == Command::fold) {
    app.add_option("--threads", typed.threads, "threads (default: one a core); never changes the result")
        ->group("Output");
    app.add_flag("--no-progress", typed.no_progress, "no progress line on a terminal")
        ->disable_flag_override()
        ->group("Output");
  }
  app.add_option("--color", options.color, "auto (default), always or never; NO_COLOR is honoured")
      ->group("Output");
}

}  // namespace

void declare(CLI::App& app, Command command, Typed& typed, Options& options) {
  if (command == Command::minimize) return declare_minimize(app, typed, options);
  if (command == Command::fold || command == Command::merge) {
    declare_moments(app, command, typed, options);
    return name_types(app);
  }
  if (command == Command::explain) {
    declare_table(app, typed);
    declare_explain(app, typed, options);
    return name_types(app);
  }
  if (command == Command::predict || command == Command::evaluate) {
    app.add_option("MODEL", options.model, "model file written by talweg fit -o")->required()->type_name("");
  }
  if (command == Command::show) {
    app.add_option("MODEL", options.model,
                   "model file written by talweg fit -o, or moments file of fold or merge")
        ->required()
        ->type_name("");
  }
  if (command != Command::show)
    declare_table(app, typed, command == Command::fit || command == Command::forecast);
  if (command == Command::fit || command == Command::forecast) {
    declare_target(app, typed);
    declare_columns(app, typed, false);
    declare_cost(app, typed);
    declare_descent(app, typed, command == Command::fit);
    if (command == Command::fit) declare_validation(app, typed);
  }
  declare_output(app, command, typed, options);
  name_types(app);
}

}  // namespace talweg::cli
