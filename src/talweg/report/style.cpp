// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/style.h"

#include <algorithm>

#include "talweg/report/table.h"

namespace talweg {
namespace {

// The end of as many characters from `from` as `room` has place for; colour codes take none.
std::size_t end_of(const std::string& line, std::size_t from, std::size_t room) {
  std::size_t at = from;
  std::size_t used = 0;
  while (at < line.size()) {
    if (line[at] == '\x1b') {
      const std::size_t end = line.find('m', at);
      if (end == std::string::npos) return line.size();
      at = end + 1;
      continue;
    }
    if ((static_cast<unsigned char>(line[at]) & 0xC0U) != 0x80U && ++used > room) return at;
    ++at;
  }
  return at;
}

std::string wrapped_line(const std::string& line, std::size_t width) {
  constexpr std::size_t kNarrow = 48;
  const bool remark = line.starts_with("  (");
  if (shown_width(line) <= width || (line.starts_with("  ") && !remark)) return line;
  const std::size_t indent = remark ? 3 : width < kNarrow ? 2 : kLabel;
  std::string out;
  std::size_t from = 0;
  std::size_t room = width;
  while (true) {
    std::size_t end = end_of(line, from, room);
    if (end == line.size()) return out + line.substr(from);
    // Back to the last blank; where a word fills the line it is cut.
    const std::size_t blank = line.rfind(' ', end);
    const std::size_t least = out.empty() ? from + (remark ? indent : kLabel) : from;
    std::size_t next = end;
    if (blank != std::string::npos && blank > least) {
      end = blank;
      next = line.find_first_not_of(' ', blank);
      if (next == std::string::npos) return out + line.substr(from, end - from);
    }
    out += line.substr(from, end - from) + '\n' + std::string(indent, ' ');
    from = next;
    room = width - indent;
  }
}

}  // namespace

std::string wrapped(const std::string& text, std::size_t width) {
  constexpr std::size_t kLeast = 20;  // narrower than any word: nothing would be readable
  if (width < kLeast) return text;
  std::string out;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out += wrapped_line(text.substr(from, end - from), width);
    if (end < text.size()) out += '\n';
    from = end + 1;
  }
  return out;
}

}  // namespace talweg
