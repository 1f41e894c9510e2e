// SPDX-License-Identifier: Apache-2.0
// Errors as values: what happened, where, and what to do about it. Nothing in talweg throws across a public
// function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace talweg {

/// What kind of thing went wrong; the command line maps it to its exit code.
enum class ErrorKind {
  usage,        ///< wrong without opening the data: an option, a combination, a missing argument
  data,         ///< the data, a column or a model file is not what it has to be
  io,           ///< a file cannot be opened, read or written
  interrupted,  ///< the caller asked to stop before there was anything to report
};

/// One error. `what` says what happened, `remedy` what to do; `file`, `line` (1-based, 0 = unknown) and
/// `column` (a column's name) say where.
struct Error {
  ErrorKind kind = ErrorKind::data;
  std::string what;
  std::string remedy = {};
  std::string file = {};
  std::uint64_t line = 0;
  std::string column = {};

  /// One line: `prices.csv:17: column 'size': 'abc' is not a number; <remedy>`.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string remedy = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(what), std::move(remedy)});
}

/// Control bytes written as \n, \r, \t or \x1b.
std::string escape_controls(std::string_view text);

/// A cell or name fit for a one-line message: control bytes escaped, cut after `limit` bytes (never inside a
/// UTF-8 character), in single quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 40);

/// The names among `candidates` nearest to `name` by edit distance (case ignored first), at most `limit`,
/// best first; only names near enough to be a slip of the hand.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& candidates,
                                       std::size_t limit = 3);

/// "'a', 'b' or 'c'"; "'a', 'b' and 12 more" beyond `limit`.
std::string name_list(const std::vector<std::string>& names, std::string_view last = "and",
                      std::size_t limit = 8);

}  // namespace talweg
