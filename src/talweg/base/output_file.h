// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all: opened before a long run (so a bad path fails at once), written
// beside its place under a temporary name, renamed into place by commit(). What is not a plain file
// (/dev/stdout, a pipe) is written directly.
#pragma once

#include <string>
#include <string_view>

#include "talweg/base/error.h"

namespace talweg {

class OutputFile {
 public:
  static Result<OutputFile> open(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  /// Without a commit before, the temporary file is removed and an old file at `path` stays as it was.
  ~OutputFile();

  /// Buffered. Errors name the file: disk full, a vanished directory.
  Result<void> write(std::string_view text);
  /// Writes what is buffered and puts the file in its place.
  Result<void> commit();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  OutputFile() = default;
  Result<void> flush();
  void discard() noexcept;

  std::string path_;
  std::string temporary_;  // empty: written directly
  std::string buffer_;
  int descriptor_ = -1;
};

/// Writes all of `text` to an open descriptor; interrupted calls go on. The error has no file name yet; errno
/// is kept.
Result<void> write_all(int descriptor, std::string_view text);

}  // namespace talweg
