// SPDX-License-Identifier: Apache-2.0
// The options of `explain`.
#pragma once

#include <CLI/App.hpp>

#include "talweg/cli/flags.h"

namespace talweg::cli {

/// Beside those of the table, which need no DATA here.
void declare_explain(CLI::App& app, Typed& typed, Options& options);
Result<void> interpret_explain(const CLI::App& app, const Typed& typed, Options& options);

}  // namespace talweg::cli
