// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "talweg/model/moments_body.h"

namespace talweg {
namespace {

// The low part of a double-double against its high part: half a unit in the last place, and some rounding.
constexpr double kLowPart = 1e-15;

// What is left of the bytes. The first thing that goes wrong sticks; what is read afterwards is zero.
class Reader {
 public:
  Reader(std::string_view bytes, std::string name) : rest_(bytes), name_(std::move(name)) {}

  [[nodiscard]] bool ok() const { return !error_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  void wrong(std::string_view what) {
    if (error_) return;
    error_ = Error{ErrorKind::data, fmt::format("the moments file is damaged: {}", what),
                   "fold the data again with talweg fold", name_};
  }
  tl::unexpected<Error> failure() { return fail(*error_); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint8_t below(std::uint8_t end, std::string_view what) {
    const std::uint8_t value = u8();
    if (value < end) return value;
    wrong(fmt::format("{} is {}", what, value));
    return 0;
  }
  bool flag(std::string_view what) { return below(2, what) == 1; }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  double real() { return std::bit_cast<double>(u64()); }
  double finite(std::string_view what) {
    const double value = real();
    if (!std::isfinite(value)) wrong(fmt::format("{} is no finite number", what));
    return value;
  }
  /// A number of things, each of at least `bytes` bytes, that are still to come.
  std::size_t count(std::size_t bytes, std::string_view what) {
    const std::uint64_t value = u64();
    if (value <= rest_.size() / bytes) return static_cast<std::size_t>(value);
    wrong(fmt::format("{} {} do not fit in it", value, what));
    return 0;
  }
  /// Whether so many numbers of `bytes` bytes are still to come.
  bool room_for(std::size_t first, std::size_t second, std::size_t bytes) {
    if (ok() && (first == 0 || second <= rest_.size() / bytes / first)) return true;
    wrong("it ends too early");
    return false;
  }
  std::string text() {
    const std::size_t size = count(1, "characters");
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out(count(8, "texts"));
    for (std::string& value : out) value = text();
    return out;
  }
  DoubleDouble pair(std::string_view what) {
    const double high = finite(what);
    const double low = finite(what);
    const DoubleDouble value(high, low);
    if (ok() && std::abs(low) > kLowPart * std::abs(high)) wrong(fmt::format("{} is no double-double", what));
    return value;
  }
  std::vector<DoubleDouble> pairs(std::size_t first, std::size_t second, std::string_view what) {
    if (!room_for(first, second, 16)) return {};
    std::vector<DoubleDouble> out(first * second);
    for (DoubleDouble& value : out) value = pair(what);
    return out;
  }
  HashSum sum() {
    HashSum out;
    out.low = u64();
    out.high = u64();
    return out;
  }
  std::vector<HashSum> sums(std::size_t size) {
    if (!room_for(size, 1, 16)) return {};
    std::vector<HashSum> out(size);
    for (HashSum& value : out) value = sum();
    return out;
  }

 private:
  std::uint64_t number(std::size_t size) {
    if (!ok() || rest_.size() < size) {
      wrong("it ends too early");
      rest_ = {};
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    }
    rest_.remove_prefix(size);
    return value;
  }

  std::string_view rest_;
  std::string name_;
  std::optional<Error> error_;
};

void read_columns(Reader& in, FoldedTable& out) {
  std::set<std::string> names;
  out.columns.resize(in.count(18, "columns"));
  for (ColumnInfo& column : out.columns) {
    column.name = in.text();
    column.kind = static_cast<ColumnKind>(in.below(2, "a kind of column"));
    column.named = in.flag("a mark");
    column.missing = in.u64();
    if (!names.insert(column.name).second) in.wrong("two columns have one name");
    if (!in.ok()) return;
  }
  if (out.columns.size() > kMostFeatures) in.wrong("it has too many columns");
  if (out.dense_columns() == 0) in.wrong("it has no column of numbers");
  out.weights = in.text();
  if (!out.weights.empty() && names.contains(out.weights)) in.wrong("the weights are a column, too");
}

void read_levels(Reader& in, FoldedTable& out) {
  std::set<std::pair<std::size_t, std::string>> seen;
  out.levels.resize(in.count(13, "levels"));
  if (out.levels.size() > kMostFeatures) in.wrong("it has too many levels");
  for (Level& level : out.levels) {
    level.column = in.u32();
    level.gap = in.flag("a mark");
    level.text = in.text();
    if (!in.ok()) return;
    if (level.column >= out.columns.size()) return in.wrong("a level belongs to no column");
    const bool numeric = out.columns[level.column].kind == ColumnKind::numeric;
    if (numeric != level.gap || (level.gap && !level.text.empty()))
      return in.wrong("a level does not fit its column");
    if (!seen.emplace(level.column, level.text).second) return in.wrong("a level occurs twice");
    if (!level.gap) ++out.columns[level.column].levels;
  }
}

void read_gap_sets(Reader& in, FoldedTable& out) {
  const std::size_t sets = in.count(16, "sets of columns");
  for (std::size_t k = 0; k < sets && in.ok(); ++k) {
    std::vector<std::size_t> columns(in.count(4, "columns"));
    for (std::size_t& column : columns) column = in.u32();
    const bool ascending =
        std::adjacent_find(columns.begin(), columns.end(), std::greater_equal<>()) == columns.end();
    // The last one stands for the weights.
    if (!ascending || columns.empty() || columns.back() > out.columns.size() + 1)
      in.wrong("a set of columns is none");
    if (in.ok()) out.audit.gap_sets.add(columns, in.u64());
  }
  out.audit.gap_sets.other += in.u64();
}

// Keys of sums: ascending, and nothing but what there is.
template <class Key, class Valid>
void check_keys(Reader& in, const std::vector<Key>& keys, const Valid& valid) {
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if ((k > 0 && keys[k - 1] >= keys[k]) || !valid(keys[k]))
      return in.wrong("its indicators are in disorder");
  }
}

// Squares are not negative, and no product is larger than those of its columns allow.
void check_products(Reader& in, const FoldedRows& folded) {
  constexpr double kRounding = 1 + 1e-6;
  for (std::size_t i = 0; i < folded.columns; ++i) {
    const double own = folded.products[packed_index(i, i)].high;
    if (own < 0 || folded.widest[i] < 0) return in.wrong("a sum of squares is negative");
    for (std::size_t j = 0; j < i; ++j) {
      const double product = std::abs(folded.products[packed_index(i, j)].high);
      const double most = std::sqrt(own) * std::sqrt(folded.products[packed_index(j, j)].high);
      if (product > most * kRounding) return in.wrong("its products are not those of any data");
    }
  }
}

FoldedPart read_fold(Reader& in, const FoldedTable& table) {
  FoldedPart out;
  FoldedRows& folded = out.folded;
  const std::size_t p = table.dense_columns();
  out.block = in.u64();
  folded.rows = in.u64();
  folded.columns = p;
  folded.error = in.finite("a bound");
  if (!(folded.error > 0 && folded.error < 1)) in.wrong("a bound on errors is not one");
  folded.weight = in.pair("a weight");
  if (in.ok() && (folded.rows == 0 || !(folded.weight.high > 0))) in.wrong("a part holds no rows");
  folded.mean = in.pairs(p, 1, "a mean");
  folded.products = in.pairs(p * (p + 1) / 2, 1, "a product");
  if (!in.room_for(p, 1, 8)) return out;
  folded.widest.resize(p);
  for (double& value : folded.widest) value = in.finite("a range");
  if (in.ok()) check_products(in, folded);
  return out;
}

void read_parts(Reader& in, FoldedTable& out) {
  const std::size_t parts = in.count(64, "parts");
  std::uint64_t rows = 0;
  for (std::size_t k = 0; k < parts && in.ok(); ++k) {
    out.parts.push_back(read_fold(in, out));
    const FoldedPart& part = out.parts.back();
    if (k > 0 && out.parts[k - 1].block >= part.block) in.wrong("its parts are in disorder");
    if (part.folded.rows > out.audit.rows - rows) in.wrong("its parts have more rows than it says");
    if (in.ok()) rows += part.folded.rows;
  }
  if (!in.ok()) return;
  if (rows == 0 || rows != out.audit.rows) return in.wrong("its parts have other rows than it says");
  const std::uint64_t first = out.first_row / kBlockRows;
  if (out.exact &&
      (out.parts.front().block < first || out.parts.back().block > (out.end_row() - 1) / kBlockRows)) {
    in.wrong("a part lies outside its rows");
  }
}

ExactTable read_sums(Reader& in, std::size_t rows, std::size_t columns) {
  const auto lowest = static_cast<std::int32_t>(in.u32());
  const std::uint32_t digits = in.u32();
  if (digits == 0 && lowest == 0) {
    ExactTable none(columns);
    none.grow(rows);
    return none;
  }
  if (lowest < ExactTable::kLowest || lowest > ExactTable::kHighest || digits == 0 ||
      digits > static_cast<std::uint32_t>(ExactTable::kHighest - lowest + 1)) {
    in.wrong("its sums have impossible digits");
  }
  if (!in.room_for(rows, columns * digits, 8)) return ExactTable(columns);
  ExactTable out = ExactTable::with_digits(rows, columns, lowest, digits);
  constexpr std::int64_t kHalf = std::int64_t{1} << (ExactTable::kDigitBits - 1);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t k = 0; k < digits; ++k) {
        const auto digit = static_cast<std::int64_t>(in.u64());
        if (digit < -kHalf || digit >= kHalf) {
          in.wrong("a digit of its sums is too large");
          return out;
        }
        out.set_digit(row, column, k, digit);
      }
    }
  }
  return out;
}

void check_weights(Reader& in, const ExactTable& weights, const FoldedTable& table) {
  DoubleDouble all;
  for (const FoldedPart& part : table.parts) all += part.folded.weight;
  for (std::size_t row = 0; row < weights.rows() && in.ok(); ++row) {
    const double weight = weights.value(row, 0).high;
    if (!(weight > 0) || weight > all.high * (1 + 1e-9)) in.wrong("an indicator's weight is not possible");
  }
}

void read_indicators(Reader& in, FoldedTable& out) {
  const std::size_t levels = out.levels.size();
  IndicatorTables tables;
  tables.levels.resize(in.count(4, "indicators"));
  for (std::uint32_t& level : tables.levels) level = in.u32();
  check_keys(in, tables.levels, [&](std::uint32_t level) { return level < levels; });
  if (!in.ok()) return;
  tables.weights = read_sums(in, tables.levels.size(), 1);
  tables.sums = read_sums(in, tables.levels.size(), out.dense_columns());
  tables.pairs.resize(in.count(8, "pairs"));
  for (std::uint64_t& pair : tables.pairs) pair = in.u64();
  check_keys(in, tables.pairs, [&](std::uint64_t pair) {
    return (pair >> 32U) < (pair & 0xFFFFFFFFU) && (pair & 0xFFFFFFFFU) < levels;
  });
  if (!in.ok()) return;
  tables.pair_weights = read_sums(in, tables.pairs.size(), 1);
  check_weights(in, tables.weights, out);
  check_weights(in, tables.pair_weights, out);
  if (in.ok()) out.indicators.add(tables);
}

FoldedTable read_body(Reader& in) {
  FoldedTable out;
  out.written_by = in.text();
  out.missing = static_cast<MissingPolicy>(in.below(3, "the rule for missing cells"));
  out.bad_rows = static_cast<BadRowPolicy>(in.below(2, "the rule for bad rows"));
  out.placed = in.flag("a mark");
  out.exact = in.flag("a mark");
  out.missing_words = in.texts();
  out.first_row = in.u64();
  out.audit.records = in.u64();
  out.audit.rows = in.u64();
  out.audit.rows_rejected = in.u64();
  out.audit.rows_missing = in.u64();
  out.audit.rows_weightless = in.u64();
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;
  if (out.first_row > kMost || out.audit.records > kMost) in.wrong("it has too many rows");
  const IngestAudit& audit = out.audit;
  if (audit.rows > audit.records || audit.rows_rejected > audit.records ||
      audit.rows_missing > audit.records || audit.rows_weightless > audit.records ||
      audit.rows + audit.rows_rejected + audit.rows_missing + audit.rows_weightless != audit.records) {
    in.wrong("its numbers of rows do not add up");
  }
  if (out.first_row % kBlockRows != 0 || (out.placed && !out.exact)) in.wrong("its place is none");
  out.audit.unused = in.texts();
  read_columns(in, out);
  if (in.ok()) read_levels(in, out);
  out.hash.columns = in.sums(in.ok() ? out.dense_columns() : 0);
  out.hash.weights = in.sum();
  out.hash.levels = in.sums(out.levels.size());
  if (in.ok()) read_gap_sets(in, out);
  if (in.ok()) read_parts(in, out);
  if (in.ok()) read_indicators(in, out);
  if (in.ok() && in.left() > 0) in.wrong("there is something behind its end");
  return out;
}

}  // namespace

Result<FoldedTable> read_moments_body(std::string_view bytes, const std::string& name) {
  Reader in(bytes, name);
  FoldedTable out = read_body(in);
  if (!in.ok()) return in.failure();
  return out;
}

}  // namespace talweg
