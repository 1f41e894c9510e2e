// SPDX-License-Identifier: Apache-2.0
// The rest of a text file in chunks of whole records, for parsing in parallel.
//
// FileChunks cuts a file that can be read anywhere into ranges of equal length; a range has the records that
// start in it, and is loaded by the thread that parses it, the end of its last record included. That takes
// line feeds for record ends: each chunk says where its first record starts and its last one ends, and a
// chunk that does not start where the one before ended tells that a quoted line feed lay at the cut.
// StreamChunks reads in order (a pipe, compressed data), counts quotes, and cuts at line feeds outside of
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/bytes.h"

namespace talweg {

/// Bytes of one chunk, with readable bytes around them.
struct Chunk {
  std::uint64_t range_begin = 0;  ///< FileChunks: offsets of the range in the file
  std::uint64_t range_end = 0;
  std::uint64_t begin = 0;  ///< offset of the first byte of text() (StreamChunks: of the stream)
  std::uint64_t end = 0;    ///< behind its last byte
  bool too_long = false;    ///< a record is longer than kLongestRecord: the sequential scanner has to decide
  bool feed_added = false;  ///< the last line feed is not in the file
  std::optional<Error> error;  ///< what the source ended with, behind the text

  [[nodiscard]] std::string_view text() const;
  /// As it stands in the file.
  [[nodiscard]] std::string_view source_text() const;

  std::vector<char> buffer;  // kChunkHead bytes, what was read, kChunkTail bytes
  std::size_t first = 0;     // the text in the buffer
  std::size_t size = 0;
};

class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  /// The next chunk, perhaps without its bytes; false at the end. Called in order.
  virtual bool next(Chunk& chunk) = 0;
  /// Fills in the bytes; may run on another thread, several chunks at once.
  virtual void load(Chunk& chunk) const { static_cast<void>(chunk); }
  /// Bytes that have been read and not given out: they belong behind the last chunk.
  [[nodiscard]] virtual std::string unread() const { return {}; }
};

/// `place` stays open as long as the chunks; `bytes` is the length of a range.
std::unique_ptr<ChunkSource> file_chunks(const FilePlace& place, std::size_t bytes, std::string name);

/// `first`: bytes before those of `source`, which must outlive the chunks.
std::unique_ptr<ChunkSource> stream_chunks(std::string first, ByteSource& source, std::size_t bytes);

}  // namespace talweg
