// SPDX-License-Identifier: Apache-2.0
// Texts as numbers, against std::from_chars and std::strtod.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace talweg::fuzz {

/// Whether a text is a number, and which: blanks (space, tab) around it and one leading plus taken off,
/// std::from_chars has to use every character. What overflows is none, what underflows is zero or subnormal,
/// words for infinity and nan are none. Aborts where std::from_chars and std::strtod differ.
std::optional<double> expected_number(std::string_view text);

/// What is wrong with the program's reading of the fields (parse_number, and the kernel, of fields side by
/// side); empty where nothing is. No field holds a NUL.
std::string check_numbers(const std::vector<std::string>& fields);

}  // namespace talweg::fuzz
