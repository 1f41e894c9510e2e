// SPDX-License-Identifier: Apache-2.0
// The first stage of the CSV pass: where fields and records end, as bit masks over 64 bytes at a time, found
// by comparing vectors of bytes. A separator is a delimiter or a line feed outside quotes; a byte is inside
// quotes where the number of quotes up to and with it is odd (prefix sums by exclusive or, as in G. Langdale
// and D. Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28, 2019). That is RFC 4180's own
// reading only where every quote stands at the edge of a field: each one is checked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "talweg/base/uninitialised.h"

namespace talweg {

/// Bytes of one mask.
inline constexpr std::size_t kMaskBytes = 64;

/// Positions of the separators in a text, ascending.
struct SeparatorIndex {
  UninitialisedVector<std::uint32_t>
      places;                   ///< 2^32 - 1 (before the text), then the positions; longer than that
  std::size_t field_count = 0;  ///< separators
  std::size_t feed_count = 0;   ///< those that are line feeds

  /// Field k lies between before()[k] and ends()[k].
  [[nodiscard]] const std::uint32_t* before() const { return places.data(); }
  [[nodiscard]] const std::uint32_t* ends() const { return places.data() + 1; }
};

struct SeparatorSummary {
  bool has_quotes = false;
  bool irregular = false;  ///< a quote inside an unquoted field, text after a closing quote, or a NUL byte
  bool ends_in_quotes = false;  ///< the number of quotes is odd
};

/// Fills `index` for a text of less than 2^32 bytes that starts at the beginning of a record. Up to the next
/// multiple of kMaskBytes bytes behind it must be readable; they do not count.
SeparatorSummary find_separators(const char* text, std::size_t size, char delimiter, SeparatorIndex& index);

/// The same byte by byte.
SeparatorSummary find_separators_reference(const char* text, std::size_t size, char delimiter,
                                           SeparatorIndex& index);

/// Number of quotes in a text (for the state at which a part of it starts).
std::size_t count_quotes(const char* text, std::size_t size);

}  // namespace talweg
