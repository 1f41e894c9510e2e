// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files, one- or two-dimensional, as rows of doubles. Format: numpy.lib.format, versions 1 to 3.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "talweg/base/error.h"
#include "talweg/data/bytes.h"

namespace talweg {

/// The first bytes of every .npy file.
inline constexpr std::string_view kNpyMagic = "\x93NUMPY";
/// A two-dimensional array in Fortran order has to be held whole; a larger one is an error.
inline constexpr std::uint64_t kLargestFortran = std::uint64_t{1} << 32U;

/// What the header of a .npy file says.
struct NpyHeader {
  char type = 'f';       ///< f, i, u or b
  std::size_t size = 8;  ///< bytes of one item
  bool big_endian = false;
  bool fortran_order = false;
  std::uint64_t rows = 0;
  std::uint64_t columns = 1;
};

/// Reads the dictionary that a .npy file begins with. Errors say which types and shapes are read.
Result<NpyHeader> parse_npy_header(std::string_view dictionary);

class NpyReader {
 public:
  /// Reads the header. Errors name `name`.
  static Result<NpyReader> open(std::unique_ptr<ByteSource> source, std::string name);
  ~NpyReader();
  NpyReader(NpyReader&&) noexcept;
  NpyReader& operator=(NpyReader&&) noexcept;

  [[nodiscard]] std::size_t columns() const;
  /// The next row, valid until the next call; false at the end. NaN and infinities are given as they stand.
  Result<bool> next(std::span<const double>& row);

 private:
  struct State;
  explicit NpyReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace talweg
