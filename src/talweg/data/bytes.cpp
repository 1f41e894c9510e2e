// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "talweg/base/stop.h"
#include "talweg/data/compressed.h"

namespace talweg {
namespace {

std::string system_message(int code) {
  return std::generic_category().message(code);
}

class FileSource final : public ByteSource {
 public:
  FileSource(int descriptor, bool owned, std::string name)
      : descriptor_(descriptor), owned_(owned), name_(std::move(name)) {
    struct stat status {};
    waits_ = ::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override {
    if (owned_) ::close(descriptor_);
  }

  Result<std::size_t> read(std::span<char> into) override {
    while (true) {
      if (waits_ && !wait_for_bytes()) {
        return fail(ErrorKind::interrupted,
                    "interrupted while reading the data: there is nothing to report yet");
      }
      const ssize_t count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno == EINTR) continue;
      Error error{ErrorKind::io, fmt::format("cannot be read: {}", system_message(errno))};
      error.file = name_;
      return fail(std::move(error));
    }
  }

  [[nodiscard]] std::optional<FilePlace> place() const override {
    struct stat status {};
    const off_t offset = ::lseek(descriptor_, 0, SEEK_CUR);
    if (offset < 0 || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return FilePlace{descriptor_, static_cast<std::uint64_t>(offset),
                     static_cast<std::uint64_t>(status.st_size)};
  }

  void seek(std::uint64_t offset) override {
    // A regular file can be read anywhere.
    static_cast<void>(::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET));
  }

 private:
  // A pipe or a terminal may stay silent for ever, and a signal reaches any thread: look at the wish to stop
  // now and then.
  [[nodiscard]] bool wait_for_bytes() const {
    constexpr int kMilliseconds = 100;
    struct pollfd waiting {
      descriptor_, POLLIN, 0
    };
    while (!program_stop().raised()) {
      if (::poll(&waiting, 1, kMilliseconds) != 0 && waiting.revents != 0) return true;
    }
    return false;
  }

  int descriptor_;
  bool owned_;
  bool waits_ = false;
  std::string name_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t count = std::min(into.size(), bytes_.size());
    if (count > 0) std::memcpy(into.data(), bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
};

class ReplaySource final : public ByteSource {
 public:
  ReplaySource(std::string first, std::unique_ptr<ByteSource> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}
  Result<std::size_t> read(std::span<char> into) override {
    if (given_ == first_.size()) return rest_->read(into);
    const std::size_t count = std::min(into.size(), first_.size() - given_);
    std::memcpy(into.data(), first_.data() + given_, count);
    given_ += count;
    return count;
  }

  [[nodiscard]] std::optional<FilePlace> place() const override {
    return given_ == first_.size() ? rest_->place() : std::nullopt;
  }
  void seek(std::uint64_t offset) override { rest_->seek(offset); }

 private:
  std::string first_;
  std::size_t given_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

Result<std::unique_ptr<ByteSource>> decompress_if_compressed(std::unique_ptr<ByteSource> source,
                                                             std::string name) {
  auto first = read_up_to(*source, kCompressionMagic);
  if (!first) return fail(first.error());
  const Compression compression = compression_of(*first);
  auto whole = replay(std::move(*first), std::move(source));
  if (compression == Compression::none) return whole;
  return decompressed(std::move(whole), compression, std::move(name));
}

std::vector<std::string> names_beside(const std::string& path) {
  constexpr std::size_t kMostLookedAt = 10000;
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::error_code code;
  std::filesystem::directory_iterator entry(directory.empty() ? "." : directory, code);
  std::vector<std::string> names;
  while (!code && entry != std::filesystem::directory_iterator() && names.size() < kMostLookedAt) {
    names.push_back(entry->path().filename().string());
    entry.increment(code);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Error cannot_open(const std::string& path, int code) {
  Error error{ErrorKind::io, {}};
  error.file = path;
  if (code == ENOENT || code == ENOTDIR) {
    error.what = "no such file";
    const std::filesystem::path asked(path);
    std::vector<std::string> near = nearest_names(asked.filename().string(), names_beside(path));
    for (std::string& name : near) name = (asked.parent_path() / name).string();
    error.remedy = near.empty() ? "check the path ('-' is standard input)"
                                : fmt::format("did you mean {}?", name_list(near, "or"));
  } else if (code == EACCES || code == EPERM) {
    error.what = "no permission to read it";
    error.remedy = "ask its owner, or change its mode (chmod +r)";
  } else {
    error.what = fmt::format("cannot be opened: {}", system_message(code));
  }
  return error;
}

Error is_directory(const std::string& path) {
  Error error{ErrorKind::io, "is a directory, not a file", "name the files in it"};
  error.file = path;
  return error;
}

}  // namespace

std::string source_name(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

Result<std::string> read_up_to(ByteSource& source, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    auto more = source.read(std::span(bytes).subspan(have));
    if (!more) return fail(more.error());
    if (*more == 0) break;
    have += *more;
  }
  bytes.resize(have);
  return bytes;
}

std::unique_ptr<ByteSource> replay(std::string first, std::unique_ptr<ByteSource> rest) {
  return std::make_unique<ReplaySource>(std::move(first), std::move(rest));
}

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
  const bool standard_input = path == "-";
  const int descriptor = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(cannot_open(path, errno));
  auto source = std::make_unique<FileSource>(descriptor, !standard_input, source_name(path));
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode))
    return fail(is_directory(source_name(path)));
  return decompress_if_compressed(std::move(source), source_name(path));
}

Result<std::unique_ptr<ByteSource>> memory_bytes(std::string_view bytes, std::string name) {
  return decompress_if_compressed(std::make_unique<MemorySource>(bytes), std::move(name));
}

}  // namespace talweg
