// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/compressed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "talweg/data/archive_library.h"
#include "talweg/data/gzip_check.h"

namespace talweg {
namespace {

using namespace std::string_view_literals;

const char* compression_name(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return "gzip";
    case Compression::zstd:
      return "zstd";
    case Compression::xz:
      return "xz";
    case Compression::bzip2:
      return "bzip2";
    case Compression::none:
      break;
  }
  return "plain";
}

class Decompressor final : public ByteSource {
 public:
  Decompressor(const ArchiveLibrary& library, std::unique_ptr<ByteSource> source, Compression compression,
               std::string name)
      : library_(library),
        source_(std::move(source)),
        compression_(compression),
        name_(std::move(name)),
        input_(kInputBytes) {}
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() override {
    if (archive_ != nullptr) library_.read_free(archive_);
  }

  Result<void> start();
  Result<std::size_t> read(std::span<char> into) override;

 private:
  static constexpr std::size_t kInputBytes = std::size_t{1} << 16U;

  static la_ssize_t give(archive* /*handle*/, void* self, const void** buffer) {
    return static_cast<Decompressor*>(self)->give_input(buffer);
  }
  la_ssize_t give_input(const void** buffer);
  [[nodiscard]] Error damaged(const char* how) const;
  Result<std::size_t> finish();

  const ArchiveLibrary& library_;
  std::unique_ptr<ByteSource> source_;
  Compression compression_;
  std::string name_;
  std::vector<char> input_;
  archive* archive_ = nullptr;
  std::optional<Error> input_error_;
  GzipCheck gzip_;
  const char* block_ = nullptr;
  std::size_t block_left_ = 0;
  bool done_ = false;
};

la_ssize_t Decompressor::give_input(const void** buffer) {
  auto count = source_->read(input_);
  if (!count) {
    input_error_ = count.error();
    library_.set_error(archive_, EIO, "the input cannot be read");
    return -1;
  }
  if (compression_ == Compression::gzip) gzip_.compressed({input_.data(), *count});
  *buffer = input_.data();
  return static_cast<la_ssize_t>(*count);
}

Error Decompressor::damaged(const char* how) const {
  Error error;
  error.what = fmt::format("the {} data are damaged or cut off", compression_name(compression_));
  if (how != nullptr && *how != '\0') error.what += fmt::format(" ({})", how);
  error.remedy = "fetch or write the file again";
  error.file = name_;
  return error;
}

Result<void> Decompressor::start() {
  archive_ = library_.read_new();
  if (archive_ == nullptr) return fail(ErrorKind::io, "no memory to decompress");
  library_.read_support_format_raw(archive_);
  library_.read_support_format_empty(archive_);
  switch (compression_) {
    case Compression::gzip:
      library_.read_support_filter_gzip(archive_);
      break;
    case Compression::zstd:
      library_.read_support_filter_zstd(archive_);
      break;
    case Compression::xz:
      library_.read_support_filter_xz(archive_);
      break;
    case Compression::bzip2:
      library_.read_support_filter_bzip2(archive_);
      break;
    case Compression::none:
      break;
  }
  if (library_.read_open(archive_, this, nullptr, &Decompressor::give, nullptr) < ARCHIVE_WARN) {
    return fail(input_error_ ? *input_error_ : damaged(library_.error_string(archive_)));
  }
  archive_entry* entry = nullptr;
  const int code = library_.read_next_header(archive_, &entry);
  if (input_error_) return fail(*input_error_);
  if (code == ARCHIVE_EOF) {
    // Nothing came out: of an empty stream no error is known, of a stream cut off in its first bytes there is
    // one.
    if (library_.error_string(archive_) != nullptr ||
        library_.filter_code(archive_, 0) == ARCHIVE_FILTER_NONE) {
      return fail(damaged(library_.error_string(archive_)));
    }
    if (auto end = finish(); !end) return fail(end.error());
  } else if (code < ARCHIVE_WARN) {
    return fail(damaged(library_.error_string(archive_)));
  } else if (library_.filter_code(archive_, 0) == ARCHIVE_FILTER_NONE) {
    return fail(damaged("the header is not understood"));
  }
  return {};
}

Result<std::size_t> Decompressor::finish() {
  done_ = true;
  if (compression_ == Compression::gzip && !gzip_.fits()) return fail(damaged("the checksum does not match"));
  return 0;
}

Result<std::size_t> Decompressor::read(std::span<char> into) {
  if (done_) return 0;
  while (block_left_ == 0) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int code = library_.read_data_block(archive_, &block, &size, &offset);
    if (input_error_) return fail(*input_error_);
    if (code == ARCHIVE_EOF) return finish();
    if (code == ARCHIVE_RETRY) continue;
    if (code < ARCHIVE_WARN) return fail(damaged(library_.error_string(archive_)));
    block_ = static_cast<const char*>(block);
    block_left_ = size;
    if (compression_ == Compression::gzip) gzip_.decompressed({block_, block_left_});
  }
  const std::size_t count = std::min(into.size(), block_left_);
  std::memcpy(into.data(), block_, count);
  block_ += count;
  block_left_ -= count;
  return count;
}

}  // namespace

Compression compression_of(std::string_view first) {
  if (first.starts_with("\x1F\x8B\x08"sv)) return Compression::gzip;
  if (first.starts_with("\x28\xB5\x2F\xFD"sv)) return Compression::zstd;
  if (first.starts_with("\xFD"
                        "7zXZ\0"sv)) {
    return Compression::xz;
  }
  // Text may begin with "BZh"; the block or end mark after the level settles it.
  if (first.size() >= kCompressionMagic && first.starts_with("BZh") && first[3] >= '1' && first[3] <= '9') {
    const std::string_view mark = first.substr(4, 6);
    if (mark == "\x31\x41\x59\x26\x53\x59"sv || mark == "\x17\x72\x45\x38\x50\x90"sv)
      return Compression::bzip2;
  }
  return Compression::none;
}

Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source, Compression compression,
                                                 std::string name) {
  const auto& library = archive_library();
  if (!library) {
    Error error = library.error();
    error.file = std::move(name);
    return fail(std::move(error));
  }
  auto out = std::make_unique<Decompressor>(*library, std::move(source), compression, std::move(name));
  if (auto started = out->start(); !started) return fail(started.error());
  return out;
}

}  // namespace talweg
