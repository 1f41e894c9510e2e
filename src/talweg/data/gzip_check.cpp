// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/gzip_check.h"

#include <algorithm>
#include <array>

namespace talweg {
namespace {

constexpr std::uint32_t kPolynomial = 0xEDB88320U;
constexpr std::size_t kTrailer = 8;
constexpr std::size_t kHeader = 10;

// Four tables, so that four bytes go in one step: the check must not cost more than the decompression.
using CrcTables = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr CrcTables crc_tables() {
  CrcTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1U) ^ ((c & 1U) != 0 ? kPolynomial : 0U);
    tables[0][i] = c;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (std::size_t t = 1; t < 4; ++t) {
      tables[t][i] = (tables[t - 1][i] >> 8U) ^ tables[0][tables[t - 1][i] & 0xFFU];
    }
  }
  return tables;
}

constexpr CrcTables kCrc = crc_tables();

// Product of two polynomials modulo the CRC's, bits reflected: the highest bit is x^0.
std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t out = 0;
  for (std::uint32_t bit = 0x80000000U; bit != 0; bit >>= 1U) {
    if ((a & bit) != 0) out ^= b;
    b = (b >> 1U) ^ ((b & 1U) != 0 ? kPolynomial : 0U);
  }
  return out;
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Strict about the fields that every writer sets in the same few ways, so that compressed bytes do not look
// like one.
bool is_member_header(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const bool extra_flags = at(8) == 0 || at(8) == 2 || at(8) == 4;
  return at(0) == 0x1F && at(1) == 0x8B && at(2) == 8 && at(3) < 0x20 && extra_flags &&
         (at(9) <= 13 || at(9) == 255);
}

}  // namespace

std::uint32_t crc32(std::uint32_t crc, std::string_view bytes) {
  const auto* byte = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t count = bytes.size();
  crc = ~crc;
  for (; count >= 4; byte += 4, count -= 4) {
    crc ^= static_cast<std::uint32_t>(byte[0]) | static_cast<std::uint32_t>(byte[1]) << 8U |
           static_cast<std::uint32_t>(byte[2]) << 16U | static_cast<std::uint32_t>(byte[3]) << 24U;
    crc = kCrc[3][crc & 0xFFU] ^ kCrc[2][(crc >> 8U) & 0xFFU] ^ kCrc[1][(crc >> 16U) & 0xFFU] ^
          kCrc[0][crc >> 24U];
  }
  for (; count > 0; ++byte, --count) crc = (crc >> 8U) ^ kCrc[0][(crc ^ *byte) & 0xFFU];
  return ~crc;
}

std::uint32_t combined_crc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_length) {
  std::uint32_t shift = 0x80000000U;  // x^0
  std::uint32_t power = 0x00800000U;  // x^8: one byte
  for (std::uint64_t left = second_length; left != 0; left >>= 1U) {
    if ((left & 1U) != 0) shift = product(shift, power);
    power = product(power, power);
  }
  return product(shift, first) ^ second;
}

void GzipCheck::end_member(std::string_view trailer) {
  const std::uint32_t length = little_endian(trailer.substr(4));
  wanted_crc_ = combined_crc32(wanted_crc_, little_endian(trailer), length);
  wanted_length_ += length;
}

void GzipCheck::compressed(std::string_view bytes) {
  window_ += bytes;
  std::size_t at = std::max(looked_at_, kTrailer);
  for (; at + kHeader <= window_.size(); ++at) {
    at = window_.find('\x1F', at);
    if (at == std::string::npos || at + kHeader > window_.size()) break;
    if (!is_member_header(std::string_view(window_).substr(at))) continue;
    end_member(std::string_view(window_).substr(at - kTrailer, kTrailer));
    several_ = true;
  }
  looked_at_ = window_.size() < kHeader ? 0 : window_.size() - kHeader + 1;
  if (looked_at_ > kTrailer) {
    window_.erase(0, looked_at_ - kTrailer);
    looked_at_ = kTrailer;
  }
}

void GzipCheck::decompressed(std::string_view bytes) {
  crc_ = crc32(crc_, bytes);
  length_ += bytes.size();
}

bool GzipCheck::fits() {
  if (window_.size() < kTrailer) return false;
  const std::string_view trailer = std::string_view(window_).substr(window_.size() - kTrailer);
  // The length field counts modulo 2^32: of a single member that is no matter, its checksum stands by itself.
  if (!several_)
    return little_endian(trailer) == crc_ &&
           little_endian(trailer.substr(4)) == static_cast<std::uint32_t>(length_);
  end_member(trailer);
  if (wanted_length_ != static_cast<std::uint32_t>(length_)) return false;
  // Combining needs the true lengths, which the fields do not tell beyond 4 GiB.
  return length_ >> 32U != 0 || wanted_crc_ == crc_;
}

}  // namespace talweg
