// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "talweg/data/header_names.h"
#include "talweg/data/sniff.h"
#include "talweg/data/table_state.h"

namespace talweg {
namespace {

constexpr std::size_t kSniffedBytes = std::size_t{1} << 16U;

std::string_view kind_name(TableKind kind) {
  switch (kind) {
    case TableKind::array:
      return "a .npy array";
    case TableKind::sparse:
      return "libsvm text";
    case TableKind::text:
      break;
  }
  return "text";
}

bool is_regular(const std::string& path) {
  struct stat status {};
  return path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

// Opens the next file that is not empty; false when there is none.
Result<bool> TableReader::State::open_next() {
  while (next_path < paths.size()) {
    text.reset();
    array.reset();
    sparse.reset();
    const std::string& path = paths[next_path];
    file = &files[next_path];
    ++next_path;
    by_record = false;
    const TableFormat named = format_of_name(path);
    const bool automatic = options.format == TableFormat::automatic;
    std::optional<Spool> kept;
    if (next_path <= spools.size()) kept = std::exchange(spools[next_path - 1], std::nullopt);
    auto source = kept ? Result<std::unique_ptr<ByteSource>>(kept->replay()) : open_bytes(path);
    if (!source) return stop(source.error());
    auto first = read_up_to(**source, std::max(kNpyMagic.size(), kMomentsMagic.size()));
    if (!first) return stop(first.error());
    if (*first == kMomentsMagic) {
      return stop_at(
          0, "is a moments file, which holds no rows",
          "fit, forecast, merge and show take it, as a file with a name; here give the data themselves");
    }
    const bool npy = automatic ? named == TableFormat::npy || first->starts_with(kNpyMagic)
                               : options.format == TableFormat::npy;
    auto whole = replay(std::move(*first), std::move(*source));
    const bool tab = options.format == TableFormat::tsv || (automatic && named == TableFormat::tsv);
    auto opened = npy               ? open_array(std::move(whole))
                  : is_sparse(path) ? open_sparse(std::move(whole))
                                    : open_text(std::move(whole), tab);
    if (!opened || *opened) return opened;
  }
  return false;
}

Result<bool> TableReader::State::open_text(std::unique_ptr<ByteSource> source, bool tab) {
  char cut = options.delimiter != 0 ? options.delimiter : '\t';
  const bool sniffed = options.delimiter == 0 && !tab;
  text.emplace(std::move(source), *file, cut);
  part_delimiter = cut;
  if (sniffed) {
    auto start = text->peek(kSniffedBytes);
    if (!start) return stop(start.error());
    cut = sniff_delimiter(*start, options.decimal);
    text->set_delimiter(cut);
    part_delimiter = cut;
  }
  auto any = text->next(record);
  if (!any) return stop(any.error());
  if (!*any) return false;
  if (!has_names) {
    delimiter = cut;
    delimiter_sniffed = sniffed;
  }
  if (has_names && kind != TableKind::text) return other_kind(TableKind::text);
  auto begun = has_names ? first_record_of_part() : first_record_of_table();
  if (!begun) return fail(begun.error());
  if (names.size() == 1) {
    text->set_keep_blank_lines(true);
    if (first_is_data) blank_rows = record.line - 1;
  }
  return true;
}

Result<bool> TableReader::State::open_array(std::unique_ptr<ByteSource> source) {
  auto opened = NpyReader::open(std::move(source), *file);
  if (!opened) return stop(opened.error());
  array.emplace(std::move(*opened));
  auto found = numbered_names(array->columns());
  if (!has_names) {
    if (auto taken = take_names(std::move(found), TableKind::array); !taken) return fail(taken.error());
    return true;
  }
  if (kind != TableKind::array) return other_kind(TableKind::array);
  if (found.size() != names.size()) {
    return stop_at(0, fmt::format("has {} columns, {} has {}", found.size(), first_file, names.size()),
                   "give files with the same columns");
  }
  return true;
}

tl::unexpected<Error> TableReader::State::other_kind(TableKind found) {
  return stop_at(0, fmt::format("is {}, {} is {}", kind_name(found), first_file, kind_name(kind)),
                 "convert one of them");
}

bool TableReader::State::is_sparse(const std::string& path) const {
  const bool automatic = options.format == TableFormat::automatic;
  return (automatic ? format_of_name(path) : options.format) == TableFormat::libsvm;
}

// The columns of the table: the largest index of this file and of those behind it. `first`: the bytes of this
// one.
Result<void> TableReader::State::measure_sparse(std::unique_ptr<ByteSource> first) {
  std::uint64_t largest = options.libsvm.least;
  const std::size_t here = next_path - 1;
  spools.resize(paths.size());
  for (std::size_t k = here; k < paths.size() && !options.libsvm.no_more; ++k) {
    if (!is_sparse(paths[k])) break;
    file = &files[k];
    auto source = k == here ? Result<std::unique_ptr<ByteSource>>(std::move(first)) : open_bytes(paths[k]);
    if (!source) return stop(source.error());
    if (!is_regular(paths[k])) {
      spools[k].emplace(files[k]);
      source = spools[k]->record(std::move(*source));
    }
    LibsvmReader rows(std::move(*source), files[k]);
    const auto found = largest_index(rows, files[k]);
    if (!found) return stop(found.error());
    largest = std::max(largest, *found);
  }
  file = &files[here];
  std::vector<std::string> found = numbered_names(largest);
  found.insert(found.begin(), std::string(kLibsvmLabel));
  return take_names(std::move(found), TableKind::sparse);
}

Result<bool> TableReader::State::open_sparse(std::unique_ptr<ByteSource> source) {
  if (has_names && kind != TableKind::sparse) return other_kind(TableKind::sparse);
  if (!has_names) {
    const std::size_t here = next_path - 1;
    const bool twice = !options.libsvm.no_more;
    if (auto measured = measure_sparse(twice ? std::move(source) : nullptr); !measured)
      return fail(measured.error());
    dense.assign(names.size(), 0.0);
    if (twice) {
      auto again = spools[here] ? Result<std::unique_ptr<ByteSource>>(spools[here]->replay())
                                : open_bytes(paths[here]);
      if (!again) return stop(again.error());
      spools[here].reset();
      source = std::move(*again);
    }
  }
  sparse.emplace(std::move(source), *file);
  return true;
}

Result<void> TableReader::State::take_names(std::vector<std::string> found, TableKind found_kind) {
  names = std::move(found);
  kind = found_kind;
  first_file = *file;
  has_names = true;
  return {};
}

Result<void> TableReader::State::first_record_of_table() {
  if (record.bad) return stop(*record.bad);
  has_header = options.header.value_or(looks_like_header(record.fields, options.decimal));
  first_is_data = !has_header;
  if (!has_header) return take_names(numbered_names(record.fields.size()), TableKind::text);
  auto found = header_names(record.fields);
  if (!found) {
    found.error().line = record.line;
    if (!options.header) found.error().remedy += ", or give --header no if the first line is a row";
    return stop(found.error());
  }
  return take_names(std::move(*found), TableKind::text);
}

Result<void> TableReader::State::first_record_of_part() {
  if (record.bad) return stop(*record.bad);
  first_is_data = !has_header;
  if (!has_header) {
    if (record.fields.size() == names.size()) return {};
    return stop_at(record.line,
                   fmt::format("has {} columns, {} has {}", record.fields.size(), first_file, names.size()),
                   "give files with the same columns");
  }
  auto found = header_names(record.fields);
  if (found && *found == names) return {};
  if (!options.header && !looks_like_header(record.fields, options.decimal)) {
    return stop_at(record.line, fmt::format("has no header, {} has one", first_file),
                   "give every file the same header, or take all of them off and say --header no");
  }
  if (!found) {
    found.error().line = record.line;
    return stop(found.error());
  }
  return stop_at(record.line, "the header differs: " + first_difference(*found, names, first_file),
                 "give every file the same header");
}

}  // namespace talweg
