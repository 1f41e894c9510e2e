// SPDX-License-Identifier: Apache-2.0
// Words of the command line as numbers and choices; errors have kind usage.
#pragma once

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/model/request.h"

namespace talweg::cli::words {

bool given(const CLI::App& app, const std::string& option);
Result<double> number(const std::string& option, const std::string& text);
Result<std::uint64_t> count(const std::string& option, const std::string& text);

/// One of a few words.
template <class Value>
Result<Value> choose(const std::string& option, const std::string& text,
                     const std::vector<std::pair<std::string, Value>>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    names.push_back(name);
  }
  return fail(ErrorKind::usage, fmt::format("{} {} is not known", option, in_quotes(text)),
              "it can be " + name_list(names, "or"));
}

}  // namespace talweg::cli::words
