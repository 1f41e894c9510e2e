// SPDX-License-Identifier: Apache-2.0
// Orthogonal triangularisation, streamed: a block of rows is reduced to its triangle R (A = Q R, Q never
// kept), triangles are merged in pairs ([R_a; R_b] = Q R), so any number of rows needs memory for a few
// triangles only. Sources: Householder 1958; Golub and Van Loan, Matrix Computations, 4th ed., 5.2; Demmel,
// Grigori, Hoemmen, Langou, "Communication-optimal parallel and sequential QR and LU factorizations", SIAM J.
// Sci. Comput. 34(1), 2012 (the tree).
//
// A triangle of n columns is packed column by column: (i, j), i <= j, stands at j (j + 1) / 2 + i. The signs
// of its rows are not normalised.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace talweg {

inline std::size_t triangle_size(std::size_t n) {
  return n * (n + 1) / 2;
}
/// Where column j begins.
inline std::size_t triangle_column(std::size_t j) {
  return j * (j + 1) / 2;
}

/// The triangle of a rows x n matrix whose column j begins at cells + j * stride. The cells are overwritten.
void triangularise(double* cells, std::size_t stride, std::size_t rows, std::size_t n,
                   std::span<double> triangle);

/// The same without wide vectors, bit for bit: what triangularise is compared with.
void triangularise_plain(double* cells, std::size_t stride, std::size_t rows, std::size_t n,
                         std::span<double> triangle);

/// The triangle of the rows of `into` and `from` together, into `into`; `from` is overwritten.
void merge_triangles(std::span<double> into, std::span<double> from, std::size_t n);

/// x of R x = b over the leading n columns of a packed triangle; false where a diagonal element is 0.
bool solve_upper(std::span<const double> triangle, std::size_t n, std::span<const double> b,
                 std::span<double> x);
/// x of R' x = b; false where a diagonal element is 0.
bool solve_transposed(std::span<const double> triangle, std::size_t n, std::span<const double> b,
                      std::span<double> x);
/// R x.
void multiply_upper(std::span<const double> triangle, std::size_t n, std::span<const double> x,
                    std::span<double> out);
/// R' x.
void multiply_transposed(std::span<const double> triangle, std::size_t n, std::span<const double> x,
                         std::span<double> out);
/// |R_.j|: the norm of column j, which is that of the column of the matrix.
double column_norm(std::span<const double> triangle, std::size_t j);
/// Diagonal of (R'R)^-1; empty where R is singular. O(n^3 / 6).
std::vector<double> inverse_gram_diagonal(std::span<const double> triangle, std::size_t n);

}  // namespace talweg
