// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/table.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "talweg/data/bytes.h"
#include "talweg/data/csv_scanner.h"
#include "talweg/data/header_names.h"
#include "talweg/data/libsvm.h"
#include "talweg/data/npy.h"
#include "talweg/data/sniff.h"
#include "talweg/data/spool.h"

namespace talweg {
namespace {

constexpr std::size_t kSniffedBytes = std::size_t{1} << 16U;

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// What a table's first file makes of it; the others have to be the same.
enum class Kind { text, array, sparse };

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::array:
      return "a .npy array";
    case Kind::sparse:
      return "libsvm text";
    case Kind::text:
      break;
  }
  return "text";
}

bool is_regular(const std::string& path) {
  struct stat status {};
  return path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

TableFormat format_of_name(const std::string& path) {
  std::string name = lower_case(path);
  for (const std::string_view suffix : {".gz", ".zst", ".xz", ".bz2"}) {
    if (name.ends_with(suffix)) {
      name.resize(name.size() - suffix.size());
      break;
    }
  }
  if (name.ends_with(".tsv")) return TableFormat::tsv;
  if (name.ends_with(".npy")) return TableFormat::npy;
  if (name.ends_with(".svm") || name.ends_with(".libsvm")) return TableFormat::libsvm;
  return TableFormat::csv;
}

Error ragged_error(std::size_t found, std::size_t expected) {
  return {ErrorKind::data,
          fmt::format("{} field{} where {} {} expected", found, found == 1 ? "" : "s", expected,
                      expected == 1 ? "is" : "are"),
          "mend the line (a field that holds the delimiter has to be quoted), or leave such rows out with "
          "--bad-rows skip"};
}

struct TableReader::State {
  std::vector<std::string> paths;
  std::vector<std::string> files;  // the paths' names in messages
  TableOptions options;

  std::size_t next_path = 0;
  const std::string* file = nullptr;  // the one being read
  std::string first_file;             // the one that gave the names
  std::optional<CsvScanner> text;
  std::optional<NpyReader> array;
  std::optional<LibsvmReader> sparse;

  std::vector<std::string> names;
  bool has_names = false;
  Kind kind = Kind::text;
  bool has_header = false;
  char delimiter = ',';
  char part_delimiter = ',';  // of the file being read
  bool delimiter_sniffed = false;

  CsvRecord record;
  std::uint64_t row = 0;
  std::uint64_t blank_rows =
      0;  // missing cells that precede the first record of a one-column file without header
  bool first_is_data = false;  // `record` holds a data record that has not been given out
  Error ragged;
  std::string_view blank_cell;
  SparseRow sparse_row;
  std::vector<double> dense;                 // the label, then the features
  std::vector<std::optional<Spool>> spools;  // of the paths that can be read only once
  std::uint64_t rows_cut = 0;
  bool by_record = false;  // the rest of this file is not given away
  std::optional<Error> failed;

  tl::unexpected<Error> stop(Error error) {
    if (error.file.empty() && file != nullptr) error.file = *file;
    failed = error;
    return fail(std::move(error));
  }
  tl::unexpected<Error> stop_at(std::uint64_t line, std::string what, std::string remedy) {
    return stop(Error{ErrorKind::data, std::move(what), std::move(remedy), *file, line});
  }

  Result<bool> open_next();
  Result<bool> open_text(std::unique_ptr<ByteSource> source, bool tab);
  Result<bool> open_array(std::unique_ptr<ByteSource> source);
  Result<bool> open_sparse(std::unique_ptr<ByteSource> source);
  Result<void> measure_sparse(std::unique_ptr<ByteSource> first);
  [[nodiscard]] bool is_sparse(const std::string& path) const;
  [[nodiscard]] tl::unexpected<Error> other_kind(Kind found);
  Result<void> first_record_of_table();
  Result<void> first_record_of_part();
  Result<void> take_names(std::vector<std::string> found, Kind found_kind);
  Result<bool> next(TableRecord& out);
  Result<bool> next_text(TableRecord& out);
  Result<bool> next_array(TableRecord& out);
  Result<bool> next_sparse(TableRecord& out);
  void give_blank(TableRecord& out);
  void give_text(TableRecord& out);
  tl::unexpected<Error> no_rows();
};

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
  if (has_names && kind != Kind::text) return other_kind(Kind::text);
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
    if (auto taken = take_names(std::move(found), Kind::array); !taken) return fail(taken.error());
    return true;
  }
  if (kind != Kind::array) return other_kind(Kind::array);
  if (found.size() != names.size()) {
    return stop_at(0, fmt::format("has {} columns, {} has {}", found.size(), first_file, names.size()),
                   "give files with the same columns");
  }
  return true;
}

tl::unexpected<Error> TableReader::State::other_kind(Kind found) {
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
  return take_names(std::move(found), Kind::sparse);
}

Result<bool> TableReader::State::open_sparse(std::unique_ptr<ByteSource> source) {
  if (has_names && kind != Kind::sparse) return other_kind(Kind::sparse);
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

Result<void> TableReader::State::take_names(std::vector<std::string> found, Kind found_kind) {
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
  if (!has_header) return take_names(numbered_names(record.fields.size()), Kind::text);
  auto found = header_names(record.fields);
  if (!found) {
    found.error().line = record.line;
    if (!options.header) found.error().remedy += ", or give --header no if the first line is a row";
    return stop(found.error());
  }
  return take_names(std::move(*found), Kind::text);
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

tl::unexpected<Error> TableReader::State::no_rows() {
  if (paths.size() == 1) {
    if (!has_names) return stop(Error{ErrorKind::data, "is empty", "check how it was written", files[0]});
    if (has_header) {
      return stop(Error{ErrorKind::data, "has a header and no rows",
                        "give --header no if its only line is a row", files[0]});
    }
    return stop(Error{ErrorKind::data, "has no rows", "check how it was written", files[0]});
  }
  return stop(Error{ErrorKind::data, fmt::format("the {} files have no rows", paths.size()),
                    "check how they were written", name_list(files)});
}

void TableReader::State::give_blank(TableRecord& out) {
  out = TableRecord{};
  out.cells = std::span(&blank_cell, 1);
  out.file = file;
  out.line = record.line - blank_rows;
  out.row = row++;
  --blank_rows;
}

void TableReader::State::give_text(TableRecord& out) {
  out.cells = record.fields;
  out.numbers = {};
  out.row = row++;
  out.line = record.line;
  out.file = file;
  out.raw = record.raw;
  out.bad = nullptr;
  if (record.bad) {
    out.bad = &*record.bad;
  } else if (record.fields.size() != names.size()) {
    ragged = ragged_error(record.fields.size(), names.size());
    ragged.file = *file;
    ragged.line = record.line;
    out.bad = &ragged;
  }
}

Result<bool> TableReader::State::next_text(TableRecord& out) {
  if (blank_rows > 0) {
    give_blank(out);
    return true;
  }
  if (first_is_data) {
    first_is_data = false;
    give_text(out);
    return true;
  }
  auto any = text->next(record);
  if (!any) return stop(any.error());
  if (*any) give_text(out);
  return *any;
}

Result<bool> TableReader::State::next_array(TableRecord& out) {
  std::span<const double> numbers;
  auto any = array->next(numbers);
  if (!any) return stop(any.error());
  if (!*any) return false;
  out = TableRecord{};
  out.numbers = numbers;
  out.row = row++;
  out.line = ++record.line;
  out.file = file;
  return true;
}

// As dense: what the row before had is set to 0, then what this one has.
Result<bool> TableReader::State::next_sparse(TableRecord& out) {
  for (const SparseEntry& entry : sparse_row.entries) {
    if (entry.index < dense.size()) dense[entry.index] = 0;
  }
  sparse_row.entries.clear();
  auto any = sparse->next(sparse_row);
  if (!any) return stop(any.error());
  if (!*any) return false;
  out = TableRecord{};
  out.row = row++;
  out.line = sparse_row.line;
  out.file = file;
  out.raw = sparse_row.raw;
  if (sparse_row.bad) {
    out.bad = &*sparse_row.bad;
    return true;
  }
  dense[0] = sparse_row.label;
  bool cut = false;
  for (const SparseEntry& entry : sparse_row.entries) {
    cut = cut || (entry.index >= dense.size() && entry.value != 0);
    if (entry.index < dense.size()) dense[entry.index] = entry.value;
  }
  if (cut) ++rows_cut;
  out.numbers = dense;
  return true;
}

Result<bool> TableReader::State::next(TableRecord& out) {
  if (failed) return fail(*failed);
  while (true) {
    if (text || array || sparse) {
      auto any = text ? next_text(out) : array ? next_array(out) : next_sparse(out);
      if (!any || *any) return any;
    }
    record.line = 0;
    auto opened = open_next();
    if (!opened) return opened;
    if (*opened) continue;
    if (row == 0) return no_rows();
    text.reset();
    array.reset();
    sparse.reset();
    return false;
  }
}

TableReader::TableReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TableReader::~TableReader() = default;
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;

Result<TableReader> TableReader::open(std::vector<std::string> paths, TableOptions options) {
  if (paths.empty())
    return fail(ErrorKind::usage, "no data file is named", "name one, or '-' for standard input");
  if (std::count(paths.begin(), paths.end(), "-") > 1) {
    return fail(ErrorKind::usage, "standard input ('-') is named twice", "it can be read once");
  }
  auto state = std::make_unique<State>();
  state->paths = std::move(paths);
  state->options = options;
  for (const std::string& path : state->paths) state->files.push_back(source_name(path));
  auto opened = state->open_next();
  if (!opened) return fail(opened.error());
  if (!*opened) return state->no_rows();
  return TableReader(std::move(state));
}

const std::vector<std::string>& TableReader::names() const {
  return state_->names;
}
bool TableReader::is_text() const {
  return state_->kind == Kind::text;
}
std::uint64_t TableReader::rows_cut() const {
  return state_->rows_cut;
}
bool TableReader::has_header() const {
  return state_->has_header;
}
char TableReader::delimiter() const {
  return state_->delimiter;
}
bool TableReader::delimiter_sniffed() const {
  return state_->delimiter_sniffed;
}

Result<bool> TableReader::next(TableRecord& record) {
  return state_->next(record);
}

bool TableReader::has_rest() const {
  const State& state = *state_;
  return !state.failed && state.text && !state.by_record && !state.first_is_data && state.blank_rows == 0 &&
         state.text->has_rest();
}

char TableReader::delimiter_of_rest() const {
  return state_->part_delimiter;
}

std::string_view TableReader::peek_rest(std::size_t limit) {
  if (!has_rest()) return {};
  const auto ahead = state_->text->peek(limit);
  return ahead ? *ahead : std::string_view();
}

std::optional<TextRest> TableReader::take_rest() {
  if (!has_rest()) return std::nullopt;
  State& state = *state_;
  auto scan = state.text->take_rest();
  if (!scan) return std::nullopt;
  return TextRest{std::move(*scan), state.part_delimiter, state.names.size() == 1, state.file};
}

void TableReader::resume(TextRest rest, std::uint64_t rows) {
  state_->text->resume(std::move(rest.scan));
  state_->by_record = true;
  state_->row += rows;
}

void TableReader::skip_rest(std::uint64_t rows) {
  state_->row += rows;
}

}  // namespace talweg
