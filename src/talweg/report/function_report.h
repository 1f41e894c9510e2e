// SPDX-License-Identifier: Apache-2.0
// What `talweg minimize` prints: text for people, JSON for programs (docs/formula.md lists the keys).
#pragma once

#include <string>

#include "talweg/model/function_run.h"
#include "talweg/report/text.h"

namespace talweg {

std::string function_text(const FunctionRun& run, const Style& style);
std::string function_json(const FunctionRun& run);

/// The epoch table's names are those of the variables.
Plan names_as_plan(const std::vector<std::string>& names);

}  // namespace talweg
