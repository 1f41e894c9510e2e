// SPDX-License-Identifier: Apache-2.0
// The functions that a formula may call: one table for reading, printing and computing.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "talweg/formula/expression.h"

namespace talweg {

struct FunctionEntry {
  std::string_view name;
  Op op;
  std::size_t operands;
};

/// In the order of the documentation.
std::span<const FunctionEntry> functions();
std::optional<FunctionEntry> function_named(std::string_view name);
/// The name of an operation that is written as a call; empty for others.
std::string_view function_name(Op op);

}  // namespace talweg
