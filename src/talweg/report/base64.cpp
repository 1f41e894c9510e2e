// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/base64.h"

#include <bit>
#include <cstdint>

namespace talweg {
namespace {

template <class Word>
void append(Word word, std::string& out) {
  for (std::size_t k = 0; k < sizeof(Word); ++k) out += static_cast<char>((word >> (8 * k)) & 0xFFU);
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t k = 0; k < bytes.size(); k += 3) {
    std::uint32_t word = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      word = word << 8U | (k + b < bytes.size() ? static_cast<unsigned char>(bytes[k + b]) : 0U);
    }
    for (std::size_t c = 0; c < 4; ++c) {
      const bool filled = k + c <= bytes.size();
      out += filled ? kLetters[(word >> (6 * (3 - c))) & 63U] : '=';
    }
  }
  return out;
}

std::string base64_doubles(std::span<const double> values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(double));
  for (const double value : values) append(std::bit_cast<std::uint64_t>(value), bytes);
  return base64(bytes);
}

std::string base64_floats(std::span<const double> values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(float));
  for (const double value : values) append(std::bit_cast<std::uint32_t>(static_cast<float>(value)), bytes);
  return base64(bytes);
}

}  // namespace talweg
