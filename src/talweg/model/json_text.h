// SPDX-License-Identifier: Apache-2.0
// Texts of the data in JSON: as they are where they are valid UTF-8, else {"bytes": "<hex>"}, so nothing is
// lost.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace talweg {

nlohmann::ordered_json text_to_json(std::string_view text);
std::optional<std::string> text_from_json(const nlohmann::ordered_json& json);

/// For keys and messages: bytes that are not valid UTF-8 are written as \xE9, so different texts stay
/// different.
std::string valid_utf8(std::string_view text);

/// For lines and tables: valid UTF-8 with control characters escaped (\n, \t, \x1b).
std::string printable(std::string_view text);

}  // namespace talweg
