// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/explain_options.h"

#include <fmt/format.h>

#include <cmath>

#include "talweg/cli/function_options.h"
#include "talweg/cli/words.h"

namespace talweg::cli {
namespace {

tl::unexpected<Error> usage(std::string what, std::string remedy) {
  return fail(ErrorKind::usage, std::move(what), std::move(remedy));
}

// Options that act on data only.
Result<void> check_without_data(const CLI::App& app) {
  for (const char* option :
       {"--format", "--delimiter", "--header", "--decimal", "--na", "--start", "--learning-rate"}) {
    if (words::given(app, option)) {
      return usage(fmt::format("{} does nothing without data", option), "name the data, or leave it out");
    }
  }
  return {};
}

}  // namespace

void declare_explain(CLI::App& app, Typed& typed, Options& options) {
  app.get_option("DATA")->required(false);
  app.add_option("--formula", typed.formula, "the formula, like \"y = a*x + b\"")
      ->required()
      ->type_name("FORMULA")
      ->group("Formula");
  app.add_option("--features", typed.features,
                 "without data: the names on the right that are columns (default: x, t, x1, x2, ...)")
      ->group("Formula");
  app.add_option("--loss", typed.loss,
                 "mse (default), half-mse, sse, mae, huber, quantile, logistic, poisson, "
                 "hinge, squared-hinge")
      ->group("Formula");
  app.add_option("--huber-delta", typed.huber_delta, "of huber: the residual from which on it is linear (1)")
      ->group("Formula");
  app.add_option("--quantile", typed.quantile, "of quantile: which one (0.5)")->group("Formula");
  app.add_option("--start", typed.start,
                 "with data: where the first step is taken from, a=0.2,b=0.5, zeros or ones")
      ->group("First step");
  app.add_option("--learning-rate", typed.learning_rate, "with data: the factor on the gradient")
      ->group("First step");
  app.add_option("--as", typed.notation, "text (default), latex or mathml")
      ->type_name("text|latex|mathml")
      ->group("Output");
  app.add_flag("--json", options.json, "the derivation as JSON, in all three notations")
      ->disable_flag_override()
      ->group("Output");
}

Result<void> interpret_explain(const CLI::App& app, const Typed& typed, Options& options) {
  FitRequest& request = options.fit;
  request.formula = typed.formula;
  if (auto read = interpret_loss(app, typed, request); !read) return read;
  if (!(std::isfinite(request.huber_delta) && request.huber_delta > 0)) {
    return usage(fmt::format("--huber-delta {} is not a positive number", request.huber_delta),
                 "it is the residual from which on the loss is linear");
  }
  if (!(request.quantile > 0 && request.quantile < 1))
    return usage(fmt::format("--quantile {} is not between 0 and 1", request.quantile), "0.5 is the median");
  const auto notation = words::choose<Notation>(
      "--as", typed.notation,
      {{"text", Notation::text}, {"latex", Notation::latex}, {"mathml", Notation::mathml}});
  if (!notation) return fail(notation.error());
  options.explain.notation = *notation;
  if (options.json && words::given(app, "--as")) {
    return usage("--as does nothing beside --json, which holds all notations", "leave one of the two out");
  }
  if (auto checked = check_formula(request.formula); !checked) return checked;
  if (request.paths.empty()) {
    if (auto checked = check_without_data(app); !checked) return checked;
  } else if (words::given(app, "--features")) {
    return usage("--features does nothing with data, whose header names the columns", "leave it out");
  }
  if (words::given(app, "--features")) {
    auto names = parse_names("--features", typed.features);
    if (!names) return fail(names.error());
    options.explain.columns = *names;
  }
  if (words::given(app, "--start")) {
    if (auto read = read_start(typed.start, request.start, request.start_values); !read) return read;
    if (request.start == StartKind::random)
      return usage("--start random is no start to follow by hand", "give numbers");
  }
  if (words::given(app, "--learning-rate")) {
    const auto rate = words::number("--learning-rate", typed.learning_rate);
    if (!rate) return fail(rate.error());
    if (!(std::isfinite(*rate) && *rate > 0)) {
      return usage(fmt::format("--learning-rate {} is not a positive number", *rate),
                   "give a number above 0");
    }
    request.learning_rate = *rate;
  }
  return {};
}

}  // namespace talweg::cli
