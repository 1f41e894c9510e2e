// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/cli/explain_options.h"
#include "talweg/cli/flags.h"
#include "talweg/cli/function_options.h"
#include "talweg/cli/words.h"
#include "talweg/data/column_roles.h"
#include "talweg/data/csv_scanner.h"
#include "talweg/model/folded_table.h"

namespace talweg::cli {
namespace {

using words::choose;
using words::count;
using words::given;
using words::number;

Result<void> usage(std::string what, std::string remedy) {
  return fail(ErrorKind::usage, std::move(what), std::move(remedy));
}

// The one format that all files have by their names or by --format, where there is one.
std::optional<TableFormat> format_of_all(const std::vector<std::string>& paths, const TableOptions& table) {
  if (table.format != TableFormat::automatic) return table.format;
  std::optional<TableFormat> out;
  for (const std::string& path : paths) {
    const TableFormat format = format_of_name(path);
    if (out && *out != format) return std::nullopt;
    out = format;
  }
  return out;
}

Result<void> interpret_table(const CLI::App& app, const Typed& typed, std::vector<std::string>& paths,
                             TableOptions& table, std::optional<std::vector<std::string>>& missing_words) {
  paths = typed.data;
  if (std::count(paths.begin(), paths.end(), "-") > 1) {
    return usage("standard input (-) is given twice", "it can be read once");
  }
  if (given(app, "--format")) {
    const auto format = choose<TableFormat>("--format", typed.format,
                                            {{"csv", TableFormat::csv},
                                             {"tsv", TableFormat::tsv},
                                             {"npy", TableFormat::npy},
                                             {"libsvm", TableFormat::libsvm}});
    if (!format) return fail(format.error());
    table.format = *format;
  }
  if (given(app, "--delimiter")) {
    const std::string text = typed.delimiter == "tab" || typed.delimiter == "\\t" ? "\t" : typed.delimiter;
    const bool usable = text.size() == 1 && text != "\"" && text != "\n" && text != "\r" && text != ".";
    if (!usable)
      return usage(fmt::format("--delimiter {} cannot separate fields", in_quotes(text)),
                   "give one character, or tab");
    table.delimiter = text[0];
  }
  if (given(app, "--header")) {
    const auto header = choose<bool>("--header", typed.header, {{"yes", true}, {"no", false}});
    if (!header) return fail(header.error());
    table.header = *header;
  }
  const auto decimal = choose<char>("--decimal", typed.decimal, {{".", '.'}, {",", ','}});
  if (!decimal) return fail(decimal.error());
  table.decimal = *decimal;
  if (table.decimal == table.delimiter) {
    return usage("--decimal and --delimiter are the same character", "such a table cannot be read");
  }
  if (given(app, "--na")) {
    auto words = parse_names("--na", typed.na);
    if (!words) return fail(words.error());
    missing_words = *words;
  }
  const std::optional<TableFormat> format = format_of_all(paths, table);
  for (const char* option : {"--delimiter", "--header", "--decimal", "--na", "--missing"}) {
    if (!given(app, option)) continue;
    const bool libsvm = format == TableFormat::libsvm;
    if (libsvm || (format == TableFormat::npy && std::string_view(option) != "--missing")) {
      return usage(
          fmt::format("{} does nothing for {}", option,
                      !libsvm                                   ? ".npy files"
                      : std::string_view(option) == "--missing" ? "libsvm text, in which an absent index is 0"
                                                                : "libsvm text"),
          "leave it out");
    }
  }
  return {};
}

Result<void> interpret_target(const CLI::App& app, const Typed& typed, FitRequest& request) {
  const bool has_label = format_of_all(request.paths, request.table) == TableFormat::libsvm;
  if (!given(app, "--target") && !given(app, "--formula") && !has_label) {
    return usage("it is not said what to predict", "give --target COLUMN, or --formula \"y = a*x + b\"");
  }
  if (given(app, "--formula")) {
    request.formula = typed.formula;
    if (typed.formula.empty()) return usage("--formula is empty", "write it like --formula \"y = a*x + b\"");
    for (const char* option :
         {"--features", "--drop", "--categorical", "--no-intercept", "--penalty-scale"}) {
      if (given(app, option))
        return usage(fmt::format("{} does nothing for a formula, which says itself what is used", option),
                     "leave it out");
    }
  }
  request.columns.target = typed.target;
  if (has_label && !given(app, "--target") && !given(app, "--formula")) request.columns.target = kLibsvmLabel;
  request.intercept = !typed.no_intercept;
  return {};
}

Result<void> interpret_columns(const CLI::App& app, const Typed& typed, FitRequest& request) {
  ColumnRequest& columns = request.columns;
  columns.weights = typed.weights;
  if (given(app, "--features")) {
    auto names = parse_names("--features", typed.features);
    if (!names) return fail(names.error());
    columns.features = *names;
  }
  const std::vector<std::pair<const char*, std::pair<const std::string*, std::vector<std::string>*>>> lists =
      {{"--drop", {&typed.drop, &columns.drop}},
       {"--categorical", {&typed.categorical, &columns.categorical}},
       {"--numeric", {&typed.numeric, &columns.numeric}}};
  for (const auto& [option, list] : lists) {
    if (!given(app, option)) continue;
    auto names = parse_names(option, *list.first);
    if (!names) return fail(names.error());
    *list.second = *names;
  }
  const auto missing = choose<MissingPolicy>(
      "--missing", typed.missing,
      {{"error", MissingPolicy::error}, {"drop", MissingPolicy::drop}, {"mean", MissingPolicy::mean}});
  if (!missing) return fail(missing.error());
  columns.missing = *missing;
  const auto bad = choose<BadRowPolicy>("--bad-rows", typed.bad_rows,
                                        {{"error", BadRowPolicy::error}, {"skip", BadRowPolicy::skip}});
  if (!bad) return fail(bad.error());
  columns.bad_rows = *bad;
  columns.rejects = typed.rejects;
  if (given(app, "--rejects") && columns.bad_rows == BadRowPolicy::error) {
    return usage("--rejects does nothing unless bad rows are skipped", "add --bad-rows skip");
  }
  return {};
}

Result<void> interpret_cost(const CLI::App& app, const Typed& typed, FitRequest& request) {
  if (auto read = interpret_loss(app, typed, request); !read) return read;
  if (given(app, "--l1")) {
    const auto l1 = number("--l1", typed.l1);
    if (!l1) return fail(l1.error());
    request.l1 = *l1;
  }
  if (given(app, "--l2")) {
    const auto l2 = number("--l2", typed.l2);
    if (!l2) return fail(l2.error());
    request.l2 = *l2;
  }
  const auto penalty =
      choose<bool>("--penalty-scale", typed.penalty_scale, {{"raw", false}, {"standard", true}});
  if (!penalty) return fail(penalty.error());
  request.penalty_on_standard_scale = *penalty;
  if (given(app, "--penalty-scale") && !(request.l1 > 0) && !(request.l2 > 0)) {
    return usage("--penalty-scale does nothing without a penalty", "add --l1 or --l2 with a number above 0");
  }
  const auto scale = choose<ScaleChoice>(
      "--scale", typed.scale,
      {{"auto", ScaleChoice::automatic}, {"none", ScaleChoice::none}, {"standard", ScaleChoice::standard}});
  if (!scale) return fail(scale.error());
  request.scale = *scale;
  return {};
}

// zeros, ones, random, a list of name=value, or a model file.
Result<void> interpret_start(const CLI::App& app, const Typed& typed, Options& options) {
  FitRequest& request = options.fit;
  const std::string& text = typed.start;
  if (!given(app, "--start")) return {};
  if (text == "zeros" || text == "ones" || text == "random") {
    request.start = text == "zeros" ? StartKind::zeros : text == "ones" ? StartKind::ones : StartKind::random;
    return {};
  }
  request.start = StartKind::values;
  auto entries = parse_names("--start", text);
  if (!entries) return fail(entries.error());
  for (const std::string& entry : *entries) {
    const std::size_t equals = entry.rfind('=');
    if (equals == std::string::npos && entries->size() == 1) {
      options.start_model = entry;
      return {};
    }
    const auto value = number("--start", equals == std::string::npos ? "" : entry.substr(equals + 1));
    if (!value) {
      return usage(fmt::format("--start {} is neither zeros, ones, random, name=number nor a model file",
                               in_quotes(entry)),
                   "write --start a=0.2,intercept=0.5");
    }
    const std::string name = entry.substr(0, equals);
    if (name.empty())
      return usage(fmt::format("--start {} names no parameter", in_quotes(entry)),
                   "write --start a=0.2,intercept=0.5");
    for (const auto& [other, ignored] : request.start_values) {
      if (other == name)
        return usage(fmt::format("--start names {} twice", in_quotes(name)), "give each parameter one value");
    }
    request.start_values.emplace_back(name, *value);
  }
  return {};
}

// Batches, their order, and the schedule of the rate.
Result<void> interpret_batches(const CLI::App& app, const Typed& typed, FitRequest& request) {
  if (given(app, "--batch-size") && typed.batch_size != "full") {
    const auto size = count("--batch-size", typed.batch_size);
    if (!size) return fail(size.error());
    request.batch_size = *size;
  }
  const auto shuffle = choose<bool>("--shuffle", typed.shuffle, {{"yes", true}, {"no", false}});
  if (!shuffle) return fail(shuffle.error());
  request.shuffle = *shuffle;
  if (given(app, "--shuffle") && !request.batch_size)
    return usage("--shuffle does nothing where each step sees all rows", "add --batch-size with a number");
  const auto storage = choose<CellType>("--storage", typed.storage,
                                        {{"double", CellType::doubles}, {"float", CellType::floats}});
  if (!storage) return fail(storage.error());
  request.storage = *storage;
  if (given(app, "--storage")) {
    if (auto checked = check_storage(request); !checked) return checked;
  }
  const auto schedule = choose<ScheduleKind>("--schedule", typed.schedule,
                                             {{"constant", ScheduleKind::constant},
                                              {"inverse", ScheduleKind::inverse},
                                              {"step", ScheduleKind::step},
                                              {"exponential", ScheduleKind::exponential},
                                              {"cosine", ScheduleKind::cosine}});
  if (!schedule) return fail(schedule.error());
  if (given(app, "--schedule") && !request.learning_rate)
    return usage(fmt::format("--schedule {} needs a rate to begin with", typed.schedule),
                 "give --learning-rate");
  request.schedule.kind = *schedule;
  request.schedule.decay = usual_decay(*schedule);
  if (given(app, "--decay")) {
    if (*schedule == ScheduleKind::constant || *schedule == ScheduleKind::cosine)
      return usage(fmt::format("--decay does nothing for --schedule {}", typed.schedule),
                   "add --schedule inverse, step or exponential");
    const auto decay = number("--decay", typed.decay);
    if (!decay) return fail(decay.error());
    request.schedule.decay = *decay;
  }
  if (given(app, "--power")) {
    if (*schedule != ScheduleKind::inverse)
      return usage(fmt::format("--power does nothing for --schedule {}", typed.schedule),
                   "add --schedule inverse");
    const auto power = number("--power", typed.power);
    if (!power) return fail(power.error());
    request.schedule.power = *power;
  }
  return {};
}

Result<void> interpret_validation(const CLI::App& app, const Typed& typed, FitRequest& request) {
  if (given(app, "--validation")) {
    const auto share = number("--validation", typed.validation);
    if (!share) return fail(share.error());
    request.validation = *share;
  }
  if (given(app, "--folds")) {
    const auto folds = count("--folds", typed.folds);
    if (!folds) return fail(folds.error());
    if (*folds == 0) return usage("--folds 0 is no number of parts", "5 or 10 are usual");
    request.folds = *folds;
  }
  if (given(app, "--patience")) {
    const auto patience = count("--patience", typed.patience);
    if (!patience) return fail(patience.error());
    request.patience = *patience;
  }
  return {};
}

Result<void> interpret_descent(const CLI::App& app, const Typed& typed, Options& options) {
  FitRequest& request = options.fit;
  const auto optimizer = choose<std::optional<Optimizer>>("--optimizer", typed.optimizer,
                                                          {{"auto", std::nullopt},
                                                           {"gd", Optimizer::gd},
                                                           {"momentum", Optimizer::momentum},
                                                           {"nesterov", Optimizer::nesterov},
                                                           {"adam", Optimizer::adam},
                                                           {"cg", Optimizer::cg},
                                                           {"lbfgs", Optimizer::lbfgs},
                                                           {"lm", Optimizer::lm},
                                                           {"newton", Optimizer::newton},
                                                           {"adagrad", Optimizer::adagrad},
                                                           {"rmsprop", Optimizer::rmsprop},
                                                           {"adamw", Optimizer::adamw}});
  if (!optimizer) return fail(optimizer.error());
  request.optimizer = *optimizer;
  const auto read_number = [&](const char* option, const std::string& text, auto& into) -> Result<void> {
    if (!given(app, option)) return {};
    const auto value = number(option, text);
    if (!value) return fail(value.error());
    into = *value;
    return {};
  };
  if (typed.learning_rate != "auto") {
    if (auto read = read_number("--learning-rate", typed.learning_rate, request.learning_rate); !read)
      return read;
  }
  if (auto read = read_number("--momentum", typed.momentum, request.momentum); !read) return read;
  if (auto read = read_number("--tolerance", typed.tolerance, request.tolerance); !read) return read;
  if (auto read = read_number("--max-seconds", typed.max_seconds, request.max_seconds); !read) return read;
  if (given(app, "--epochs")) {
    const auto epochs = count("--epochs", typed.epochs);
    if (!epochs) return fail(epochs.error());
    request.epochs = *epochs;
  }
  if (auto read = interpret_batches(app, typed, request); !read) return read;
  const bool has_momentum =
      request.optimizer == Optimizer::momentum || request.optimizer == Optimizer::nesterov;
  if (given(app, "--momentum") && !has_momentum) {
    return usage(fmt::format("--momentum does nothing for --optimizer {}", typed.optimizer),
                 "add --optimizer momentum or --optimizer nesterov");
  }
  if (given(app, "--adam-betas")) {
    if (request.optimizer != Optimizer::adam && request.optimizer != Optimizer::adamw)
      return usage(fmt::format("--adam-betas does nothing for --optimizer {}", typed.optimizer),
                   "add --optimizer adam or adamw");
    const auto betas = parse_names("--adam-betas", typed.adam_betas);
    if (!betas) return fail(betas.error());
    if (betas->size() != 2)
      return usage(fmt::format("--adam-betas {} are not two numbers", in_quotes(typed.adam_betas)),
                   "0.9,0.999 is usual");
    for (std::size_t k = 0; k < 2; ++k) {
      const auto value = number("--adam-betas", (*betas)[k]);
      if (!value) return fail(value.error());
      (k == 0 ? request.adam_first : request.adam_second) = *value;
    }
  }
  if (given(app, "--restarts")) {
    const auto restarts = count("--restarts", typed.restarts);
    if (!restarts) return fail(restarts.error());
    constexpr std::uint64_t kMostRestarts = 100'000;
    if (*restarts == 0 || *restarts > kMostRestarts)
      return usage(fmt::format("--restarts {} is not a number from 1 to {}", typed.restarts, kMostRestarts),
                   "20 is a beginning");
    request.restarts = *restarts;
  }
  if (auto start = interpret_start(app, typed, options); !start) return start;
  if (options.command == Command::fit) {
    if (auto read = interpret_validation(app, typed, request); !read) return read;
  }
  if (given(app, "--seed")) {
    const auto seed = count("--seed", typed.seed);
    if (!seed) return fail(seed.error());
    request.seed = *seed;
    const bool shuffled = request.batch_size && request.shuffle;
    const bool held_out = request.validation || request.folds > 0;
    if (request.start != StartKind::random && request.restarts == 0 && !shuffled && !held_out) {
      return usage(
          "--seed does nothing unless the start is random, batches are shuffled or rows are held out",
          "add --start random, --batch-size, --validation, --folds, or --restarts for a formula");
    }
  }
  return {};
}

Result<void> interpret_threads(const CLI::App& app, const Typed& typed, FitRequest& request) {
  if (given(app, "--threads")) {
    constexpr std::uint64_t kMostThreads = 1024;
    const auto threads = count("--threads", typed.threads);
    if (!threads || *threads == 0 || *threads > kMostThreads) {
      return usage(
          fmt::format("--threads {} is not a number from 1 to {}", in_quotes(typed.threads), kMostThreads),
          "leave it out for one a core");
    }
    request.threads = static_cast<unsigned>(*threads);
  }
  return {};
}

Result<void> interpret_fold(const CLI::App& app, const Typed& typed, Options& options) {
  if (auto read = interpret_columns(app, typed, options.fit); !read) return read;
  if (given(app, "--first-row")) {
    const auto first = count("--first-row", typed.first_row);
    if (!first) return fail(first.error());
    if (auto checked = check_first_row(*first); !checked) return checked;
    options.first_row = *first;
  }
  options.progress = !typed.no_progress;
  if (auto read = interpret_threads(app, typed, options.fit); !read) return read;
  return check_request(options.fit.columns);
}

}  // namespace

Result<void> interpret_loss(const CLI::App& app, const Typed& typed, FitRequest& request) {
  const auto loss = choose<CostKind>("--loss", typed.loss,
                                     {{"mse", CostKind::mse},
                                      {"half-mse", CostKind::half_mse},
                                      {"sse", CostKind::sse},
                                      {"mae", CostKind::mae},
                                      {"huber", CostKind::huber},
                                      {"quantile", CostKind::quantile},
                                      {"hinge", CostKind::hinge},
                                      {"logistic", CostKind::logistic},
                                      {"poisson", CostKind::poisson},
                                      {"squared-hinge", CostKind::squared_hinge}});
  if (!loss) return fail(loss.error());
  request.cost = *loss;
  request.columns.classes = is_classification(*loss);
  if (given(app, "--huber-delta")) {
    if (request.cost != CostKind::huber) {
      return usage(fmt::format("--huber-delta does nothing for --loss {}", typed.loss), "add --loss huber");
    }
    const auto delta = number("--huber-delta", typed.huber_delta);
    if (!delta) return fail(delta.error());
    request.huber_delta = *delta;
  }
  if (given(app, "--quantile")) {
    if (request.cost != CostKind::quantile) {
      return usage(fmt::format("--quantile does nothing for --loss {}", typed.loss), "add --loss quantile");
    }
    const auto quantile = number("--quantile", typed.quantile);
    if (!quantile) return fail(quantile.error());
    request.quantile = *quantile;
  }
  return {};
}

Result<std::vector<std::string>> parse_names(const std::string& option, const std::string& text) {
  std::vector<std::string> names;
  if (text.empty()) return names;
  auto bytes = memory_bytes(text, option);
  if (!bytes) return fail(bytes.error());
  CsvScanner scanner(std::move(*bytes), option, ',', true);
  CsvRecord record;
  const auto more = scanner.next(record);
  if (!more || !*more || record.bad) {
    return fail(ErrorKind::usage, fmt::format("{} {} is not a list of names", option, in_quotes(text)),
                "write names with commas between them, and a name that holds a comma in double quotes");
  }
  for (std::string_view field : record.fields) {
    // Column names have no blanks around them; the words for a missing cell are kept byte for byte.
    while (option != "--na" && !field.empty() && field.front() == ' ') field.remove_prefix(1);
    while (option != "--na" && !field.empty() && field.back() == ' ') field.remove_suffix(1);
    names.emplace_back(field);
  }
  return names;
}

Result<void> interpret(const CLI::App& app, const Typed& typed, Options& options) {
  if (options.command == Command::show || options.command == Command::merge) return {};
  if (options.command == Command::minimize) return interpret_minimize(app, typed, options);
  if (options.command == Command::predict || options.command == Command::evaluate) {
    return interpret_table(app, typed, options.predict.paths, options.predict.table,
                           options.predict.missing_words);
  }
  std::optional<std::vector<std::string>> missing_words;
  FitRequest& request = options.fit;
  if (options.command == Command::explain && typed.data.empty())
    return interpret_explain(app, typed, options);
  if (auto read = interpret_table(app, typed, request.paths, request.table, missing_words); !read)
    return read;
  if (missing_words) request.columns.missing_words = *missing_words;
  if (options.command == Command::explain) return interpret_explain(app, typed, options);
  if (options.command == Command::fold) return interpret_fold(app, typed, options);
  if (auto read = interpret_target(app, typed, request); !read) return read;
  if (auto read = interpret_columns(app, typed, request); !read) return read;
  if (auto read = interpret_cost(app, typed, request); !read) return read;
  if (auto read = interpret_descent(app, typed, options); !read) return read;
  if (auto read = interpret_threads(app, typed, request); !read) return read;
  options.progress = !typed.no_progress;
  if (options.quiet && options.verbose)
    return usage("--quiet and --verbose contradict each other", "leave one out");
  return check_request(request);
}

}  // namespace talweg::cli
