// SPDX-License-Identifier: Apache-2.0
// What the terminal that text goes to can show: colours, how many characters a line, block characters.
#pragma once

#include <cstddef>
#include <string>

namespace talweg {

/// Marks text for a terminal that shows colours; plain otherwise.
struct Style {
  bool color = false;
  std::size_t width = 0;  ///< characters in a line; 0: as many as there are (a file, a pipe)
  bool blocks = false;    ///< the terminal reads UTF-8, so bars can be made of block characters

  [[nodiscard]] std::string bold(const std::string& text) const { return wrap("1", text); }
  [[nodiscard]] std::string good(const std::string& text) const { return wrap("32", text); }
  [[nodiscard]] std::string bad(const std::string& text) const { return wrap("31", text); }
  [[nodiscard]] std::string warn(const std::string& text) const { return wrap("33", text); }
  [[nodiscard]] std::string dim(const std::string& text) const { return wrap("2", text); }

 private:
  [[nodiscard]] std::string wrap(const char* code, const std::string& text) const {
    return color ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }
};

/// Breaks lines that are longer than `width` between words; what follows stands below the text, behind the
/// label (below kLabel characters), on narrow terminals two characters in. Lines that begin with two blanks
/// (tables, curves) stay as they are. Width 0 changes nothing.
std::string wrapped(const std::string& text, std::size_t width);

inline constexpr std::size_t kLabel = 12;  ///< characters that labels take

}  // namespace talweg
