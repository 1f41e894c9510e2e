// SPDX-License-Identifier: Apache-2.0
// Column names from a header record, and the comparison of two headers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"

namespace talweg {

/// x1, x2, ... for a table without a header.
std::vector<std::string> numbered_names(std::size_t count);

/// The cells with the blanks around them taken off; an empty one becomes x<position>. Equal names are an
/// error.
Result<std::vector<std::string>> header_names(const std::vector<std::string_view>& cells);

/// How `found` differs from `expected`, the header of the file `first`: "column 2 is 'b', in first.csv it is
/// 'c'". They must differ.
std::string first_difference(const std::vector<std::string>& found, const std::vector<std::string>& expected,
                             const std::string& first);

}  // namespace talweg
