// SPDX-License-Identifier: Apache-2.0
#include "talweg/cli/options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>

#include "talweg/cli/flags.h"
#include "talweg/version.h"

namespace talweg::cli {
namespace {

struct CommandText {
  Command command;
  const char* name;
  const char* help;
};

constexpr std::array<CommandText, 9> kCommands = {{
    {Command::fit, "fit", "fit a model, say how far it can be trusted, write it"},
    {Command::forecast, "forecast", "say what fit would do: stable rates, number of epochs; nothing is run"},
    {Command::predict, "predict", "predict new rows with a model, as CSV"},
    {Command::evaluate, "evaluate", "measure a model on labelled rows"},
    {Command::show, "show", "print a model or moments file, readable"},
    {Command::explain, "explain", "derive the gradient of a formula's cost, line by line"},
    {Command::minimize, "minimize", "descend on a function of one or more variables, no data"},
    {Command::fold, "fold",
     "one pass over data, for fits of any target and penalty without them: a moments file"},
    {Command::merge, "merge", "put moments files of parts together"},
}};

// The first argument that the command does not take, with what may have been meant.
Error unexpected(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  const std::string argument = rest.empty() ? std::string() : rest.front();
  Error error{ErrorKind::usage, {}, fmt::format("talweg {} --help shows how it is called", app.get_name())};
  if (argument.size() < 2 || argument[0] != '-') {
    error.what = fmt::format("talweg {} takes no further argument {}", app.get_name(), in_quotes(argument));
    return error;
  }
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  const std::string name = argument.substr(0, argument.find('='));
  error.what = fmt::format("talweg {} has no option {}", app.get_name(), name);
  const auto near = nearest_names(name, known);
  if (!near.empty()) error.remedy = fmt::format("did you mean {}?", fmt::join(near, " or "));
  return error;
}

Error unknown_command(const std::string& word, const std::vector<std::string>& names) {
  const auto near = nearest_names(word, names);
  return {ErrorKind::usage, fmt::format("talweg has no command {}", in_quotes(word)),
          near.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                       : "did you mean " + name_list(near, "or") + "?"};
}

// The library's complaint about a number of values, in plain words.
std::string plain_words(std::string what) {
  what.resize(std::min(what.find('\n'), what.size()));
  while (!what.empty() && (what.back() == ' ' || what.back() == '.')) what.pop_back();
  const std::size_t flag = what.find(" was given a disallowed flag override");
  if (flag != std::string::npos) return "--" + what.substr(0, flag) + " takes no value";
  const std::size_t colon = what.find(": ");
  if (colon == std::string::npos) return what;
  const std::string option = what.substr(0, colon);
  if (what.find("At Most 1 required but received", colon) != std::string::npos)
    return option + " is given twice";
  if (what.find("required", colon) != std::string::npos && what.find("missing", colon) != std::string::npos) {
    return option + " needs a value";
  }
  return what;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  options.arguments = arguments;
  CLI::App app("talweg fits regression models to data by gradient descent: see every step, trust the answer.",
               "talweg");
  app.set_version_flag("--version", std::string("talweg ") + kVersion);
  app.require_subcommand(1, 1);
  std::array<Typed, kCommands.size()> typed;
  std::array<CLI::App*, kCommands.size()> commands{};
  for (std::size_t k = 0; k < kCommands.size(); ++k) {
    commands[k] = app.add_subcommand(kCommands[k].name, kCommands[k].help);
    declare(*commands[k], kCommands[k].command, typed[k], options);
  }
  // The library takes the arguments last one first.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    options.answer = chosen.empty() ? app.help() : chosen.front()->help("talweg");
    return options;
  } catch (const CLI::CallForVersion&) {
    options.answer = std::string("talweg ") + kVersion + "\n";
    return options;
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    if (!chosen.empty() && dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      return fail(unexpected(*chosen.front()));
    }
    const std::string name = chosen.empty() ? "" : " " + chosen.front()->get_name();
    if (chosen.empty()) {
      std::vector<std::string> names;
      names.reserve(std::size(kCommands));
      for (const CommandText& text : kCommands) names.emplace_back(text.name);
      if (!arguments.empty() && !arguments.front().starts_with('-'))
        return fail(unknown_command(arguments.front(), names));
      return fail(ErrorKind::usage, "talweg needs a command: " + fmt::format("{}", fmt::join(names, ", ")),
                  "talweg --help says what they do");
    }
    return fail(ErrorKind::usage, plain_words(error.what()),
                fmt::format("talweg{} --help shows how it is called", name));
  }
  for (std::size_t k = 0; k < kCommands.size(); ++k) {
    if (!commands[k]->parsed()) continue;
    options.command = kCommands[k].command;
    if (auto meaning = interpret(*commands[k], typed[k], options); !meaning) return fail(meaning.error());
  }
  if (options.color != "auto" && options.color != "always" && options.color != "never") {
    return fail(ErrorKind::usage, fmt::format("--color {} is not known", in_quotes(options.color)),
                "it can be auto, always or never");
  }
  return options;
}

}  // namespace talweg::cli
