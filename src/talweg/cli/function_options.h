// SPDX-License-Identifier: Apache-2.0
// The options of `minimize` and `explain`: declared and given their meaning here, apart from those of fit,
// with which they share few.
#pragma once

#include <CLI/App.hpp>

#include "talweg/cli/flags.h"

namespace talweg::cli {

/// zeros, ones, random, or a list of name=number.
Result<void> read_start(const std::string& text, StartKind& kind,
                        std::vector<std::pair<std::string, double>>& values);

void declare_minimize(CLI::App& app, Typed& typed, Options& options);
Result<void> interpret_minimize(const CLI::App& app, const Typed& typed, Options& options);

}  // namespace talweg::cli
