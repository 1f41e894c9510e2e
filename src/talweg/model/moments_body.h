// SPDX-License-Identifier: Apache-2.0
// The body of a moments file as bytes, behind its header and before its checksum (moments_file.h):
// little-endian numbers, doubles by their bits, texts with their lengths in front; columns, levels, hashes,
// parts of the fold, sums of the indicators.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "talweg/base/double_double.h"
#include "talweg/model/folded_table.h"

namespace talweg {

/// Numbers and texts one after another.
class MomentsWriter {
 public:
  void u8(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void flag(bool value) { u8(value ? 1 : 0); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void real(double value) { u64(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    u64(value.size());
    bytes_ += value;
  }
  void texts(const std::vector<std::string>& values) {
    u64(values.size());
    for (const std::string& value : values) text(value);
  }
  void pair(const DoubleDouble& value) {
    real(value.high);
    real(value.low);
  }
  void pairs(const std::vector<DoubleDouble>& values) {
    for (const DoubleDouble& value : values) pair(value);
  }
  void sum(const HashSum& value) {
    u64(value.low);
    u64(value.high);
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void number(std::uint64_t value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xFFU);
  }
  std::string bytes_;
};

std::string write_moments_body(const FoldedTable& table);

/// Errors: bytes that no table makes, with what is wrong about them; `name` is the file's.
Result<FoldedTable> read_moments_body(std::string_view bytes, const std::string& name);

}  // namespace talweg
