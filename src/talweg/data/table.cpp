// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "talweg/data/table_state.h"

namespace talweg {
namespace {

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

TableFormat format_of_name(const std::string& path) {
  const std::string lower = lower_case(path);
  std::string_view name = lower;
  for (const std::string_view suffix : {".gz", ".zst", ".xz", ".bz2"}) {
    if (name.ends_with(suffix)) {
      name.remove_suffix(suffix.size());
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
  return state_->kind == TableKind::text;
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
