// SPDX-License-Identifier: Apache-2.0
// The file that bad records are written to, such that it can be mended and read as a table.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/table.h"

namespace talweg {

class RejectsFile {
 public:
  /// Opens (and empties) `path`. Errors: it cannot be written, or it is one of the `inputs`.
  static Result<RejectsFile> open(const std::string& path, const std::vector<std::string>& inputs);

  /// The header is written before the first record, so that a file without records is empty.
  void set_header(const std::vector<std::string>& names, char delimiter);
  /// `text`: whole records, each with its line end.
  Result<void> write(std::string_view text);
  /// Writes out what is buffered; the file is closed.
  Result<void> close();

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[nodiscard]] tl::unexpected<Error> cannot_write(int code) const;

  std::unique_ptr<std::FILE, CloseFile> file_;
  std::string path_;
  std::string pending_;  // the header, until it is written; then the line in the making
};

}  // namespace talweg
