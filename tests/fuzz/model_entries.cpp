// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <xxhash.h>

#include "fuzz/entries.h"
#include "talweg/data/cell.h"
#include "talweg/model/fit.h"
#include "talweg/model/folded_choice.h"
#include "talweg/model/folded_table.h"
#include "talweg/model/model.h"
#include "talweg/model/moments_file.h"
#include "talweg/model/predict.h"

namespace talweg::fuzz {
namespace {

void require(bool held, const char* promise) {
  if (held) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

std::string_view text_of(std::span<const std::uint8_t> input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

void put(std::string& out, std::uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
}

// A file whose length and checksum fit, so that what is behind them is reached.
std::string with_checksum(std::string_view body) {
  std::string out(kMomentsMagic);
  put(out, kMomentsVersion);
  put(out, body.size());
  out += body;
  const XXH128_hash_t hash = XXH3_128bits(out.data(), out.size());
  put(out, hash.low64);
  put(out, hash.high64);
  return out;
}

// A short fit, of whatever the moments say.
void fit_something(const FoldedTable& table) {
  for (const ColumnInfo& column : table.columns) {
    if (column.kind != ColumnKind::numeric) continue;
    FitRequest request;
    request.columns.target = column.name;
    request.epochs = 5;
    request.threads = 1;
    auto data = choose_columns(table, request, "fuzz");
    if (data) static_cast<void>(fit_folded(std::move(*data), request));
    return;
  }
}

}  // namespace

void moments(std::span<const std::uint8_t> input) {
  static_cast<void>(read_moments(text_of(input), "fuzz"));
  constexpr std::size_t kAround = 40;  // header and checksum of a whole file
  std::string_view body = text_of(input);
  if (body.starts_with(kMomentsMagic) && body.size() >= kAround)
    body = body.substr(24, body.size() - kAround);
  const std::string bytes = with_checksum(body);
  const auto table = read_moments(bytes, "fuzz");
  if (!table) {
    require(!table.error().what.empty() && !table.error().remedy.empty(),
            "an error says what and what to do");
    return;
  }
  const std::string again = moments_bytes(*table);
  const auto second = read_moments(again, "fuzz");
  require(second.has_value(), "what is written can be read");
  require(moments_bytes(*second) == again, "and is the same");
  constexpr std::size_t kFew = 12;
  if (table->columns.size() + table->levels.size() > kFew) return;
  fit_something(*table);
  std::vector<NamedTable> parts;
  parts.push_back({"first", *table});
  parts.push_back({"second", *second});
  if (const auto merged = merge_tables(std::move(parts))) {
    // Moments of no data at all may merge to what is refused; what is read stays as it is.
    if (const auto read = read_moments(moments_bytes(*merged), "fuzz"))
      require(moments_bytes(*read) == moments_bytes(*merged), "what is merged is read as it is");
  }
}

void model(std::span<const std::uint8_t> input) {
  const auto model = read_model(text_of(input), "fuzz");
  if (!model) {
    require(!model.error().what.empty(), "an error says what");
    return;
  }
  std::vector<std::string> names;
  for (const FeatureSummary& feature : model->features) names.push_back(feature.name);
  if (model->formula != nullptr) {
    for (const ColumnUse& use : model->formula->formula.columns) names.push_back(use.name);
  }
  const CellReader cells(model->missing_words);
  const auto predictor = Predictor::bind(*model, names, cells, "fuzz", false);
  if (!predictor) return;
  const std::string file = "fuzz";
  for (const std::string_view cell : {"1", "", "A"}) {
    const std::vector<std::string_view> row(names.size(), cell);
    TableRecord record;
    record.cells = row;
    record.file = &file;
    static_cast<void>(predictor->predict(record));
  }
}

}  // namespace talweg::fuzz
