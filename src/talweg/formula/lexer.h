// SPDX-License-Identifier: Apache-2.0
// The text of a formula cut into numbers, names and signs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "talweg/base/error.h"

namespace talweg {

enum class TokenKind : std::uint8_t {
  end,
  number,
  name,  ///< with its level, where one follows in brackets
  plus,
  minus,
  times,
  divide,
  power,
  open,
  close,
  comma,
  equals,
  comparison,  ///< < <= > >=, in where() only
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t begin = 0;  ///< bytes
  std::size_t end = 0;
  double value = 0;
  std::string name;
  std::optional<std::string> level;
  bool quoted = false;  ///< a name in backticks, which is never a function or a constant
};

/// An error at byte `at` of the text: "the formula, character 7: <what>".
Error formula_error(std::string_view text, std::size_t at, std::string_view what, std::string remedy);

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Result<Token> next();

 private:
  [[nodiscard]] char at(std::size_t position) const {
    return position < text_.size() ? text_[position] : '\0';
  }
  Result<Token> number();
  Result<Token> plain_name();
  Result<Token> quoted_name();
  Result<void> level(Token& token);
  Result<std::string> in_backticks(std::size_t& position, std::string_view what) const;
  [[nodiscard]] tl::unexpected<Error> error(std::size_t at, std::string_view what, std::string remedy) const {
    return fail(formula_error(text_, at, what, std::move(remedy)));
  }
  [[nodiscard]] tl::unexpected<Error> strange(std::size_t at) const;
  std::string_view text_;
  std::size_t position_ = 0;
};

/// Whether `name` can stand in a formula without backticks.
bool is_plain_name(std::string_view name);

}  // namespace talweg
