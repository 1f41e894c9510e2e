// SPDX-License-Identifier: Apache-2.0
// Bytes of a file, of standard input or of memory, decompressed on the way when their first bytes say so
// (gzip, zstd, xz, bzip2; through libarchive). Constant memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "talweg/base/error.h"

namespace talweg {

/// A regular file that can be read anywhere: `offset` is where its source would read next.
struct FilePlace {
  int descriptor = -1;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills at most `into.size()` bytes (> 0) and returns how many; 0 is the end. Errors name the file:
  /// unreadable, damaged or truncated compressed data.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  /// Where the source reads a regular file as it stands (not compressed): absent for others.
  [[nodiscard]] virtual std::optional<FilePlace> place() const { return std::nullopt; }
  /// Goes on reading at this offset of the file; only where there is a place().
  virtual void seek(std::uint64_t offset) { static_cast<void>(offset); }
};

/// Opens `path` ("-" is standard input). Errors: no such file, a directory, no permission; each with its
/// remedy.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);

/// Bytes of memory that outlives the source; decompressed like a file. `name` stands for the file in errors.
Result<std::unique_ptr<ByteSource>> memory_bytes(std::string_view bytes, std::string name);

/// What a path is called in messages: "-" is "standard input".
std::string source_name(const std::string& path);

/// The next `count` bytes, fewer only where the source ends before.
Result<std::string> read_up_to(ByteSource& source, std::size_t count);

/// A source that gives `first` and then the bytes of `rest`: undoes a look at the first bytes.
std::unique_ptr<ByteSource> replay(std::string first, std::unique_ptr<ByteSource> rest);

}  // namespace talweg
