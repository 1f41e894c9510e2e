// SPDX-License-Identifier: Apache-2.0
#include "talweg/formula/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "talweg/base/numbers.h"

namespace talweg {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

Character decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t k) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[k]));
  };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return {};
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(at + k) & 0xC0U) != 0x80U) return {};
    code = code << 6U | (byte(at + k) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) return {};
  return {code, length};
}

// Letters and marks of the world, without what looks like an operator, a blank or punctuation.
bool is_foreign_letter(std::uint32_t code) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 12> kNoLetters = {{
      {0x80, 0xA9},      // controls, no-break space, signs
      {0xAB, 0xB4},      // guillemets, not, superscripts 2 and 3, ...
      {0xB6, 0xB9},      // pilcrow, middle dot, superscript 1
      {0xBB, 0xBF},      // fractions
      {0xD7, 0xD7},      // multiplication sign
      {0xF7, 0xF7},      // division sign
      {0x2000, 0x207F},  // punctuation, blanks, superscripts
      {0x208A, 0x208F},  // subscript signs (subscript digits are fine in a name)
      {0x2190, 0x2BFF},  // arrows, operators, boxes, symbols
      {0x3000, 0x3004},  // ideographic blanks and punctuation
      {0xFE00, 0xFE6F},  // variation selectors, small forms
      {0xFEFF, 0xFF20},  // byte-order mark, full-width signs
  }};
  return code >= 0x80 && std::none_of(kNoLetters.begin(), kNoLetters.end(), [&](const auto& range) {
           return code >= range.first && code <= range.second;
         });
}

// What was meant by a character that looks like another.
std::string meant(std::uint32_t code) {
  switch (code) {
    case 0x2212:
    case 0x2013:
    case 0x2014:
    case 0x2010:
    case 0x2011:
    case 0xFF0D:
      return "write - (the hyphen of the keyboard)";
    case 0xD7:
    case 0xB7:
    case 0x22C5:
    case 0x2219:
    case 0xFF0A:
      return "write * for a product";
    case 0xF7:
    case 0x2215:
    case 0x2044:
      return "write / for a quotient";
    case 0xB2:
      return "write ^2";
    case 0xB3:
      return "write ^3";
    case 0x221A:
      return "write sqrt(...)";
    case 0x2018:
    case 0x2019:
    case 0x201C:
    case 0x201D:
    case '\'':
    case '"':
      return "put a name in backticks: `my column`";
    case 0xA0:
    case 0x2009:
    case 0x202F:
    case 0x3000:
      return "write a plain blank";
    case '~':
      return "write = between the two sides and name the parameters: y = a*x + b";
    case '[':
    case ']':
      return "brackets follow a text column's name: cut[Ideal]";
    case '{':
    case '}':
      return "write parentheses";
    case ':':
      return "write / for a quotient, * for a product";
    case '%':
    case '&':
    case '|':
    case '!':
      return "the operators are + - * / ^";
    default:
      return "a name with such a character stands in backticks: `my column`";
  }
}

}  // namespace

Error formula_error(std::string_view text, std::size_t at, std::string_view what, std::string remedy) {
  const auto begin = text.begin();
  const auto characters =
      std::count_if(begin, begin + static_cast<std::ptrdiff_t>(std::min(at, text.size())),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return {ErrorKind::usage, fmt::format("the formula, character {}: {}", characters + 1, what),
          std::move(remedy)};
}

bool is_plain_name(std::string_view name) {
  std::size_t at = 0;
  while (at < name.size()) {
    if (is_ascii(name[at])) {
      if (!is_letter(name[at]) && (at == 0 || (!is_digit(name[at]) && name[at] != '.'))) return false;
      ++at;
      continue;
    }
    const Character character = decode(name, at);
    if (character.bytes == 0 || !is_foreign_letter(character.code)) return false;
    at += character.bytes;
  }
  return !name.empty();
}

tl::unexpected<Error> Lexer::strange(std::size_t at) const {
  const Character character = decode(text_, at);
  if (character.bytes == 0) return error(at, "a byte that is not UTF-8", "write the formula in UTF-8");
  const std::string shown = in_quotes(text_.substr(at, character.bytes));
  return error(at, fmt::format("{} has no meaning here", shown), meant(character.code));
}

Result<Token> Lexer::next() {
  while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
  Token token;
  token.begin = token.end = position_;
  if (position_ == text_.size()) return token;
  const char c = text_[position_];
  if (is_digit(c) || (c == '.' && is_digit(at(position_ + 1)))) return number();
  if (c == '`') return quoted_name();
  if (is_letter(c) || !is_ascii(c)) return plain_name();
  const auto sign = [&](TokenKind kind, std::size_t length) {
    token.kind = kind;
    position_ += length;
    token.end = position_;
    return token;
  };
  const bool before_equals = at(position_ + 1) == '=';
  switch (c) {
    case '+':
      return sign(TokenKind::plus, 1);
    case '-':
      return sign(TokenKind::minus, 1);
    case '*':
      return at(position_ + 1) == '*' ? sign(TokenKind::power, 2) : sign(TokenKind::times, 1);
    case '/':
      return sign(TokenKind::divide, 1);
    case '^':
      return sign(TokenKind::power, 1);
    case '(':
      return sign(TokenKind::open, 1);
    case ')':
      return sign(TokenKind::close, 1);
    case ',':
      return sign(TokenKind::comma, 1);
    case '=':
      if (before_equals)
        return error(position_, "'==' has no meaning here", "write a single = between the two sides");
      return sign(TokenKind::equals, 1);
    case '<':
    case '>':
      return sign(TokenKind::comparison, before_equals ? 2 : 1);
    default:
      return strange(position_);
  }
}

Result<Token> Lexer::number() {
  Token token;
  token.kind = TokenKind::number;
  token.begin = position_;
  std::size_t end = position_;
  while (is_digit(at(end))) ++end;
  if (at(end) == '.') ++end;
  while (is_digit(at(end))) ++end;
  if (at(end) == 'e' || at(end) == 'E') {
    const std::size_t digits = end + (at(end + 1) == '+' || at(end + 1) == '-' ? 2 : 1);
    if (is_digit(at(digits))) {
      end = digits;
      while (is_digit(at(end))) ++end;
    }
  }
  const ParsedNumber parsed = parse_number(text_.substr(position_, end - position_));
  if (parsed.status != NumberStatus::ok) {
    return error(
        position_,
        fmt::format("the number {} is too large", in_quotes(text_.substr(position_, end - position_))),
        "the largest is about 1.8e308");
  }
  token.value = parsed.value;
  token.end = position_ = end;
  return token;
}

Result<Token> Lexer::plain_name() {
  Token token;
  token.kind = TokenKind::name;
  token.begin = position_;
  std::size_t end = position_;
  while (end < text_.size()) {
    const char c = text_[end];
    if (is_ascii(c)) {
      if (!is_letter(c) && !is_digit(c) && c != '.') break;
      ++end;
      continue;
    }
    const Character character = decode(text_, end);
    if (character.bytes == 0 || !is_foreign_letter(character.code)) {
      if (end == position_ || character.bytes == 0) return strange(end);
      break;
    }
    end += character.bytes;
  }
  token.name = text_.substr(position_, end - position_);
  position_ = end;
  if (auto read = level(token); !read) return fail(read.error());
  token.end = position_;
  return token;
}

Result<std::string> Lexer::in_backticks(std::size_t& position, std::string_view what) const {
  const std::size_t opened = position;
  std::string out;
  for (std::size_t k = opened + 1; k < text_.size(); ++k) {
    if (text_[k] != '`') {
      out += text_[k];
    } else if (at(k + 1) == '`') {
      out += text_[k++];
    } else if (out.empty()) {
      break;
    } else {
      position = k + 1;
      return out;
    }
  }
  if (text_.find('`', opened + 1) == std::string_view::npos) {
    return error(opened, fmt::format("the backtick that opens the {} is never closed", what),
                 "close it with another `");
  }
  if (out.empty()) return error(opened, fmt::format("an empty {}", what), "write it between the backticks");
  return error(opened, fmt::format("the backtick that opens the {} is never closed", what),
               "a backtick inside is written twice");
}

Result<Token> Lexer::quoted_name() {
  Token token;
  token.kind = TokenKind::name;
  token.quoted = true;
  token.begin = position_;
  auto name = in_backticks(position_, "name");
  if (!name) return fail(name.error());
  token.name = std::move(*name);
  if (auto read = level(token); !read) return fail(read.error());
  token.end = position_;
  return token;
}

// The level that follows a name without a blank: [Ideal], or [`a ] b`] where it holds a bracket.
Result<void> Lexer::level(Token& token) {
  if (at(position_) != '[') return {};
  const std::size_t opened = position_++;
  if (at(position_) == '`') {
    auto text = in_backticks(position_, "level");
    if (!text) return fail(text.error());
    token.level = std::move(*text);
  } else {
    const std::size_t close = std::min(text_.find(']', position_), text_.size());
    token.level = std::string(text_.substr(position_, close - position_));
    position_ = close;
  }
  if (at(position_) != ']')
    return error(opened, "this bracket is never closed", "write cut[Ideal], the level of a text column");
  ++position_;
  return {};
}

}  // namespace talweg
