// SPDX-License-Identifier: Apache-2.0
// A hash (XXH3, 128 bits) over column names and parsed cells in row order. It depends on values only: not on
// files, their cut or compression, quoting, number spelling, threads, nor on the byte order of the machine.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "talweg/data/columns.h"

namespace talweg {

struct RowBlock;

/// Hash of the rows of one block: values, weights and level numbers. On any thread.
struct BlockHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};
BlockHash hash_block(const RowBlock& block);

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
  void add_block(const BlockHash& hash);
  /// 32 hexadecimal digits over everything added so far.
  [[nodiscard]] std::string digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The fingerprint of a table: `rows` has its names and blocks; the blocks hold level numbers, and what those
/// stand for comes last.
std::string table_fingerprint(const Fingerprint& rows, std::span<const Level> levels);

}  // namespace talweg
