// SPDX-License-Identifier: Apache-2.0
#include "talweg/base/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace talweg {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 16U;

Error cannot(const std::string& path, const char* what, int code) {
  Error error{ErrorKind::io, fmt::format("cannot {} the file: {}", what, std::strerror(code))};
  error.file = path;
  if (code == ENOENT || code == ENOTDIR) error.remedy = "make its directory first, or name another place";
  if (code == ENOSPC || code == EDQUOT) error.remedy = "free some space, or name a place on another disk";
  if (code == EACCES || code == EPERM || code == EROFS) error.remedy = "name a place that you may write to";
  if (code == EISDIR) error.remedy = "this is a directory: name a file in it";
  return error;
}

}  // namespace

Result<void> write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(ErrorKind::io, fmt::format("cannot write: {}", std::strerror(errno)));
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<OutputFile> OutputFile::open(const std::string& path) {
  OutputFile out;
  out.path_ = path;
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return fail(cannot(path, "write", EISDIR));
  if (exists && !S_ISREG(status.st_mode)) {
    out.descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (out.descriptor_ < 0) return fail(cannot(path, "open", errno));
    return out;
  }
  if (exists && ::access(path.c_str(), W_OK) != 0) return fail(cannot(path, "write", errno));
  // A link keeps pointing where it points: the file behind it is replaced.
  std::error_code code;
  const std::filesystem::path real =
      exists ? std::filesystem::canonical(path, code) : std::filesystem::path(path);
  out.path_ = code ? path : real.string();
  out.temporary_ = out.path_ + ".XXXXXX";
  out.descriptor_ = ::mkostemp(out.temporary_.data(), O_CLOEXEC);
  if (out.descriptor_ < 0) {
    const int error = errno;
    out.temporary_.clear();
    return fail(cannot(path, "create", error));
  }
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(out.descriptor_, exists ? status.st_mode & 07777U : 0666U & ~mask);
  return out;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      buffer_(std::move(other.buffer_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  path_ = std::move(other.path_);
  temporary_ = std::exchange(other.temporary_, {});
  buffer_ = std::move(other.buffer_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

OutputFile::~OutputFile() {
  discard();
}

void OutputFile::discard() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

Result<void> OutputFile::flush() {
  if (!write_all(descriptor_, buffer_)) return fail(cannot(path_, "write", errno));
  buffer_.clear();
  return {};
}

Result<void> OutputFile::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() < kBuffer) return {};
  return flush();
}

Result<void> OutputFile::commit() {
  if (auto flushed = flush(); !flushed) return flushed;
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) return fail(cannot(path_, "write", errno));
  if (temporary_.empty()) return {};
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return fail(cannot(path_, "replace", errno));
  temporary_.clear();
  return {};
}

}  // namespace talweg
