// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/entries.h"
#include "talweg/data/chunk_parser.h"
#include "talweg/data/csv_scanner.h"

namespace talweg::fuzz {
namespace {

void require(bool held, const char* promise) {
  if (held) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

// The roles of the columns, one letter each: a number, a text, the weights, the target.
std::string_view roles_of(std::uint8_t choice) {
  static constexpr std::string_view kRoles[] = {"nnt", "ncwt", "t", "nnnnnnnnnt", "tcn", "wt", "ccnt", "nt"};
  return kRoles[choice % std::size(kRoles)];
}

RowPlan plan_of(std::string_view roles, std::uint8_t choice) {
  ColumnRequest request;
  request.target = "target";
  request.missing = static_cast<MissingPolicy>(choice % 3);
  request.bad_rows = choice / 4 % 2 == 0 ? BadRowPolicy::error : BadRowPolicy::skip;
  request.rejects = choice / 8 % 2 == 0 ? "" : "rejects";
  if (choice / 16 % 4 == 0) request.missing_words = {"NA", "7", "-1.5"};
  RowLayout layout;
  std::vector<ColumnInfo> features;
  for (std::size_t c = 0; c < roles.size(); ++c) {
    if (roles[c] == 't') layout.target = c;
    if (roles[c] == 'w') {
      layout.weights = c;
      layout.weights_name = "w";
    }
    if (roles[c] != 'n' && roles[c] != 'c') continue;
    const ColumnKind kind = roles[c] == 'n' ? ColumnKind::numeric : ColumnKind::text;
    layout.features.push_back(c);
    layout.kinds.push_back(kind);
    features.push_back(ColumnInfo{"f" + std::to_string(c), kind, true});
  }
  const char decimal = choice / 64 % 4 == 0 ? ',' : '.';
  return make_row_plan(std::move(layout), std::move(features),
                       ColumnInfo{"target", ColumnKind::numeric, true}, request,
                       CellReader(request.missing_words, decimal));
}

// Every record through the scanner and the builder.
void read_one_by_one(std::string_view text, const RowPlan& plan, const ChunkFormat& format,
                     const std::string& file, ParsedRows& rows) {
  auto source = memory_bytes(text, file);
  require(source.has_value(), "the text is not compressed");
  CsvScanner scanner(std::move(*source), file, format.delimiter, format.keep_blank_lines);
  RowBuilder builder(plan);
  CsvRecord record;
  while (true) {
    const auto any = scanner.next(record);
    require(any.has_value(), "what the parser takes, the scanner takes");
    if (!*any) return;
    TableRecord row;
    row.cells = record.fields;
    row.line = record.line;
    row.file = &file;
    row.raw = record.raw;
    Error bad;
    if (record.bad) {
      bad = *record.bad;
    } else if (record.fields.size() != format.columns) {
      bad = ragged_error(record.fields.size(), format.columns);
      bad.file = file;
      bad.line = record.line;
    }
    if (!bad.what.empty()) row.bad = &bad;
    if (!builder.take(row, rows)) return;
  }
}

void require_same(const ParsedRows& left, const ParsedRows& right) {
  require(left.records == right.records && left.rows == right.rows, "the same records and rows");
  require(left.rejected == right.rejected && left.missing == right.missing &&
              left.weightless == right.weightless && left.missing_cells == right.missing_cells,
          "the same counts");
  const std::size_t cells = left.rows * left.columns;
  for (std::size_t k = 0; k < cells; ++k) {
    require(std::bit_cast<std::uint64_t>(left.row(0)[k]) == std::bit_cast<std::uint64_t>(right.row(0)[k]),
            "the same values");
  }
  require(left.weights == right.weights, "the same weights");
  require(left.levels == right.levels, "the same levels");
  const auto& left_levels = left.levels_found.levels();
  const auto& right_levels = right.levels_found.levels();
  require(std::equal(left_levels.begin(), left_levels.end(), right_levels.begin(), right_levels.end(),
                     [](const Level& a, const Level& b) {
                       return a.column == b.column && a.gap == b.gap && a.text == b.text;
                     }),
          "the same level numbers");
  for (std::size_t r = 0; r < left.rows; ++r) {
    require(left.record_of(r) == right.record_of(r), "the same records are used");
    require(left.levels_before(r + 1) == right.levels_before(r + 1), "the same levels in each row");
  }
  require(left.rejects == right.rejects, "the same rejects");
  const auto text = [](const std::optional<Error>& error) { return error ? error->text() : std::string(); };
  require(text(left.failed) == text(right.failed), "the same error");
  require(text(left.first_rejected) == text(right.first_rejected), "the same first reject");
}

}  // namespace

void chunk(std::span<const std::uint8_t> input) {
  if (input.size() < 2) return;
  const std::string_view roles = roles_of(input[0]);
  const RowPlan plan = plan_of(roles, input[1]);
  ChunkFormat format;
  format.columns = roles.size();
  format.delimiter = plan.cells.is_decimal_comma("1,5") ? ',' : ';';
  format.decimal = format.delimiter == ',' ? '.' : ',';
  format.keep_blank_lines = format.columns == 1;
  // A first record, so that the scanner does not take the text's first bytes for a mark or for compressed
  // data.
  std::string text = "1";
  for (std::size_t c = 1; c < roles.size(); ++c) text += format.delimiter + std::string("1");
  text += '\n';
  text.append(reinterpret_cast<const char*>(input.data()) + 2, input.size() - 2);
  if (!text.ends_with('\n')) text += '\n';

  const std::string file = "input";
  ParsedRows fast(plan.dense_columns, plan.features.size());
  ChunkParser parser(plan, format);
  // Exactly the bytes around the text that the parser may load.
  const std::unique_ptr<char[]> buffer(new char[kChunkHead + text.size() + kChunkTail]);
  std::fill_n(buffer.get(), kChunkHead + text.size() + kChunkTail, '7');
  std::copy(text.begin(), text.end(), buffer.get() + kChunkHead);
  // Twice: what a stretch leaves in the parser's buffers must not matter.
  for (int round = 0; round < 2; ++round) {
    fast.clear();
    const auto outcome = parser.parse({buffer.get() + kChunkHead, text.size()}, file, fast);
    if (outcome != ChunkParser::Outcome::parsed) return;
    ParsedRows slow(plan.dense_columns, plan.features.size());
    read_one_by_one(text, plan, format, file, slow);
    require_same(fast, slow);
    if (!fast.failed) {
      require(fast.lines == static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')),
              "every line counts");
    }
  }
}

}  // namespace talweg::fuzz
