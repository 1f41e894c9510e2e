// SPDX-License-Identifier: Apache-2.0
// The part of a table's fingerprint that sees every cell: two sums for each column of a block of rows, taken
// where the cells stand, row by row. With x_r the 64 bits of the cell in row r, k_r a fixed random number of
// row r, and everything modulo 2^64,
//
//   y_r = x_r ^ (x_r >> 20) ^ k_r       plain = sum_r x_r       mixed = sum_r low32(y_r) * high32(y_r)
//
// (the products of halves are those of XXH3, see its specification at https://xxhash.com; the shift brings
// exponents, all there is to a whole number, into the low bits). Two columns that differ agree in both by
// chance alone. The sums depend on the numbers only, not on the machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace talweg {

/// `values`: rows x columns, row-major, at most kBlockRows rows. Writes `columns` sums each.
void hash_columns(const double* values, std::size_t rows, std::size_t columns, std::uint64_t* plain,
                  std::uint64_t* mixed);

/// The same in plain C++.
void hash_columns_reference(const double* values, std::size_t rows, std::size_t columns, std::uint64_t* plain,
                            std::uint64_t* mixed);

}  // namespace talweg
