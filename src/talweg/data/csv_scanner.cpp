// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/csv_scanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "talweg/base/byte_buffer.h"
#include "talweg/base/numbers.h"

namespace talweg {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18U;
constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

const char* find(const char* from, const char* to, char wanted) {
  return from == to
             ? nullptr
             : static_cast<const char*>(std::memchr(from, wanted, static_cast<std::size_t>(to - from)));
}

std::string_view between(const char* from, const char* to) {
  return {from, static_cast<std::size_t>(to - from)};
}

std::uint64_t count_lines(const char* from, const char* to) {
  return static_cast<std::uint64_t>(std::count(from, to, '\n'));
}

const char* without_carriage_return(const char* from, const char* to) {
  return to != from && to[-1] == '\r' ? to - 1 : to;
}

// UTF-16 with a byte order mark, or nothing but ASCII in it: then every other byte is zero.
bool looks_like_utf16(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xFF\xFE"sv) || text.starts_with("\xFE\xFF"sv)) return true;
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < text.size(); ++i) zeros[i % 2] += text[i] == '\0' ? 1U : 0U;
  if (text.size() < 4) return false;
  return (zeros[0] == 0) != (zeros[1] == 0) && 4 * (zeros[0] + zeros[1]) >= text.size();
}

// Whether [from, to), the whole of a text or as much as a record may hold, is of several lines that end with
// a carriage return only.
bool is_old_mac(const char* from, const char* to, bool whole) {
  if (!whole || find(from, to, '\n') != nullptr || find(from, to, '"') != nullptr) return false;
  return find(from, to - 1, '\r') != nullptr;
}

constexpr const char* kOldMacRemedy = "make them line feeds: tr '\\r' '\\n' < IN > OUT";

}  // namespace

struct CsvScanner::State {
  enum class Outcome { complete, bad, needs_more };

  std::unique_ptr<ByteSource> source;
  std::string name;
  char delimiter;
  bool keep_blank_lines;

  // [begin, end) of the buffer is read and not yet given out; `line` is the line of `begin`.
  ByteBuffer buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first_nul = kNowhere;
  std::uint64_t line = 1;
  bool at_end = false;
  bool started = false;
  std::optional<Error> source_error;  // told when the records before it have been given out
  std::optional<Error> failed;
  std::string unescaped;                 // fields with doubled quotes, of the current record
  std::vector<std::size_t> with_quotes;  // their numbers
  const char* open_quote = nullptr;      // of the field at which the record needs more bytes
  bool one_line = false;                 // the record holds no quotes

  State(std::unique_ptr<ByteSource> from, std::string called, char delimited_by, bool keep_blank)
      : source(std::move(from)),
        name(std::move(called)),
        delimiter(delimited_by),
        keep_blank_lines(keep_blank) {}

  tl::unexpected<Error> stop(Error error) {
    if (error.file.empty()) error.file = name;
    failed = error;
    return fail(std::move(error));
  }
  tl::unexpected<Error> stop(std::uint64_t at, std::string what, std::string remedy) {
    return stop(Error{ErrorKind::data, std::move(what), std::move(remedy), name, at});
  }

  void read_more();
  void have(std::size_t count);  // unless the source ends or fails before
  Result<void> start();
  Result<bool> next(CsvRecord& record);
  Outcome parse(const char* from, const char* to, bool last, CsvRecord& record, const char*& rest);
  Outcome parse_plain(const char* from, const char* to, CsvRecord& record) const;
  Outcome too_many_fields(const char* at, const char* to, bool last, CsvRecord& record,
                          const char*& rest) const;
  Outcome parse_quoted(const char* from, const char* to, bool last, CsvRecord& record, const char*& rest);
  Outcome bad(const char* at, const char* to, bool last, Error error, CsvRecord& record,
              const char*& rest) const;
  Outcome bad_quote(const char* field, const char* at, const char* to, bool last, CsvRecord& record,
                    const char*& rest) const;
  void unescape(CsvRecord& record);
  tl::unexpected<Error> unfinished(const char* from, const char* to);
  [[nodiscard]] bool is_blank(std::string_view text) const;
};

void CsvScanner::State::read_more() {
  if (begin > 0) {
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    if (first_nul != kNowhere) first_nul -= begin;
    end -= begin;
    begin = 0;
  }
  if (end == buffer.size()) buffer.grow(std::max(kBufferBytes, 2 * end));
  auto count = source->read(buffer.from(end));
  if (!count) {
    source_error = count.error();
    return;
  }
  if (*count == 0) at_end = true;
  if (first_nul == kNowhere) {
    const char* const from = buffer.data() + end;
    if (const char* const nul = find(from, from + *count, '\0')) {
      first_nul = static_cast<std::size_t>(nul - buffer.data());
    }
  }
  end += *count;
}

void CsvScanner::State::have(std::size_t count) {
  while (!at_end && !source_error && end - begin < count) read_more();
}

Result<void> CsvScanner::State::start() {
  constexpr std::size_t kLookedAt = 64;
  started = true;
  have(kLookedAt);
  const std::string_view text(buffer.data() + begin, std::min(end - begin, kLookedAt));
  if (looks_like_utf16(text)) {
    return stop(0, "is UTF-16, not UTF-8", "convert it: iconv -f UTF-16 -t UTF-8 IN > OUT");
  }
  if (text.starts_with("\xEF\xBB\xBF")) begin += 3;
  return {};
}

bool CsvScanner::State::is_blank(std::string_view text) const {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return (c == ' ' || c == '\t') && c != delimiter; });
}

// A bad record ends with the line on which it is found bad: after it quotes cannot be trusted.
CsvScanner::State::Outcome CsvScanner::State::bad(const char* at, const char* to, bool last, Error error,
                                                  CsvRecord& record, const char*& rest) const {
  const char* const line_end = find(at, to, '\n');
  if (line_end == nullptr && !last) return Outcome::needs_more;
  const char* const from = buffer.data() + begin;
  rest = line_end == nullptr ? to : line_end + 1;
  record.raw = between(from, without_carriage_return(from, line_end == nullptr ? to : line_end));
  error.file = name;
  error.line = line;
  record.bad = std::move(error);
  return Outcome::bad;
}

CsvScanner::State::Outcome CsvScanner::State::parse_plain(const char* from, const char* to,
                                                          CsvRecord& record) const {
  record.raw = between(from, to);
  while (const char* const cut = find(from, to, delimiter)) {
    if (record.fields.size() == kMostFields) return Outcome::bad;
    record.fields.push_back(between(from, cut));
    from = cut + 1;
  }
  if (record.fields.size() == kMostFields) return Outcome::bad;
  record.fields.push_back(between(from, to));
  return Outcome::complete;
}

CsvScanner::State::Outcome CsvScanner::State::too_many_fields(const char* at, const char* to, bool last,
                                                              CsvRecord& record, const char*& rest) const {
  return bad(at, to, last, too_many_fields_error(), record, rest);
}

CsvScanner::State::Outcome CsvScanner::State::bad_quote(const char* field, const char* at, const char* to,
                                                        bool last, CsvRecord& record,
                                                        const char*& rest) const {
  const char* stop_at = at;
  while (stop_at != to && *stop_at != delimiter && *stop_at != '\n') ++stop_at;
  const std::string_view text = between(field, without_carriage_return(field, stop_at));
  std::string mended = "\"";
  constexpr std::size_t kShown = 40;
  for (const char c : text.substr(0, kShown)) mended += c == '"' ? "\"\"" : std::string(1, c);
  if (text.size() <= kShown) mended += '"';
  std::string shown = in_quotes(mended, 3 * kShown);
  shown = shown.substr(1, shown.size() - 2);
  if (text.size() > kShown) shown += "...\"";
  return bad(at, to, last,
             Error{ErrorKind::data, fmt::format("a quote inside an unquoted field: {}", in_quotes(text)),
                   fmt::format("quote the field and double the quotes in it: write {}", shown)},
             record, rest);
}

CsvScanner::State::Outcome CsvScanner::State::parse_quoted(const char* from, const char* to, bool last,
                                                           CsvRecord& record, const char*& rest) {
  const char* const start_of_record = from;
  const auto complete = [&](const char* text_end, const char* after) {
    record.raw = between(start_of_record, text_end);
    rest = after;
    return Outcome::complete;
  };
  open_quote = nullptr;
  one_line = false;
  const char* at = from;
  while (true) {
    if (record.fields.size() == kMostFields) return too_many_fields(at, to, last, record, rest);
    if (at != to && *at == '"') {
      const char* const opened = at;
      const char* close = at;
      bool doubled = false;
      while (true) {
        close = find(close + 1, to, '"');
        if (close == nullptr || (close + 1 == to && !last)) {
          open_quote = opened;
          return Outcome::needs_more;
        }
        if (close + 1 == to || close[1] != '"') break;
        doubled = true;
        ++close;
      }
      if (doubled) with_quotes.push_back(record.fields.size());
      record.fields.push_back(between(opened + 1, close));
      at = close + 1;
      if (at == to) return complete(at, at);
      if (*at == delimiter) {
        ++at;
        continue;
      }
      if (*at == '\n') return complete(at, at + 1);
      if (*at == '\r') {
        if (at + 1 == to) return last ? complete(at, to) : Outcome::needs_more;
        if (at[1] == '\n') return complete(at, at + 2);
        return bad(at, to, last,
                   Error{ErrorKind::data, "a carriage return without a line feed after a closing quote",
                         fmt::format("if the lines end so, {}", kOldMacRemedy)},
                   record, rest);
      }
      const char* shown = at;
      while (shown != to && *shown != '\n' && *shown != delimiter) ++shown;
      return bad(at, to, last,
                 Error{ErrorKind::data,
                       fmt::format("text after a closing quote: {}", in_quotes(between(opened, shown))),
                       "double the quotes inside a quoted field, or take the quotes off"},
                 record, rest);
    }
    const char* cut = at;
    while (cut != to && *cut != delimiter && *cut != '\n' && *cut != '"') ++cut;
    if (cut == to) {
      if (!last) return Outcome::needs_more;
      const char* const text_end = without_carriage_return(at, to);
      record.fields.push_back(between(at, text_end));
      return complete(text_end, to);
    }
    if (*cut == '"') return bad_quote(at, cut, to, last, record, rest);
    if (*cut == '\n') {
      const char* const text_end = without_carriage_return(at, cut);
      record.fields.push_back(between(at, text_end));
      return complete(text_end, cut + 1);
    }
    record.fields.push_back(between(at, cut));
    at = cut + 1;
  }
}

CsvScanner::State::Outcome CsvScanner::State::parse(const char* from, const char* to, bool last,
                                                    CsvRecord& record, const char*& rest) {
  const char* const line_end = find(from, to, '\n');
  const char* const text_end = line_end == nullptr ? to : line_end;
  if (find(from, text_end, '"') != nullptr) return parse_quoted(from, to, last, record, rest);
  one_line = true;
  open_quote = nullptr;
  if (line_end == nullptr && !last) return Outcome::needs_more;
  rest = line_end == nullptr ? to : line_end + 1;
  const Outcome outcome = parse_plain(from, without_carriage_return(from, text_end), record);
  return outcome == Outcome::bad ? too_many_fields(from, to, last, record, rest) : outcome;
}

// Into a buffer of its own, since the record must also be given out as it stands.
void CsvScanner::State::unescape(CsvRecord& record) {
  unescaped.clear();
  if (unescaped.capacity() < record.raw.size()) unescaped.reserve(record.raw.size());
  for (const std::size_t number : with_quotes) {
    const std::string_view field = record.fields[number];
    const std::size_t start = unescaped.size();
    for (std::size_t i = 0; i < field.size(); ++i) {
      unescaped += field[i];
      if (field[i] == '"') ++i;
    }
    record.fields[number] = std::string_view(unescaped).substr(start);
  }
}

// The record is not complete at the end of the input, or at the longest length that a record may have.
tl::unexpected<Error> CsvScanner::State::unfinished(const char* from, const char* to) {
  if (open_quote != nullptr) {
    return stop(line + count_lines(from, open_quote), "a quote that is opened here is never closed",
                "close it, or double it if it is a part of the text");
  }
  return stop(
      line, fmt::format("a record longer than {} bytes", grouped(static_cast<unsigned long long>(to - from))),
      "check that the file is a table with line ends");
}

Result<bool> CsvScanner::State::next(CsvRecord& record) {
  if (failed) return fail(*failed);
  if (!started) {
    if (auto first = start(); !first) return fail(first.error());
  }
  while (true) {
    if (begin == end) {
      if (source_error) return stop(*source_error);
      if (at_end) return false;
      read_more();
      continue;
    }
    // A record is judged on its first kLongestRecord bytes only, so errors do not depend on how the bytes
    // arrive.
    const bool cut = end - begin > kLongestRecord;
    const bool last = at_end && !cut;
    const char* const from = buffer.data() + begin;
    const char* const to = from + (cut ? kLongestRecord : end - begin);
    const char* rest = from;
    record.fields.clear();
    record.bad.reset();
    with_quotes.clear();
    const Outcome outcome = parse(from, to, last, record, rest);

    const char* const judged = outcome == Outcome::needs_more ? to : rest;
    if (first_nul != kNowhere && buffer.data() + first_nul < judged) {
      return stop(line + count_lines(from, buffer.data() + first_nul), "a NUL byte: this is not text",
                  "check the format of the file");
    }
    if (line == 1 && is_old_mac(from, judged, last || cut)) {
      return stop(1, "lines end with a carriage return only", kOldMacRemedy);
    }
    if (outcome == Outcome::needs_more) {
      if (last || cut) return unfinished(from, to);
      if (source_error) return stop(*source_error);
      // To read as much again as there is keeps the work linear when bytes trickle in.
      have(2 * (end - begin));
      continue;
    }
    record.line = line;
    line += one_line ? 1 : count_lines(from, rest);
    begin += static_cast<std::size_t>(rest - from);
    const bool one_plain_field = outcome == Outcome::complete && one_line && record.fields.size() == 1;
    if (one_plain_field && !keep_blank_lines && is_blank(record.raw)) continue;
    if (outcome == Outcome::complete && !with_quotes.empty()) unescape(record);
    return true;
  }
}

Error too_many_fields_error() {
  return {ErrorKind::data, fmt::format("more than {} fields", grouped(kMostFields)),
          "check the delimiter and the line ends"};
}

bool CsvScanner::has_rest() const {
  const State& state = *state_;
  return state.started && !state.failed && !state.source_error && state.source != nullptr;
}

std::optional<CsvScanner::Rest> CsvScanner::take_rest() {
  if (!has_rest()) return std::nullopt;
  State& state = *state_;
  Rest rest{std::string(state.buffer.data() + state.begin, state.end - state.begin), std::move(state.source),
            state.line};
  state.begin = state.end = 0;
  state.first_nul = kNowhere;
  state.at_end = true;
  return rest;
}

void CsvScanner::resume(Rest rest) {
  State& state = *state_;
  state.source = replay(std::move(rest.bytes), std::move(rest.source));
  state.line = rest.line;
  state.at_end = false;
}

CsvScanner::CsvScanner(std::unique_ptr<ByteSource> source, std::string name, char delimiter,
                       bool keep_blank_lines)
    : state_(std::make_unique<State>(std::move(source), std::move(name), delimiter, keep_blank_lines)) {}
CsvScanner::~CsvScanner() = default;
CsvScanner::CsvScanner(CsvScanner&&) noexcept = default;
CsvScanner& CsvScanner::operator=(CsvScanner&&) noexcept = default;

Result<bool> CsvScanner::next(CsvRecord& record) {
  return state_->next(record);
}

Result<std::string_view> CsvScanner::peek(std::size_t limit) {
  if (state_->failed) return fail(*state_->failed);
  if (!state_->started) {
    if (auto first = state_->start(); !first) return fail(first.error());
  }
  state_->have(std::min(limit, kLongestRecord));
  return std::string_view(state_->buffer.data() + state_->begin,
                          std::min(limit, state_->end - state_->begin));
}

void CsvScanner::set_delimiter(char delimiter) {
  state_->delimiter = delimiter;
}
void CsvScanner::set_keep_blank_lines(bool keep) {
  state_->keep_blank_lines = keep;
}

}  // namespace talweg
