// SPDX-License-Identifier: Apache-2.0
// Checksums of a gzip stream, which libarchive decompresses without looking at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace talweg {

/// CRC-32 (of gzip) of `bytes` after those whose CRC is `crc`; 0 to begin with.
std::uint32_t crc32(std::uint32_t crc, std::string_view bytes);

/// CRC-32 of two texts in a row, from those of each and the length of the second.
std::uint32_t combined_crc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_length);

/// Sees the compressed and the decompressed bytes of one gzip stream and tells at its end whether they fit.
/// Where a member ends is not known from outside the decompressor, so headers of further members are looked
/// for in the compressed bytes; each is preceded by the checksum and length of the member before. The
/// checksums of all members together give that of the whole.
class GzipCheck {
 public:
  void compressed(std::string_view bytes);
  void decompressed(std::string_view bytes);
  /// To be asked once, when all bytes were seen.
  [[nodiscard]] bool fits();

 private:
  void end_member(std::string_view trailer);

  std::string window_;         // the last compressed bytes
  std::size_t looked_at_ = 0;  // positions of `window_` that have been looked at
  std::uint32_t wanted_crc_ = 0;
  std::uint32_t wanted_length_ = 0;
  std::uint32_t crc_ = 0;
  std::uint64_t length_ = 0;
  bool several_ = false;
};

}  // namespace talweg
