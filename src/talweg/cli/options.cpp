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

constexpr std::array<CommandText, 5> kCommands = {{
    {Command::fit, "fit", "fit a model, say how far it can be trusted, write it"},
    {Command::forecast, "forecast", "say what fit would do: stable rates, number of epochs; nothing is run"},
    {Command::predict, "predict", "predict new rows with a model, as CSV"},
    {Command::evaluate, "evaluate", "measure a model on labelled rows"},
    {Command::show, "show", "print a model file, readable"},
}};

// The argument that the library did not expect, with what may have been meant.
Error unexpected(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& argument : arguments) {
    if (argument.size() < 2 || argument[0] != '-') continue;
    const std::string name = argument.substr(0, argument.find('='));
    if (name == "-o" || name == "-h" || std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest_names(name, known);
    Error error{ErrorKind::usage, fmt::format("talweg {} has no option {}", app.get_name(), name)};
    error.remedy = near.empty() ? fmt::format("talweg {} --help lists them", app.get_name())
                                : "did you mean " + fmt::format("{}", fmt::join(near, " or ")) + "?";
    return error;
  }
  return {ErrorKind::usage, fmt::format("talweg {} was given more than it takes", app.get_name()),
          fmt::format("talweg {} --help shows how it is called", app.get_name())};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  CLI::App app("talweg fits regression models to data by gradient descent: see every step, trust the answer.", "talweg");
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
  } catch (const CLI::ExtrasError&) {
    const auto chosen = app.get_subcommands();
    if (!chosen.empty()) return fail(unexpected(*chosen.front(), arguments));
    std::vector<std::string> names;
    for (const CommandText& text : kCommands) names.emplace_back(text.name);
    const auto near = arguments.empty() ? names : nearest_names(arguments.front(), names);
    return fail(ErrorKind::usage, fmt::format("talweg has no command {}", quoted(arguments.empty() ? "" : arguments.front())),
                near.empty() ? "talweg --help lists the commands" : "did you mean " + name_list(near, "or") + "?");
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    const std::string name = chosen.empty() ? "" : " " + chosen.front()->get_name();
    std::string what = error.what();
    while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
    const std::size_t line_end = what.find('\n');
    if (line_end != std::string::npos) what.resize(line_end);
    return fail(ErrorKind::usage, what, fmt::format("talweg{} --help shows how it is called", name));
  }
  for (std::size_t k = 0; k < kCommands.size(); ++k) {
    if (!commands[k]->parsed()) continue;
    options.command = kCommands[k].command;
    if (auto meaning = interpret(*commands[k], typed[k], options); !meaning) return fail(meaning.error());
  }
  if (options.color != "auto" && options.color != "always" && options.color != "never") {
    return fail(ErrorKind::usage, fmt::format("--color {} is not known", quoted(options.color)),
                "it can be auto, always or never");
  }
  return options;
}

}  // namespace talweg::cli
