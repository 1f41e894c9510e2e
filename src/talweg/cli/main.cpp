// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "talweg/cli/commands.h"
#include "talweg/cli/instruction_set.h"
#include "talweg/cli/options.h"
#include "talweg/cli/terminal.h"

namespace {

using namespace talweg;
using namespace talweg::cli;

int run(const std::vector<std::string>& arguments) {
  const StopFlag& stop = install_signal_handlers();
  if (auto chosen = choose_instruction_set(std::getenv(kInstructionSetVariable)); !chosen)
    return report_error(chosen.error());
  auto options = parse_options(arguments);
  if (!options) return report_error(options.error());
  if (!options->answer.empty()) {
    const auto printed = print(options->answer);
    return printed ? kSuccess : report_error(printed.error());
  }
  switch (options->command) {
    case Command::fit:
      return run_fit(std::move(*options), stop);
    case Command::forecast:
      return run_forecast(std::move(*options), stop);
    case Command::predict:
      return run_predict(std::move(*options), stop);
    case Command::evaluate:
      return run_evaluate(std::move(*options), stop);
    case Command::show:
      return run_show(*options);
    case Command::explain:
      return run_explain(std::move(*options), stop);
    case Command::minimize:
      return run_minimize(std::move(*options), stop);
    case Command::fold:
      return run_fold(*options, stop);
    case Command::merge:
      return run_merge(*options);
    case Command::none:
      break;
  }
  return kUsageError;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::bad_alloc&) {
    complain("out of memory; the fold needs memory for the square of the number of features: --drop some");
  } catch (const std::exception& error) {
    complain(std::string("internal error: ") + error.what());
  }
  return kRunTimeError;
}
