// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/moments_body.h"

namespace talweg {
namespace {

void write_fold(const FoldedPart& part, MomentsWriter& out) {
  const FoldedRows& folded = part.folded;
  out.u64(part.block);
  out.u64(folded.rows);
  out.real(folded.error);
  out.pair(folded.weight);
  out.pairs(folded.mean);
  out.pairs(folded.products);
  for (const double value : folded.widest) out.real(value);
}

void write_sums(ExactTable table, MomentsWriter& out) {
  table.settle();
  out.u32(static_cast<std::uint32_t>(table.lowest()));
  out.u32(static_cast<std::uint32_t>(table.digits()));
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      for (std::size_t k = 0; k < table.digits(); ++k)
        out.u64(static_cast<std::uint64_t>(table.digit(row, column, k)));
    }
  }
}

void write_indicators(IndicatorTables tables, MomentsWriter& out) {
  out.u64(tables.levels.size());
  for (const std::uint32_t level : tables.levels) out.u32(level);
  write_sums(std::move(tables.weights), out);
  write_sums(std::move(tables.sums), out);
  out.u64(tables.pairs.size());
  for (const std::uint64_t pair : tables.pairs) out.u64(pair);
  write_sums(std::move(tables.pair_weights), out);
}

}  // namespace

std::string write_moments_body(const FoldedTable& table) {
  MomentsWriter out;
  out.text(table.written_by);
  out.u8(static_cast<std::uint8_t>(table.missing));
  out.u8(static_cast<std::uint8_t>(table.bad_rows));
  out.flag(table.placed);
  out.flag(table.exact);
  out.texts(table.missing_words);
  out.u64(table.first_row);
  for (const std::uint64_t count : {table.audit.records, table.audit.rows, table.audit.rows_rejected,
                                    table.audit.rows_missing, table.audit.rows_weightless}) {
    out.u64(count);
  }
  out.texts(table.audit.unused);
  out.u64(table.columns.size());
  for (const ColumnInfo& column : table.columns) {
    out.text(column.name);
    out.u8(static_cast<std::uint8_t>(column.kind));
    out.flag(column.named);
    out.u64(column.missing);
  }
  out.text(table.weights);
  out.u64(table.levels.size());
  for (const Level& level : table.levels) {
    out.u32(static_cast<std::uint32_t>(level.column));
    out.flag(level.gap);
    out.text(level.text);
  }
  const auto sum_at = [](const std::vector<HashSum>& sums, std::size_t k) {
    return k < sums.size() ? sums[k] : HashSum{};
  };
  for (std::size_t j = 0; j < table.dense_columns(); ++j) out.sum(sum_at(table.hash.columns, j));
  out.sum(table.hash.weights);
  for (std::size_t k = 0; k < table.levels.size(); ++k) out.sum(sum_at(table.hash.levels, k));
  out.u64(table.audit.gap_sets.sets.size());
  for (const auto& [columns, rows] : table.audit.gap_sets.sets) {
    out.u64(columns.size());
    for (const std::size_t column : columns) out.u32(static_cast<std::uint32_t>(column));
    out.u64(rows);
  }
  out.u64(table.audit.gap_sets.other);
  out.u64(table.parts.size());
  for (const FoldedPart& part : table.parts) write_fold(part, out);
  write_indicators(table.indicators.tables(), out);
  return out.take();
}

}  // namespace talweg
