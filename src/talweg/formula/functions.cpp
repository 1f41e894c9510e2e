// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/functions.h"

#include <array>

namespace talweg {
namespace {

constexpr std::array<FunctionEntry, 21> kFunctions = {{
    {"exp", Op::exp, 1},     {"log", Op::log, 1},   {"log2", Op::log2, 1}, {"log10", Op::log10, 1},
    {"sqrt", Op::sqrt, 1},   {"cbrt", Op::cbrt, 1}, {"sin", Op::sin, 1},   {"cos", Op::cos, 1},
    {"tan", Op::tan, 1},     {"asin", Op::asin, 1}, {"acos", Op::acos, 1}, {"atan", Op::atan, 1},
    {"sinh", Op::sinh, 1},   {"cosh", Op::cosh, 1}, {"tanh", Op::tanh, 1}, {"abs", Op::abs, 1},
    {"min", Op::min, 2},     {"max", Op::max, 2},   {"erf", Op::erf, 1},   {"sign", Op::sign, 1},
    {"where", Op::where, 4},
}};

}  // namespace

std::span<const FunctionEntry> functions() {
  return kFunctions;
}

std::optional<FunctionEntry> function_named(std::string_view name) {
  for (const FunctionEntry& entry : kFunctions) {
    if (entry.name == name) return entry;
  }
  return std::nullopt;
}

std::string_view function_name(Op op) {
  for (const FunctionEntry& entry : kFunctions) {
    if (entry.op == op) return entry.name;
  }
  return {};
}

}  // namespace talweg
