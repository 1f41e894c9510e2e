// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/column_roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "talweg/base/numbers.h"

namespace talweg {
namespace {

using Names = std::unordered_set<std::string_view>;

Names set_of(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

tl::unexpected<Error> contradiction(const std::string& what, std::string remedy) {
  return fail(ErrorKind::usage, what, std::move(remedy));
}

tl::unexpected<Error> unknown_column(const std::string& name, std::string_view option,
                                     const std::vector<std::string>& names) {
  constexpr std::size_t kFew = 12;
  const std::vector<std::string> near = nearest_names(name, names);
  std::string text;
  if (!near.empty()) text = fmt::format("did you mean {}?", name_list(near, "or"));
  if (near.empty() || names.size() <= kFew) {
    if (!text.empty()) text += " ";
    text +=
        fmt::format("The column{} {}", names.size() == 1 ? " is" : "s are", name_list(names, "and", kFew));
    if (near.empty()) text[0] = 't';
  }
  return fail(ErrorKind::data, fmt::format("there is no column {} ({})", in_quotes(name), option), text);
}

}  // namespace

std::string as_option_value(std::string_view name) {
  if (name.find_first_of(",\"\n\r") == std::string_view::npos) return in_quotes(name, 200);
  std::string cell = "\"";
  for (const char c : name) cell += c == '"' ? "\"\"" : std::string(1, c);
  cell += '"';
  return in_quotes(cell, 200);
}

Result<void> check_request(const ColumnRequest& request) {
  const Names features = request.features ? set_of(*request.features) : Names{};
  const Names dropped = set_of(request.drop);
  const Names categorical = set_of(request.categorical);
  const std::string target = in_quotes(request.target);
  const std::string weights = in_quotes(request.weights);
  const bool weighted = !request.weights.empty();
  const bool has_target = !request.target.empty();

  if (weighted && request.target == request.weights) {
    return contradiction(fmt::format("{} is both the target and the weights", target), "name two columns");
  }
  if (has_target && features.contains(request.target)) {
    return contradiction(fmt::format("the target {} is among --features", target),
                         "take it out of one of them");
  }
  if (has_target && dropped.contains(request.target)) {
    return contradiction(fmt::format("the target {} is dropped", target), "take it out of --drop");
  }
  if (has_target && categorical.contains(request.target) && !request.classes) {
    return contradiction(fmt::format("the target {} is among --categorical", target),
                         "the target is a number");
  }
  if (weighted && (features.contains(request.weights) || dropped.contains(request.weights) ||
                   categorical.contains(request.weights))) {
    const std::string_view other = features.contains(request.weights)  ? "--features"
                                   : dropped.contains(request.weights) ? "--drop"
                                                                       : "--categorical";
    return contradiction(fmt::format("the weights {} are among {}", weights, other),
                         "take them out of one of them");
  }
  Names seen;
  for (const std::string& name : request.features.value_or(std::vector<std::string>{})) {
    if (!seen.insert(name).second) {
      return contradiction(fmt::format("{} is twice among --features", in_quotes(name)), "name it once");
    }
    if (dropped.contains(name)) {
      return contradiction(fmt::format("{} is among --features and --drop", in_quotes(name)),
                           "take it out of one of them");
    }
  }
  for (const std::string& name : request.numeric) {
    if (categorical.contains(name)) {
      return contradiction(fmt::format("{} is among --categorical and --numeric", in_quotes(name)),
                           "take it out of one of them");
    }
  }
  const auto check_kind_list = [&](const std::vector<std::string>& list,
                                   std::string_view option) -> Result<void> {
    for (const std::string& name : list) {
      if ((has_target && name == request.target) || (weighted && name == request.weights)) continue;
      if (dropped.contains(name)) {
        return contradiction(fmt::format("{} is among {} and --drop", in_quotes(name), option),
                             "take it out of one of them");
      }
      if (request.features && !features.contains(name)) {
        return contradiction(fmt::format("{} is among {}, but not among --features", in_quotes(name), option),
                             "name it in both, or in neither");
      }
    }
    return {};
  };
  if (auto list = check_kind_list(request.categorical, "--categorical"); !list) return list;
  return check_kind_list(request.numeric, "--numeric");
}

std::optional<Error> name_of_rows(const std::vector<ColumnInfo>& features, std::uint64_t rows) {
  constexpr std::size_t kFewestLevels = 10;
  for (const ColumnInfo& feature : features) {
    if (feature.kind != ColumnKind::text || feature.named) continue;
    if (feature.levels < kFewestLevels || feature.levels * 10 <= rows) continue;
    Error error;
    error.column = feature.name;
    error.what = fmt::format("text with {} levels in {} rows looks like a name for the rows",
                             grouped(feature.levels), grouped(rows));
    error.remedy = fmt::format("leave it out with --drop {0}, or take it all the same with --categorical {0}",
                               as_option_value(feature.name));
    return error;
  }
  return std::nullopt;
}

// Whatever the order of the rows: more sets of several columns than are kept, or they are not.
void GapSets::add(const std::vector<std::size_t>& columns, std::uint64_t rows) {
  if (columns.size() > 1 && other > 0) {
    other += rows;
    return;
  }
  const auto [at, fresh] = sets.try_emplace(columns, 0);
  at->second += rows;
  if (columns.size() > 1 && fresh) ++several;
  if (several > kMostGapSets) forget_several();
}

void GapSets::forget_several() {
  std::erase_if(sets, [&](const auto& set) {
    if (set.first.size() > 1) other += set.second;
    return set.first.size() > 1;
  });
  several = 0;
}

void GapSets::add(const GapSets& more) {
  for (const auto& [columns, rows] : more.sets) add(columns, rows);
  if (more.other == 0) return;
  other += more.other;
  forget_several();
}

Result<ColumnRoles> resolve_roles(const std::vector<std::string>& names, const ColumnRequest& request) {
  std::unordered_map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < names.size(); ++i) position.emplace(names[i], i);

  const auto check = [&](const std::vector<std::string>& list, std::string_view option) -> Result<void> {
    for (const std::string& name : list) {
      if (!position.contains(name)) return unknown_column(name, option, names);
    }
    return {};
  };
  if (!request.target.empty()) {
    if (auto found = check({request.target}, "--target"); !found) return fail(found.error());
  }
  if (!request.weights.empty()) {
    if (auto found = check({request.weights}, "--weights"); !found) return fail(found.error());
  }
  if (request.features) {
    if (auto found = check(*request.features, "--features"); !found) return fail(found.error());
  }
  if (auto found = check(request.drop, "--drop"); !found) return fail(found.error());
  if (auto found = check(request.categorical, "--categorical"); !found) return fail(found.error());
  if (auto found = check(request.numeric, "--numeric"); !found) return fail(found.error());

  ColumnRoles roles;
  const Names dropped = set_of(request.drop);
  const Names categorical = set_of(request.categorical);
  const Names numeric = set_of(request.numeric);
  std::vector<bool> used(names.size(), false);
  if (!request.target.empty()) {
    roles.target = position.at(request.target);
    used[*roles.target] = true;
  }
  if (!request.weights.empty()) {
    roles.weights = position.at(request.weights);
    used[*roles.weights] = true;
  }
  const auto add = [&](std::size_t at) {
    FeatureRole feature{at, std::nullopt, request.features.has_value()};
    if (categorical.contains(names[at])) feature.kind = ColumnKind::text;
    if (numeric.contains(names[at])) feature.kind = ColumnKind::numeric;
    if (feature.kind) feature.named = true;
    roles.features.push_back(feature);
    used[at] = true;
  };
  if (request.features) {
    for (const std::string& name : *request.features) add(position.at(name));
  } else {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!used[i] && !dropped.contains(names[i])) add(i);
    }
  }
  if (!roles.target) {
    std::sort(roles.features.begin(), roles.features.end(),
              [](const FeatureRole& a, const FeatureRole& b) { return a.position < b.position; });
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!used[i]) roles.unused.push_back(names[i]);
  }
  if (roles.features.size() > kMostFeatures) {
    return fail(ErrorKind::data,
                fmt::format("{} features, more than the {} that can be fitted at once",
                            grouped(roles.features.size()), grouped(kMostFeatures)),
                "choose among them with --features or --drop");
  }
  return roles;
}

}  // namespace talweg
