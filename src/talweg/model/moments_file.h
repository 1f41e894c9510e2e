// SPDX-License-Identifier: Apache-2.0
// The moments file: a FoldedTable as bytes, the same on machines of either byte order.
//
//   magic     8 bytes  89 't' 'a' 'l' 'w' 'e' 'g' 0A
//   version   u32      2
//   reserved  u32      0
//   length    u64      of the body
//   body               below
//   checksum  2 x u64  XXH3-128 of everything before it, low half first
//
// Integers and doubles (as IEEE 754 bits) are little-endian; a text is its length as u64, then its bytes; a
// list is its length as u64, then its entries; a double-double is high, then low. Body:
//
//   program version (text); missing policy, bad rows, placed, exact (u8 each); words for a missing cell (list
//   of texts); first row; records, rows, rejected, missing, weightless (u64 each); unused columns (list of
//   texts); columns: name, kind (u8), named (u8), missing cells (u64); weights (text);
//   levels: column (u32), gap (u8), text; hash sums (low, high) of dense columns, weights, levels;
//   sets of columns for want of which rows were left out: list of u32, rows (u64); others (u64);
//   parts: block (u64), rows (u64), error (double), weight, then with p dense columns p means, p (p + 1) / 2
//   products, p widest (doubles); indicators: list of levels (u32), table of their weights (one column),
//   table of their sums (p columns); pairs: list of u64 (a << 32 | b, a < b), table of their weights (one
//   column).
//
//   A table holds exact sums (objective/exact_table.h): its lowest digit b (i32), the number of digits (u32);
//   then per row, per column its digits, the lowest first (i64): the sum of D_k 2^(40 (b + k)).
//
// Nothing in a file is trusted: sizes are compared with what is left of it before memory is taken, and what
// is read is checked to be moments that data could have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/table.h"
#include "talweg/model/folded_table.h"

namespace talweg {

inline constexpr std::uint32_t kMomentsVersion = 2;

std::string moments_bytes(const FoldedTable& table);

/// `name` stands for the file in errors: not a moments file, a later version, cut short or damaged, not made
/// of moments.
Result<FoldedTable> read_moments(std::string_view bytes, const std::string& name);

/// Reads a file, also a compressed one.
Result<FoldedTable> load_moments(const std::string& path);

/// Whether a regular file begins as a moments file does, perhaps after decompression. Pipes are not looked
/// into: their bytes could not be put back.
bool is_moments_file(const std::string& path);

/// All of them, merged. Errors: those of load_moments and merge_tables.
Result<FoldedTable> load_and_merge(const std::vector<std::string>& paths);

}  // namespace talweg
