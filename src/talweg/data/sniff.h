// SPDX-License-Identifier: Apache-2.0
// Guesses said aloud: the delimiter and whether the first record is a header, from the first bytes of a text.
#pragma once

#include <string_view>
#include <vector>

namespace talweg {

/// The delimiter among , ; tab | and blank that cuts the first records of `text` (quotes respected; a last
/// record that `text` may have cut off is not counted) into equally many fields, at least two; of several the
/// one that yields the most numbers (`1,5` is one for this purpose), then the most fields, then the order
/// above; a blank only where it yields more numbers than the others. Where a later record is ragged, fewer
/// first records decide. ',' where none does (';' if the comma is the decimal sign). `decimal` as in
/// parse_number.
char sniff_delimiter(std::string_view text, char decimal = '.');

/// A first record is a header when none of its cells is a number (`1e999` and `inf` count as numbers).
bool looks_like_header(const std::vector<std::string_view>& cells, char decimal = '.');

}  // namespace talweg
