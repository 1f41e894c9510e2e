// SPDX-License-Identifier: Apache-2.0
// Bytes as base64 (RFC 4648, section 4), and numbers as the base64 of their little-endian bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace talweg {

std::string base64(std::string_view bytes);
/// 8 bytes a number.
std::string base64_doubles(std::span<const double> values);
/// 4 bytes a number: for what is drawn and not read.
std::string base64_floats(std::span<const double> values);

}  // namespace talweg
