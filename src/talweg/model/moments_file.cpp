// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/moments_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <utility>

#include "talweg/data/bytes.h"
#include "talweg/model/moments_body.h"
#include "talweg/version.h"

namespace talweg {
namespace {

constexpr std::size_t kHeaderBytes = 24;
constexpr std::size_t kChecksumBytes = 16;

std::string checksum(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  MomentsWriter out;
  out.u64(hash.low64);
  out.u64(hash.high64);
  return out.take();
}

std::uint64_t little_endian_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

tl::unexpected<Error> damaged(const std::string& name, std::string what, std::string remedy) {
  return fail(Error{ErrorKind::data, std::move(what), std::move(remedy), name});
}

// The length of the body; errors of the first bytes.
Result<std::uint64_t> read_header(std::string_view bytes, const std::string& name) {
  if (!bytes.starts_with(kMomentsMagic)) {
    return damaged(name, "this is not a moments file", "give the file that talweg fold or merge has written");
  }
  if (bytes.size() < kHeaderBytes) {
    return damaged(name, "the moments file is cut short", "copy it again, or fold the data again");
  }
  const std::uint64_t version = little_endian_at(bytes, 8, 4);
  if (version != kMomentsVersion || little_endian_at(bytes, 12, 4) != 0) {
    return damaged(name,
                   fmt::format("the moments file has version {}, and this talweg ({}) reads version {}",
                               version, kVersion, kMomentsVersion),
                   version < kMomentsVersion ? "fold the data again, or use the talweg that wrote it"
                                             : "use the talweg that wrote it, or a later one");
  }
  return little_endian_at(bytes, 16, 8);
}

}  // namespace

std::string moments_bytes(const FoldedTable& table) {
  const std::string body = write_moments_body(table);
  MomentsWriter header;
  header.u32(kMomentsVersion);
  header.u32(0);
  header.u64(body.size());
  std::string out(kMomentsMagic);
  out.reserve(kHeaderBytes + body.size() + kChecksumBytes);
  out += header.take();
  out += body;
  out += checksum(out);
  return out;
}

Result<FoldedTable> read_moments(std::string_view bytes, const std::string& name) {
  const auto length = read_header(bytes, name);
  if (!length) return fail(length.error());
  const std::size_t behind = bytes.size() - kHeaderBytes;
  if (behind < kChecksumBytes || behind - kChecksumBytes < *length) {
    return damaged(name, "the moments file is cut short", "copy it again, or fold the data again");
  }
  if (behind - kChecksumBytes > *length) {
    return damaged(name, "there is something behind the end of the moments file",
                   "copy it again, or fold the data again");
  }
  const std::string_view covered = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (checksum(covered) != bytes.substr(covered.size())) {
    return damaged(name, "the moments file is damaged: its checksum does not fit",
                   "copy it again, or fold the data again");
  }
  return read_moments_body(covered.substr(kHeaderBytes), name);
}

Result<FoldedTable> load_moments(const std::string& path) {
  const std::string name = source_name(path);
  auto source = open_bytes(path);
  if (!source) return fail(source.error());
  auto bytes = read_up_to(**source, kHeaderBytes);
  if (!bytes) return fail(bytes.error());
  const auto length = read_header(*bytes, name);
  if (!length) return fail(length.error());
  // Grows with what there is, whatever length is claimed.
  std::vector<char> buffer(std::size_t{1} << 20U);
  const std::uint64_t most = *length + kHeaderBytes + kChecksumBytes;
  while (bytes->size() <= most) {
    const auto read = (*source)->read(buffer);
    if (!read) return fail(read.error());
    if (*read == 0) break;
    bytes->append(buffer.data(), *read);
  }
  return read_moments(*bytes, name);
}

bool is_moments_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  auto source = open_bytes(path);
  if (!source) return false;
  const auto first = read_up_to(**source, kMomentsMagic.size());
  return first && *first == kMomentsMagic;
}

Result<FoldedTable> load_and_merge(const std::vector<std::string>& paths) {
  std::vector<NamedTable> parts;
  for (const std::string& path : paths) {
    auto loaded = load_moments(path);
    if (!loaded) return fail(loaded.error());
    parts.push_back({source_name(path), std::move(*loaded)});
  }
  return merge_tables(std::move(parts));
}

}  // namespace talweg
