// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/json_text.h"

#include <fmt/format.h>

#include "talweg/base/error.h"

namespace talweg {
namespace {

// Length of the valid UTF-8 sequence at the front, 0 if there is none (RFC 3629: no overlong forms, no
// surrogates).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U; };
  const auto continues = [&](std::size_t k) { return (byte(k) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool range = (first != 0xE0 || byte(1) >= 0xA0) && (first != 0xED || byte(1) <= 0x9F);
    return range && continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool range = (first != 0xF0 || byte(1) >= 0x90) && (first != 0xF4 || byte(1) <= 0x8F);
    return range && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

nlohmann::ordered_json text_to_json(std::string_view text) {
  if (is_valid(text)) return std::string(text);
  std::string hex;
  for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  nlohmann::ordered_json out;
  out["bytes"] = hex;
  return out;
}

std::optional<std::string> text_from_json(const nlohmann::ordered_json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_object() || !json.contains("bytes") || !json.at("bytes").is_string()) return std::nullopt;
  const auto hex = json.at("bytes").get<std::string>();
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t k = 0; k < hex.size(); k += 2) {
    const int high = digit(hex[k]);
    const int low = digit(hex[k + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(text.front()));
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return out;
}

std::string printable(std::string_view text) {
  return escape_controls(valid_utf8(text));
}

}  // namespace talweg
