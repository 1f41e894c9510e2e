// SPDX-License-Identifier: Apache-2.0
// Names asked for -> positions of columns, each in one role.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/columns.h"

namespace talweg {

struct FeatureRole {
  std::size_t position = 0;        ///< of the column in the table
  std::optional<ColumnKind> kind;  ///< as asked for; absent: by its cells
  bool named = false;
};

struct ColumnRoles {
  std::vector<FeatureRole> features;
  std::optional<std::size_t> target;
  std::optional<std::size_t> weights;
  std::vector<std::string> unused;
};

/// What is wrong with a request whatever the table: a name in two roles that contradict each other, or twice
/// among the features. Errors are of kind usage.
Result<void> check_request(const ColumnRequest& request);

/// Errors: a name that is no column (with the nearest names), more features than kMostFeatures.
Result<ColumnRoles> resolve_roles(const std::vector<std::string>& names, const ColumnRequest& request);

/// A column's name as it has to be typed after an option that takes a list of names.
std::string as_option_value(std::string_view name);

}  // namespace talweg
