// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/header_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace talweg {
namespace {

std::string_view without_blanks(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

}  // namespace

std::vector<std::string> numbered_names(std::size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t i = 1; i <= count; ++i) names.push_back(fmt::format("x{}", i));
  return names;
}

Result<std::vector<std::string>> header_names(const std::vector<std::string_view>& cells) {
  std::vector<std::string> names;
  names.reserve(cells.size());
  for (const std::string_view cell : cells) {
    const std::string_view name = without_blanks(cell);
    names.push_back(name.empty() ? fmt::format("x{}", names.size() + 1) : std::string(name));
  }
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [earlier, is_new] = seen.try_emplace(names[i], i);
    if (is_new) continue;
    const bool was_empty = without_blanks(cells[i]).empty() || without_blanks(cells[earlier->second]).empty();
    return fail(
        ErrorKind::data,
        fmt::format("columns {} and {} of the header have the same name {}{}", earlier->second + 1, i + 1,
                    in_quotes(names[i]), was_empty ? " (an empty name stands for x<position>)" : ""),
        "give every column a name of its own");
  }
  return names;
}

std::string first_difference(const std::vector<std::string>& found, const std::vector<std::string>& expected,
                             const std::string& first) {
  const std::size_t common = std::min(found.size(), expected.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (found[i] == expected[i]) continue;
    return fmt::format("column {} is {}, in {} it is {}", i + 1, in_quotes(found[i]), first,
                       in_quotes(expected[i]));
  }
  return fmt::format("there are {} columns, in {} there are {}", found.size(), first, expected.size());
}

}  // namespace talweg
