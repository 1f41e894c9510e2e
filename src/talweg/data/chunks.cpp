// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/chunks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "talweg/data/chunk_parser.h"
#include "talweg/data/csv_scanner.h"

namespace talweg {
namespace {

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

std::size_t find_feed(const std::vector<char>& buffer, std::size_t from, std::size_t to) {
  if (from >= to) return kNowhere;
  const void* const found = std::memchr(buffer.data() + from, '\n', to - from);
  return found == nullptr ? kNowhere
                          : static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
}

// Closes the last record where the file does not, and makes the bytes behind readable. `end` is where the
// data end in the buffer.
void close_text(Chunk& chunk, std::size_t end, bool at_end_of_file) {
  chunk.size = end - chunk.first;
  if (at_end_of_file && chunk.size > 0 && chunk.buffer[end - 1] != '\n') {
    if (chunk.buffer.size() < end + 1 + kChunkTail) chunk.buffer.resize(end + 1 + kChunkTail);
    chunk.buffer[end] = '\n';
    ++chunk.size;
    chunk.feed_added = true;
  }
  if (chunk.buffer.size() < chunk.first + chunk.size + kChunkTail) {
    chunk.buffer.resize(chunk.first + chunk.size + kChunkTail);
  }
}

class FileChunks final : public ChunkSource {
 public:
  FileChunks(const FilePlace& place, std::size_t bytes, std::string name)
      : place_(place), bytes_(bytes), name_(std::move(name)), at_(place.offset) {}

  bool next(Chunk& chunk) override {
    if (at_ >= place_.size) return false;
    chunk.range_begin = at_;
    chunk.range_end = std::min(at_ + bytes_, place_.size);
    at_ = chunk.range_end;
    return true;
  }

  void load(Chunk& chunk) const override {
    const bool is_first = chunk.range_begin == place_.offset;
    // The byte before the range tells whether a record starts at its first byte.
    const std::uint64_t from = is_first ? chunk.range_begin : chunk.range_begin - 1;
    constexpr std::size_t kSlack = 4096;
    std::size_t have = 0;  // bytes of the file in the buffer, from `from` on
    std::size_t wanted = static_cast<std::size_t>(chunk.range_end - from) + kSlack;
    bool at_end = false;
    const auto read_more = [&] {
      if (chunk.buffer.size() < kChunkHead + wanted + 1 + kChunkTail) {
        chunk.buffer.resize(kChunkHead + wanted + 1 + kChunkTail);
      }
      while (have < wanted && !at_end && !chunk.error) {
        const ssize_t count = ::pread(place_.descriptor, chunk.buffer.data() + kChunkHead + have,
                                      wanted - have, static_cast<off_t>(from + have));
        if (count > 0) {
          have += static_cast<std::size_t>(count);
        } else if (count == 0) {
          at_end = true;
        } else if (errno != EINTR) {
          chunk.error =
              Error{ErrorKind::io, fmt::format("cannot be read: {}", std::generic_category().message(errno))};
          chunk.error->file = name_;
        }
      }
    };
    // The first line feed at or behind a place in the file; the end of the data where there is none.
    const auto feed_from = [&](std::uint64_t place) -> std::size_t {
      std::size_t seen = kChunkHead + static_cast<std::size_t>(place - from);
      while (true) {
        const std::size_t feed = find_feed(chunk.buffer, seen, kChunkHead + have);
        if (feed != kNowhere) return feed;
        if (at_end || chunk.error || have > kLongestRecord + bytes_) return kNowhere;
        seen = std::max(seen, kChunkHead + have);
        wanted = 2 * wanted;
        read_more();
      }
    };
    read_more();
    chunk.first = kChunkHead;
    if (!is_first) {
      const std::size_t feed = feed_from(from);
      chunk.first = feed == kNowhere ? kChunkHead + have : feed + 1;
    }
    chunk.begin = from + (chunk.first - kChunkHead);
    std::size_t end = chunk.first;
    if (chunk.begin < chunk.range_end) {
      const std::size_t feed = feed_from(chunk.range_end - 1);
      end = feed == kNowhere ? kChunkHead + have : feed + 1;
      // What lies behind an error is not known: the records before it are whole.
      if (feed == kNowhere && chunk.error) {
        while (end > chunk.first && chunk.buffer[end - 1] != '\n') --end;
      }
      chunk.too_long = feed == kNowhere && !at_end && !chunk.error;
    }
    chunk.end = from + (end - kChunkHead);
    close_text(chunk, end, at_end && end == kChunkHead + have);
  }

 private:
  FilePlace place_;
  std::uint64_t bytes_;
  std::string name_;
  std::uint64_t at_;
};

class StreamChunks final : public ChunkSource {
 public:
  StreamChunks(std::string first, ByteSource& source, std::size_t bytes)
      : source_(source), bytes_(bytes), carry_(first.begin(), first.end()) {}

  bool next(Chunk& chunk) override {
    if (ended_) return false;
    std::vector<char>& buffer = chunk.buffer;
    buffer.resize(kChunkHead + std::max(carry_.size(), bytes_) + 1 + kChunkTail);
    std::copy(carry_.begin(), carry_.end(), buffer.begin() + kChunkHead);
    std::size_t end = kChunkHead + carry_.size();
    std::size_t wanted = kChunkHead + bytes_;
    chunk.first = kChunkHead;
    chunk.begin = offset_;
    std::size_t cut = kNowhere;
    while (cut == kNowhere) {
      if (buffer.size() < wanted + 1 + kChunkTail) buffer.resize(wanted + 1 + kChunkTail);
      while (end < wanted && !ended_) {
        auto count = source_.read(std::span(buffer.data() + end, wanted - end));
        if (!count) chunk.error = count.error();
        ended_ = !count || *count == 0;
        if (count) end += *count;
      }
      if (ended_ && !chunk.error) {
        cut = end;
        break;
      }
      cut = last_record_end(buffer, end);
      if (cut == kNowhere && (ended_ || end - kChunkHead > kLongestRecord)) {
        // After an error nothing is whole; a record without end is for the sequential scanner.
        chunk.too_long = !ended_;
        cut = ended_ ? kChunkHead : end;
      }
      wanted = kChunkHead + 2 * (end - kChunkHead);
    }
    carry_.assign(buffer.begin() + static_cast<std::ptrdiff_t>(cut),
                  buffer.begin() + static_cast<std::ptrdiff_t>(end));
    chunk.end = offset_ + (cut - kChunkHead);
    offset_ = chunk.end;
    close_text(chunk, cut, ended_ && !chunk.error);
    return true;
  }

  [[nodiscard]] std::string unread() const override { return {carry_.begin(), carry_.end()}; }

 private:
  // Behind the last line feed outside quotes; the buffer starts with a record.
  static std::size_t last_record_end(const std::vector<char>& buffer, std::size_t end) {
    bool inside = count_quotes(buffer.data() + kChunkHead, end - kChunkHead) % 2 == 1;
    for (std::size_t at = end; at > kChunkHead; --at) {
      const char c = buffer[at - 1];
      if (c == '\n' && !inside) return at;
      if (c == '"') inside = !inside;
    }
    return kNowhere;
  }

  ByteSource& source_;
  std::size_t bytes_;
  std::vector<char> carry_;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
};

}  // namespace

std::string_view Chunk::text() const {
  return {buffer.data() + first, size};
}

std::string_view Chunk::source_text() const {
  return text().substr(0, size - (feed_added ? 1 : 0));
}

std::unique_ptr<ChunkSource> file_chunks(const FilePlace& place, std::size_t bytes, std::string name) {
  return std::make_unique<FileChunks>(place, bytes, std::move(name));
}

std::unique_ptr<ChunkSource> stream_chunks(std::string first, ByteSource& source, std::size_t bytes) {
  return std::make_unique<StreamChunks>(std::move(first), source, bytes);
}

}  // namespace talweg
