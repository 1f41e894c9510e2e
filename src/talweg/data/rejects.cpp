// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/rejects.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace talweg {
namespace {

void append_cell(std::string& line, std::string_view cell, char delimiter) {
  const char special[] = {delimiter, '"', '\n', '\r', ' ', '\t'};
  if (!cell.empty() &&
      cell.find_first_of(std::string_view(special, sizeof special)) == std::string_view::npos) {
    line += cell;
    return;
  }
  line += '"';
  for (const char c : cell) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

tl::unexpected<Error> RejectsFile::cannot_write(int code) const {
  Error error{ErrorKind::io,
              fmt::format("the rejected rows cannot be written: {}", std::generic_category().message(code)),
              "name another file with --rejects"};
  error.file = path_;
  return fail(std::move(error));
}

Result<RejectsFile> RejectsFile::open(const std::string& path, const std::vector<std::string>& inputs) {
  RejectsFile out;
  out.path_ = path;
  struct stat mine {};
  if (::stat(path.c_str(), &mine) == 0 && S_ISREG(mine.st_mode)) {
    for (const std::string& input : inputs) {
      struct stat theirs {};
      const int found = input == "-" ? ::fstat(0, &theirs) : ::stat(input.c_str(), &theirs);
      if (found != 0 || !same_file(mine, theirs)) continue;
      Error error{ErrorKind::usage, "--rejects would overwrite the data", "name another file with --rejects"};
      error.file = path;
      return fail(std::move(error));
    }
  }
  out.file_.reset(std::fopen(path.c_str(), "we"));
  if (out.file_ == nullptr) return out.cannot_write(errno);
  return out;
}

void RejectsFile::set_header(const std::vector<std::string>& names, char delimiter) {
  pending_.clear();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) pending_ += delimiter;
    append_cell(pending_, names[i], delimiter);
  }
  pending_ += '\n';
}

Result<void> RejectsFile::write(std::string_view text) {
  pending_ += text;
  const bool written = std::fwrite(pending_.data(), 1, pending_.size(), file_.get()) == pending_.size();
  pending_.clear();
  if (!written) return cannot_write(errno);
  return {};
}

Result<void> RejectsFile::close() {
  if (file_ == nullptr) return {};
  if (std::fclose(file_.release()) != 0) return cannot_write(errno);
  return {};
}

}  // namespace talweg
