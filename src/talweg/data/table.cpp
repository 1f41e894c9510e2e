// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "talweg/data/bytes.h"
#include "talweg/data/csv_scanner.h"
#include "talweg/data/header_names.h"
#include "talweg/data/npy.h"
#include "talweg/data/sniff.h"

namespace talweg {
namespace {

constexpr std::size_t kSniffedBytes = std::size_t{1} << 16U;

enum class NameFormat { csv, tsv, npy, libsvm };

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

NameFormat format_of_name(const std::string& path) {
  std::string name = lower_case(path);
  for (const std::string_view suffix : {".gz", ".zst", ".xz", ".bz2"}) {
    if (name.ends_with(suffix)) {
      name.resize(name.size() - suffix.size());
      break;
    }
  }
  if (name.ends_with(".tsv")) return NameFormat::tsv;
  if (name.ends_with(".npy")) return NameFormat::npy;
  if (name.ends_with(".svm") || name.ends_with(".libsvm")) return NameFormat::libsvm;
  return NameFormat::csv;
}

}  // namespace

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

  std::vector<std::string> names;
  bool has_names = false;
  bool is_text = true;
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
  Result<void> first_record_of_table();
  Result<void> first_record_of_part();
  Result<void> take_names(std::vector<std::string> found, bool text_format);
  Result<bool> next(TableRecord& out);
  Result<bool> next_text(TableRecord& out);
  Result<bool> next_array(TableRecord& out);
  void give_blank(TableRecord& out);
  void give_text(TableRecord& out);
  tl::unexpected<Error> no_rows();
};

// Opens the next file that is not empty; false when there is none.
Result<bool> TableReader::State::open_next() {
  while (next_path < paths.size()) {
    text.reset();
    array.reset();
    const std::string& path = paths[next_path];
    file = &files[next_path];
    ++next_path;
    by_record = false;
    const NameFormat named = format_of_name(path);
    const bool automatic = options.format == TableFormat::automatic;
    if (automatic && named == NameFormat::libsvm) {
      return stop_at(0, "libsvm files are not read by this version",
                     "convert it to CSV, or give --format csv if it is one");
    }
    auto source = open_bytes(path);
    if (!source) return stop(source.error());
    auto first = read_up_to(**source, std::max(kNpyMagic.size(), kMomentsMagic.size()));
    if (!first) return stop(first.error());
    if (*first == kMomentsMagic) {
      return stop_at(
          0, "is a moments file, which holds no rows",
          "fit, forecast, merge and show take it, as a file with a name; here give the data themselves");
    }
    const bool npy = automatic ? named == NameFormat::npy || first->starts_with(kNpyMagic)
                               : options.format == TableFormat::npy;
    auto whole = replay(std::move(*first), std::move(*source));
    const bool tab = options.format == TableFormat::tsv || (automatic && named == NameFormat::tsv);
    auto opened = npy ? open_array(std::move(whole)) : open_text(std::move(whole), tab);
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
  if (has_names && !is_text) {
    return stop_at(0, fmt::format("is text, {} is a .npy array", first_file), "convert one of them");
  }
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
    if (auto taken = take_names(std::move(found), false); !taken) return fail(taken.error());
    return true;
  }
  if (is_text)
    return stop_at(0, fmt::format("is a .npy array, {} is text", first_file), "convert one of them");
  if (found.size() != names.size()) {
    return stop_at(0, fmt::format("has {} columns, {} has {}", found.size(), first_file, names.size()),
                   "give files with the same columns");
  }
  return true;
}

Result<void> TableReader::State::take_names(std::vector<std::string> found, bool text_format) {
  names = std::move(found);
  is_text = text_format;
  first_file = *file;
  has_names = true;
  return {};
}

Result<void> TableReader::State::first_record_of_table() {
  if (record.bad) return stop(*record.bad);
  has_header = options.header.value_or(looks_like_header(record.fields, options.decimal));
  first_is_data = !has_header;
  if (!has_header) return take_names(numbered_names(record.fields.size()), true);
  auto found = header_names(record.fields);
  if (!found) {
    found.error().line = record.line;
    if (!options.header) found.error().remedy += ", or give --header no if the first line is a row";
    return stop(found.error());
  }
  return take_names(std::move(*found), true);
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

Result<bool> TableReader::State::next(TableRecord& out) {
  if (failed) return fail(*failed);
  while (true) {
    if (text || array) {
      auto any = text ? next_text(out) : next_array(out);
      if (!any || *any) return any;
    }
    record.line = 0;
    auto opened = open_next();
    if (!opened) return opened;
    if (*opened) continue;
    if (row == 0) return no_rows();
    text.reset();
    array.reset();
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
  return state_->is_text;
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
