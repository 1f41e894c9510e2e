// SPDX-License-Identifier: Apache-2.0
// A hash (XXH3, 128 bits) over column names and parsed cells in row order. It depends on values only: not on
// files, their cut or compression, quoting, number spelling, threads, nor on the byte order of the machine.
//
// Every column has its own sum of hashes, one for each block of 256 rows (of the sums of column_hash.h) and
// bound to the block's number, and every level its own, one for each row that has it; sums are modulo 2^128.
// So the hash of a table is the sum of those of its parts, whatever part is read first, and that of a choice
// of columns, with any of them as the target, can be made from sums that were taken without knowing the
// choice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "talweg/data/columns.h"

namespace talweg {

struct RowBlock;

/// 128 bits, added modulo 2^128.
struct HashSum {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  void add(const HashSum& more) {
    low += more.low;
    high += more.high + (low < more.low ? 1 : 0);
  }
  friend bool operator==(const HashSum&, const HashSum&) = default;
};

/// The hash of some rows of a table.
struct TableHash {
  std::vector<HashSum> columns;  ///< dense ones
  HashSum weights;
  std::vector<HashSum> levels;  ///< by level number; shorter where the last ones have no row

  /// On any thread.
  void add(const RowBlock& block);
  void add(const TableHash& more);
};

class Fingerprint {
 public:
  Fingerprint();
  ~Fingerprint();
  Fingerprint(Fingerprint&&) noexcept;
  Fingerprint& operator=(Fingerprint&&) noexcept;

  void add_name(std::string_view name);
  void add_number(double value);  ///< -0 counts as 0
  void add_text(std::string_view text);
  void add_missing();
  void add_sum(const HashSum& sum);
  /// 32 hexadecimal digits over everything added so far.
  [[nodiscard]] std::string digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A column in a fingerprint.
struct HashedColumn {
  std::string name;
  std::size_t column = 0;            ///< as Level::column has it
  std::optional<std::size_t> dense;  ///< its place among the dense columns; absent: text
};

/// The fingerprint of a table: of its columns in this order, then of its weights (empty name: none). Levels
/// count with their texts, in byte order, as far as a row has them.
std::string table_fingerprint(const TableHash& hash, std::span<const HashedColumn> columns,
                              const std::string& weights, std::span<const Level> levels);

}  // namespace talweg
