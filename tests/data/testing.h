// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share: files in a directory of their own, sources that trickle, short ways to
// read.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "talweg/data/bytes.h"
#include "talweg/data/row_reader.h"

namespace talweg::testing {

using namespace std::string_literals;
using namespace std::string_view_literals;

/// A directory that lives as long as the process.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "talweg-data-XXXXXX").string();
    const char* const made = ::mkdtemp(pattern.data());
    if (made == nullptr) std::abort();
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline const std::string& directory() {
  static const TemporaryDirectory kDirectory;
  return kDirectory.path();
}

inline std::string path_of(const std::string& name) {
  return directory() + "/" + name;
}

/// Writes a file into the directory and gives its path.
inline std::string file(const std::string& name, std::string_view bytes) {
  std::ofstream out(path_of(name), std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path_of(name);
}

inline std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// An error's text with the directory taken out.
inline std::string plain(const Error& error) {
  std::string text = error.text();
  const std::string prefix = directory() + "/";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
    text.erase(at, prefix.size());
  return text;
}

/// Gives the bytes of a text in pieces of random lengths from 1 to `longest`.
class TricklingSource final : public ByteSource {
 public:
  TricklingSource(std::string bytes, std::size_t longest, std::uint32_t seed)
      : bytes_(std::move(bytes)), longest_(longest), random_(seed) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t piece = std::uniform_int_distribution<std::size_t>(1, longest_)(random_);
    const std::size_t count = std::min({into.size(), piece, bytes_.size() - at_});
    std::memcpy(into.data(), bytes_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t longest_;
  std::mt19937 random_;
  std::size_t at_ = 0;
};

inline Result<std::string> read_all(ByteSource& source, std::size_t piece = 1000) {
  std::string out;
  std::vector<char> buffer(piece);
  while (true) {
    auto count = source.read(buffer);
    if (!count) return fail(count.error());
    if (*count == 0) return out;
    out.append(buffer.data(), *count);
  }
}

/// Everything a RowReader gives.
struct ReadTable {
  std::vector<RowBlock> blocks;
  std::vector<ColumnInfo> features;
  ColumnInfo target;
  std::vector<std::string> dense_names;
  std::vector<Level> levels;
  IngestAudit audit;
  std::string fingerprint;

  /// All dense rows.
  [[nodiscard]] std::vector<std::vector<double>> rows() const {
    std::vector<std::vector<double>> out;
    for (const RowBlock& block : blocks) {
      for (std::size_t i = 0; i < block.rows; ++i) {
        const auto from = block.values.begin() + static_cast<std::ptrdiff_t>(i * block.columns);
        out.emplace_back(from, from + static_cast<std::ptrdiff_t>(block.columns));
      }
    }
    return out;
  }
  /// The levels of all rows, as "column=text" (a gap as "column?").
  [[nodiscard]] std::vector<std::string> row_levels() const {
    std::vector<std::string> out;
    for (const RowBlock& block : blocks) {
      for (std::size_t i = 0; i < block.rows; ++i) {
        std::string text;
        const std::size_t from = block.level_end.empty() || i == 0 ? 0 : block.level_end[i - 1];
        const std::size_t to = block.level_end.empty() ? 0 : block.level_end[i];
        for (std::size_t at = from; at < to; ++at) {
          const Level& level = levels[block.levels[at]];
          if (!text.empty()) text += ' ';
          text += features[level.column].name + (level.gap ? "?" : "=" + level.text);
        }
        out.push_back(text);
      }
    }
    return out;
  }
};

inline Result<ReadTable> read_table(const std::vector<std::string>& paths, const ColumnRequest& request,
                                    const TableOptions& options = {}) {
  auto reader = RowReader::open(paths, options, request);
  if (!reader) return fail(reader.error());
  ReadTable out;
  RowBlock block;
  while (true) {
    auto any = reader->next(block);
    if (!any) return fail(any.error());
    if (!*any) break;
    out.blocks.push_back(block);
  }
  out.features = reader->features();
  out.target = reader->target();
  out.dense_names = reader->dense_names();
  out.levels = reader->levels();
  out.audit = reader->audit();
  out.fingerprint = reader->fingerprint();
  return out;
}

inline ColumnRequest target(std::string name) {
  ColumnRequest request;
  request.target = std::move(name);
  return request;
}

/// The text of the error that reading ends with; empty if it does not.
inline std::string error_of(const std::vector<std::string>& paths, const ColumnRequest& request,
                            const TableOptions& options = {}) {
  const auto read = read_table(paths, request, options);
  return read ? std::string() : plain(read.error());
}

}  // namespace talweg::testing
