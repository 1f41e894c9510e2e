// SPDX-License-Identifier: Apache-2.0
#include "fuzz/entries.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "talweg/base/numbers.h"
#include "talweg/data/bytes.h"
#include "talweg/data/csv_scanner.h"
#include "talweg/data/libsvm.h"
#include "talweg/data/npy.h"
#include "talweg/data/row_reader.h"
#include "talweg/data/sniff.h"

namespace talweg::fuzz {
namespace {

void require(bool held, const char* promise) {
  if (held) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

constexpr auto kWhole = static_cast<std::size_t>(-1);

// Bytes at once, of a second reading: single ones of every other length, as long as it is short, since a
// record is looked at again with every piece.
std::size_t piece_of(std::string_view text, std::uint8_t choice) {
  constexpr std::size_t kShort = 512;
  return text.size() % 2 == 0 && text.size() <= kShort ? 1 : std::size_t{2} + choice;
}

std::string_view text_of(std::span<const std::uint8_t> input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// Limits what a small input may blow up to, so that a fuzzer does not spend its time on decompression.
class LimitedSource final : public ByteSource {
 public:
  LimitedSource(std::unique_ptr<ByteSource> source, std::size_t piece)
      : source_(std::move(source)), piece_(piece) {}
  Result<std::size_t> read(std::span<char> into) override {
    if (given_ > kMost) return 0;
    auto count = source_->read(into.subspan(0, std::min(into.size(), piece_)));
    if (count) given_ += *count;
    return count;
  }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 18U;
  std::unique_ptr<ByteSource> source_;
  std::size_t piece_;
  std::size_t given_ = 0;
};

void append_record(std::string& out, const CsvRecord& record) {
  out += std::to_string(record.line) + ':' + std::string(record.raw);
  if (record.bad) {
    out += " bad " + record.bad->text();
  } else {
    for (const std::string_view field : record.fields) out.append(1, '\x1E').append(field);
  }
  out += '\n';
}

std::string transcript(std::string_view text, std::size_t piece, char delimiter, bool keep_blank_lines) {
  auto source = memory_bytes(text, "input");
  if (!source) return source.error().text();
  CsvScanner scanner(std::make_unique<LimitedSource>(std::move(*source), piece), "input", delimiter,
                     keep_blank_lines);
  std::string out;
  CsvRecord record;
  std::uint64_t line = 0;
  while (true) {
    const auto any = scanner.next(record);
    if (!any) return out + "error " + any.error().text();
    if (!*any) return out + "end";
    require(record.line > line, "lines ascend");
    require(record.bad || !record.fields.empty(), "a record has a field");
    line = record.line;
    append_record(out, record);
  }
}

void check_block(const RowBlock& block, const RowReader& reader) {
  require(block.rows > 0 && block.rows <= kBlockRows, "a block has rows, and not too many");
  require(block.columns == reader.dense_names().size(), "a block has the dense columns");
  require(block.values.size() == block.rows * block.columns, "a block is whole");
  require(std::all_of(block.values.begin(), block.values.end(), [](double v) { return std::isfinite(v); }),
          "values are finite");
  require(block.weights.empty() || block.weights.size() == block.rows, "a weight for each row");
  require(std::all_of(block.weights.begin(), block.weights.end(), [](double w) { return w > 0; }),
          "weights > 0");
  require(block.level_end.empty() ? block.levels.empty() : block.level_end.size() == block.rows,
          "level ends");
  std::size_t from = 0;
  for (const std::size_t to : block.level_end) {
    require(from <= to && to <= block.levels.size(), "level ends ascend");
    for (std::size_t i = from; i < to; ++i) {
      require(block.levels[i] < reader.levels().size(), "a level that is known");
      require(i == from || block.levels[i - 1] < block.levels[i], "levels of a row ascend");
    }
    from = to;
  }
}

void read_rows(const std::string& path, const TableOptions& options, std::uint8_t choice) {
  // The last column is the target; the choice says the rest.
  auto reader = RowReader::open({path}, options, [&](const std::vector<std::string>& names) {
    ColumnRequest request;
    request.target = names.back();
    request.missing = static_cast<MissingPolicy>((choice >> 3U) % 3);
    request.bad_rows = (choice & 32U) != 0 ? BadRowPolicy::skip : BadRowPolicy::error;
    if ((choice & 64U) != 0) request.weights = names.front();
    if ((choice & 128U) != 0 && names.size() > 2) request.categorical = {names[1]};
    return Result<ColumnRequest>(std::move(request));
  });
  if (!reader) {
    require(!reader.error().what.empty(), "an error says what");
    return;
  }
  RowBlock block;
  std::uint64_t rows = 0;
  bool first = true;
  std::uint64_t number = 0;
  while (true) {
    const auto any = reader->next(block);
    if (!any) {
      require(!any.error().what.empty(), "an error says what");
      return;
    }
    if (!*any) break;
    check_block(block, *reader);
    require(first || block.number > number, "block numbers ascend");
    first = false;
    number = block.number;
    rows += block.rows;
  }
  const IngestAudit& audit = reader->audit();
  require(rows == audit.rows && rows > 0, "the audit counts the rows used");
  require(audit.records == audit.rows + audit.rows_rejected + audit.rows_missing + audit.rows_weightless,
          "every record is accounted for");
  require(reader->fingerprint().size() == 32, "a fingerprint");
}

// RowReader takes paths: a file that lives in memory has one.
void as_table(std::string_view text, std::uint8_t choice, TableFormat format = TableFormat::automatic) {
  const int descriptor = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (descriptor < 0) return;
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (written) {
    TableOptions options;
    options.format = format;
    if ((choice & 1U) != 0) options.header = (choice & 2U) != 0;
    if ((choice & 4U) != 0) options.decimal = ',';
    read_rows("/proc/self/fd/" + std::to_string(descriptor), options, choice);
  }
  ::close(descriptor);
}

// What a LibsvmReader makes of the text.
struct Sparse {
  std::string transcript;
  std::string clean;  // its good rows, written anew
  std::uint64_t rows = 0;
  std::uint64_t largest = 0;  // index
};

Sparse libsvm_transcript(std::string_view text, std::size_t piece) {
  auto source = memory_bytes(text, "input");
  Sparse out;
  const auto ended = [&out](const std::string& how) {
    out.transcript += how;
    return std::move(out);
  };
  if (!source) return ended(source.error().text());
  LibsvmReader reader(std::make_unique<LimitedSource>(std::move(*source), piece), "input");
  SparseRow row;
  std::uint64_t line = 0;
  while (true) {
    const auto any = reader.next(row);
    if (!any) return ended("error " + any.error().text());
    if (!*any) return ended("end");
    ++out.rows;
    require(row.line > line, "lines ascend");
    line = row.line;
    if (row.bad) {
      require(row.bad->line == line && !row.bad->what.empty() && !row.bad->remedy.empty(),
              "a bad row says where, what, and what to do");
      out.transcript += row.bad->text() + '\n';
      continue;
    }
    require(std::isfinite(row.label), "a label is finite");
    std::string written = shortest(row.label);
    std::uint64_t index = 0;
    for (const SparseEntry& entry : row.entries) {
      require(entry.index > index && std::isfinite(entry.value), "indices ascend, values are finite");
      index = entry.index;
      written += ' ' + std::to_string(index) + ':' + shortest(entry.value);
    }
    written += '\n';
    out.transcript += written;
    out.clean += written;
    out.largest = std::max(out.largest, index);
  }
}

}  // namespace

void csv(std::span<const std::uint8_t> input) {
  if (input.empty()) return;
  const std::uint8_t choice = input[0];
  const std::string_view text = text_of(input.subspan(1));
  const char delimiter = sniff_delimiter(text);
  const bool keep = (choice & 1U) != 0;
  const std::string whole = transcript(text, kWhole, delimiter, keep);
  require(transcript(text, piece_of(text, choice), delimiter, keep) == whole, "pieces make no difference");
  as_table(text, choice);
}

void npy(std::span<const std::uint8_t> input) {
  if (input.empty()) return;
  const std::string_view text = text_of(input.subspan(1));
  auto source = memory_bytes(text, "input");
  if (!source) return;
  auto reader = NpyReader::open(std::make_unique<LimitedSource>(std::move(*source), 1U + input[0]), "input");
  if (reader) {
    std::span<const double> row;
    while (true) {
      const auto any = reader->next(row);
      if (!any || !*any) break;
      require(row.size() == reader->columns(), "a row is whole");
    }
  }
  as_table(text, input[0]);
}

void libsvm(std::span<const std::uint8_t> input) {
  if (input.empty()) return;
  const std::string_view text = text_of(input.subspan(1));
  const Sparse whole = libsvm_transcript(text, kWhole);
  require(libsvm_transcript(text, piece_of(text, input[0])).transcript == whole.transcript,
          "pieces make no difference");
  require(libsvm_transcript(whole.clean, kWhole).transcript == whole.clean + "end",
          "what is written is read again");
  // A table is dense: not one whose cells are many times its bytes, unless it is to be refused.
  constexpr std::uint64_t kMostColumns = 1024;
  constexpr std::uint64_t kMostCells = std::uint64_t{1} << 17U;
  const bool wide = whole.largest > kMostColumns || whole.rows * whole.largest > kMostCells;
  if (wide && whole.largest <= kMostDenseColumns) return;
  as_table(text, input[0] & 0xF8U, TableFormat::libsvm);
}

}  // namespace talweg::fuzz
