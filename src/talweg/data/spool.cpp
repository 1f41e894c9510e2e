// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace talweg {

struct Spool::State {
  std::string name;
  std::size_t in_memory = kSpoolInMemory;
  std::vector<char> memory;
  int descriptor = -1;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (descriptor >= 0) ::close(descriptor);
  }

  [[nodiscard]] Error cannot(const char* what, int code) const {
    return Error{
        ErrorKind::io,
        fmt::format("its temporary copy cannot be {}: {}", what, std::generic_category().message(code)),
        "set TMPDIR to a folder with room, or give a file instead of a pipe", name};
  }

  Result<void> write(std::span<const char> bytes) {
    const std::size_t fits = std::min(bytes.size(), in_memory - memory.size());
    memory.insert(memory.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(fits));
    bytes = bytes.subspan(fits);
    if (bytes.empty()) return {};
    if (descriptor < 0) {
      std::error_code code;
      std::string pattern = (std::filesystem::temp_directory_path(code) / "talweg-XXXXXX").string();
      if (code) return fail(cannot("made", code.value()));
      descriptor = ::mkostemp(pattern.data(), O_CLOEXEC);
      if (descriptor < 0) return fail(cannot("made", errno));
      ::unlink(pattern.c_str());
    }
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(cannot("written", errno));
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<std::size_t> read(std::size_t at, std::span<char> into) const {
    if (at < memory.size()) {
      const std::size_t count = std::min(into.size(), memory.size() - at);
      std::memcpy(into.data(), memory.data() + at, count);
      return count;
    }
    if (descriptor < 0) return std::size_t{0};
    while (true) {
      const ssize_t count =
          ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(at - memory.size()));
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return fail(cannot("read", errno));
    }
  }
};

Spool::Spool(std::string name, std::size_t in_memory) : state_(std::make_shared<State>()) {
  state_->name = std::move(name);
  state_->in_memory = in_memory;
}
Spool::~Spool() = default;
Spool::Spool(Spool&&) noexcept = default;
Spool& Spool::operator=(Spool&&) noexcept = default;

std::unique_ptr<ByteSource> Spool::record(std::unique_ptr<ByteSource> source) {
  class Recorder final : public ByteSource {
   public:
    Recorder(std::unique_ptr<ByteSource> source, std::shared_ptr<State> state)
        : source_(std::move(source)), state_(std::move(state)) {}
    Result<std::size_t> read(std::span<char> into) override {
      auto count = source_->read(into);
      if (!count) return count;
      if (auto written = state_->write(into.first(*count)); !written) return fail(written.error());
      return count;
    }

   private:
    std::unique_ptr<ByteSource> source_;
    std::shared_ptr<State> state_;
  };
  return std::make_unique<Recorder>(std::move(source), state_);
}

std::unique_ptr<ByteSource> Spool::replay() {
  class Player final : public ByteSource {
   public:
    explicit Player(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Result<std::size_t> read(std::span<char> into) override {
      auto count = state_->read(at_, into);
      if (count) at_ += *count;
      return count;
    }

   private:
    std::shared_ptr<State> state_;
    std::size_t at_ = 0;
  };
  return std::make_unique<Player>(state_);
}

}  // namespace talweg
