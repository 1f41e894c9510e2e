// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/function_options.h"

#include <fmt/format.h>

#include "talweg/cli/words.h"

namespace talweg::cli {
namespace {

using words::choose;
using words::count;
using words::given;
using words::number;

template <class Into>
Result<void> read_number(const CLI::App& app, const char* option, const std::string& text, Into& into) {
  if (!given(app, option)) return {};
  const auto value = number(option, text);
  if (!value) return fail(value.error());
  into = *value;
  return {};
}

}  // namespace

Result<void> read_start(const std::string& text, StartKind& kind,
                        std::vector<std::pair<std::string, double>>& values) {
  if (text == "zeros" || text == "ones" || text == "random") {
    kind = text == "zeros" ? StartKind::zeros : text == "ones" ? StartKind::ones : StartKind::random;
    return {};
  }
  const auto entries = parse_names("--start", text);
  if (!entries) return fail(entries.error());
  for (const std::string& entry : *entries) {
    const std::size_t equals = entry.rfind('=');
    const std::string name = equals == std::string::npos ? "" : entry.substr(0, equals);
    const auto value = number("--start", equals == std::string::npos ? "" : entry.substr(equals + 1));
    if (name.empty() || !value) {
      return fail(ErrorKind::usage,
                  fmt::format("--start {} is neither zeros, ones, random nor name=number", in_quotes(entry)),
                  "write --start x=6, or --start x=1,y=2");
    }
    for (const auto& [other, ignored] : values) {
      if (other == name) {
        return fail(ErrorKind::usage, fmt::format("--start names {} twice", in_quotes(name)),
                    "give each name one value");
      }
    }
    values.emplace_back(name, *value);
  }
  return {};
}

void declare_minimize(CLI::App& app, Typed& typed, Options& options) {
  const auto option = [&](const char* name, std::string& into, const char* type, const char* help,
                          const char* group) {
    app.add_option(name, into, help)->type_name(type)->group(group);
  };
  app.add_option("FUNCTION", options.function.text,
                 "a function of one or more variables, like \"x^4 - 3*x^3 + 2\"")
      ->required()
      ->type_name("");
  option("--start", typed.start, "START", "x=6 or x=1,y=2 (others at 1), zeros, ones (default), random",
         "Descent");
  option("--seed", typed.seed, "N", "of --start random (default 1)", "Descent");
  option(
      "--optimizer", typed.optimizer, "METHOD",
      "auto (default: gd with a learning rate given, else lbfgs), gd, momentum, nesterov, adagrad, rmsprop, "
      "adam, adamw, cg, lbfgs",
      "Descent");
  option("--momentum", typed.momentum, "NUMBER", "of momentum and nesterov, in [0, 1) (default 0.9)",
         "Descent");
  option("--adam-betas", typed.adam_betas, "B1,B2", "of adam, in [0, 1) (default 0.9,0.999)", "Descent");
  option("--learning-rate", typed.learning_rate, "auto|RATE",
         "auto (default: found on the way) or the factor on the gradient", "Descent");
  option("--epochs", typed.epochs, "N", "most epochs (default 10,000); without --tolerance exactly so many",
         "Descent");
  option("--tolerance", typed.tolerance, "NUMBER",
         "done when the gradient's norm has shrunk by it (default 1e-8)", "Descent");
  option("--max-seconds", typed.max_seconds, "SECONDS", "stop descending after so long", "Descent");
  app.add_option("--trace", options.trace, "write every epoch (CSV)")->type_name("FILE")->group("Output");
  app.add_flag("--json", options.json, "the result as JSON instead of text")
      ->disable_flag_override()
      ->group("Output");
  app.add_flag("--quiet", options.quiet, "print nothing but the result asked for (--json) and errors")
      ->disable_flag_override()
      ->group("Output");
  app.add_flag("--verbose", options.verbose, "add the epoch table")->disable_flag_override()->group("Output");
  app.add_flag("--no-progress", typed.no_progress, "no progress line on a terminal")
      ->disable_flag_override()
      ->group("Output");
  app.add_option("--color", options.color, "auto (default), always or never; NO_COLOR is honoured")
      ->type_name("auto|always|never")
      ->group("Output");
}

Result<void> interpret_minimize(const CLI::App& app, const Typed& typed, Options& options) {
  FunctionRequest& request = options.function;
  const auto optimizer = choose<std::optional<Optimizer>>("--optimizer", typed.optimizer,
                                                          {{"auto", std::nullopt},
                                                           {"gd", Optimizer::gd},
                                                           {"momentum", Optimizer::momentum},
                                                           {"nesterov", Optimizer::nesterov},
                                                           {"adam", Optimizer::adam},
                                                           {"cg", Optimizer::cg},
                                                           {"lbfgs", Optimizer::lbfgs},
                                                           {"adagrad", Optimizer::adagrad},
                                                           {"rmsprop", Optimizer::rmsprop},
                                                           {"adamw", Optimizer::adamw}});
  if (!optimizer) return fail(optimizer.error());
  request.optimizer = *optimizer;
  if (typed.learning_rate != "auto") {
    if (auto read = read_number(app, "--learning-rate", typed.learning_rate, request.learning_rate); !read)
      return read;
  }
  if (auto read = read_number(app, "--momentum", typed.momentum, request.momentum); !read) return read;
  if (auto read = read_number(app, "--tolerance", typed.tolerance, request.tolerance); !read) return read;
  if (auto read = read_number(app, "--max-seconds", typed.max_seconds, request.max_seconds); !read)
    return read;
  if (given(app, "--adam-betas")) {
    const auto betas = parse_names("--adam-betas", typed.adam_betas);
    if (!betas || betas->size() != 2) {
      return fail(ErrorKind::usage,
                  fmt::format("--adam-betas {} is not two numbers", in_quotes(typed.adam_betas)),
                  "write --adam-betas 0.9,0.999");
    }
    const auto first = number("--adam-betas", (*betas)[0]);
    const auto second = number("--adam-betas", (*betas)[1]);
    if (!first) return fail(first.error());
    if (!second) return fail(second.error());
    request.adam_first = *first;
    request.adam_second = *second;
  }
  const bool has_momentum =
      request.optimizer == Optimizer::momentum || request.optimizer == Optimizer::nesterov;
  if (given(app, "--momentum") && !has_momentum) {
    return fail(ErrorKind::usage, fmt::format("--momentum does nothing for --optimizer {}", typed.optimizer),
                "add --optimizer momentum or --optimizer nesterov");
  }
  if (given(app, "--adam-betas") && request.optimizer != Optimizer::adam &&
      request.optimizer != Optimizer::adamw) {
    return fail(ErrorKind::usage,
                fmt::format("--adam-betas does nothing for --optimizer {}", typed.optimizer),
                "add --optimizer adam");
  }
  if (given(app, "--epochs")) {
    const auto epochs = count("--epochs", typed.epochs);
    if (!epochs) return fail(epochs.error());
    request.epochs = *epochs;
  }
  if (given(app, "--start")) {
    if (auto read = read_start(typed.start, request.start, request.start_values); !read) return read;
  }
  if (given(app, "--seed")) {
    const auto seed = count("--seed", typed.seed);
    if (!seed) return fail(seed.error());
    request.seed = *seed;
    if (request.start != StartKind::random) {
      return fail(ErrorKind::usage, "--seed does nothing unless the start is random", "add --start random");
    }
  }
  options.progress = !typed.no_progress;
  if (options.quiet && options.verbose) {
    return fail(ErrorKind::usage, "--quiet and --verbose contradict each other", "leave one out");
  }
  return {};
}

}  // namespace talweg::cli
