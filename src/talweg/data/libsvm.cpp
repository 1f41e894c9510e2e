// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/libsvm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "talweg/base/numbers.h"
#include "talweg/base/plain_decimal.h"
#include "talweg/base/stop.h"
#include "talweg/data/csv_scanner.h"

namespace talweg {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18U;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMostIndexDigits = 18;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The next run of characters that are no blanks, taken off the front of `text`; empty at its end.
std::string_view take_token(std::string_view& text) {
  std::size_t begin = 0;
  while (begin < text.size() && is_blank(text[begin])) ++begin;
  std::size_t end = begin;
  while (end < text.size() && !is_blank(text[end])) ++end;
  const std::string_view token = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return token;
}

// A finite number; kPlainDecimalHeadroom bytes in front of the text can be read.
NumberStatus read_number(std::string_view text, double& value) {
  if (parse_plain_decimal(text.data(), text.data() + text.size(), '.', value)) return NumberStatus::ok;
  const ParsedNumber parsed = parse_number(text);
  value = parsed.value;
  return parsed.status;
}

std::string what_is_wrong(std::string_view text, NumberStatus status) {
  return in_quotes(text) + (status == NumberStatus::out_of_range ? " is not finite, or too large for a double"
                                                                 : " is not a number");
}

std::string memory_text(double bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  return fmt::format("{} {}", short_text(bytes, 3), kUnits[unit]);
}

}  // namespace

LibsvmReader::LibsvmReader(std::unique_ptr<ByteSource> source, std::string name)
    : source_(std::move(source)), name_(std::move(name)) {
  buffer_.grow(kPlainDecimalHeadroom + kBufferBytes);
  std::fill_n(buffer_.data(), kPlainDecimalHeadroom, ' ');
  begin_ = end_ = kPlainDecimalHeadroom;
}

bool LibsvmReader::bad(SparseRow& row, std::string column, std::string what, std::string remedy) const {
  row.bad = Error{ErrorKind::data, std::move(what), std::move(remedy), name_, line_, std::move(column)};
  return false;
}

// Moves what is left to the front, and reads behind it; false where the source has ended.
Result<bool> LibsvmReader::fill() {
  if (program_stop().raised()) {
    return fail(ErrorKind::interrupted, "interrupted while reading the data: there is nothing to report yet");
  }
  if (begin_ > kPlainDecimalHeadroom) {
    std::memmove(buffer_.data() + kPlainDecimalHeadroom, buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_ - kPlainDecimalHeadroom;
    begin_ = kPlainDecimalHeadroom;
  }
  if (end_ == buffer_.size()) buffer_.grow(kPlainDecimalHeadroom + 2 * (end_ - kPlainDecimalHeadroom));
  const auto count = source_->read(buffer_.from(end_));
  if (!count) return fail(count.error());
  end_ += *count;
  return *count > 0;
}

// The next line without its end; false behind the last one.
Result<bool> LibsvmReader::next_line(std::string_view& line) {
  std::size_t searched = 0;
  while (true) {
    const char* const from = buffer_.data() + begin_;
    const std::size_t size = end_ - begin_;
    const void* const found = size > searched ? std::memchr(from + searched, '\n', size - searched) : nullptr;
    const std::size_t length =
        found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - from) : size;
    if (length > kLongestRecord) {
      return fail(Error{ErrorKind::data,
                        fmt::format("the line is longer than {} bytes", grouped(kLongestRecord)),
                        "check that it is libsvm text, a row a line", name_, line_ + 1});
    }
    if (found == nullptr && !ended_) {
      searched = size;
      const auto more = fill();
      if (!more) return fail(more.error());
      ended_ = !*more;
      continue;
    }
    if (found == nullptr && size == 0) return false;
    line = std::string_view(from, length);
    begin_ += length + (found != nullptr ? 1 : 0);
    ++line_;
    if (line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
}

bool LibsvmReader::parse_label(std::string_view token, SparseRow& row) const {
  if (token.find(':') != std::string_view::npos) {
    return bad(row, "label", fmt::format("the line begins with {}, it has no label", in_quotes(token)),
               "put the label first; 0 where it is not known");
  }
  if (token.find(',') != std::string_view::npos) {
    return bad(row, "label", fmt::format("{} are several labels", in_quotes(token)),
               "one number a row is fitted: make a file for each label");
  }
  const NumberStatus status = read_number(token, row.label);
  if (status == NumberStatus::ok) return true;
  return bad(row, "label", fmt::format("the label {}", what_is_wrong(token, status)),
             "write the label as a number, such as +1 or -1");
}

bool LibsvmReader::parse_entry(std::string_view token, SparseRow& row) const {
  const std::size_t colon = token.find(':');
  if (colon == std::string_view::npos) {
    return bad(row, "", fmt::format("{} has no colon", in_quotes(token)),
               "write a feature as index:value, without blanks inside");
  }
  const std::string_view key = token.substr(0, colon);
  const std::string_view text = token.substr(colon + 1);
  if (key == "qid") {
    return bad(row, "",
               fmt::format("{} names the query of a ranking, and rankings are not fitted", in_quotes(token)),
               "take it out to fit the labels as numbers");
  }
  std::uint64_t index = 0;
  const bool digits =
      !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    const bool negative =
        key.size() > 1 && key[0] == '-' &&
        std::all_of(key.begin() + 1, key.end(), [](char c) { return c >= '0' && c <= '9'; });
    return bad(row, "",
               fmt::format("{}: the index {} is {}", in_quotes(token), in_quotes(key),
                           negative ? "negative" : "not a whole number"),
               "indices are 1, 2, 3, ...");
  }
  const std::string_view significant = key.substr(std::min(key.find_first_not_of('0'), key.size()));
  if (significant.size() > kMostIndexDigits) {
    return bad(row, "", fmt::format("the index {} is too large", in_quotes(key)), "indices are 1, 2, 3, ...");
  }
  for (const char c : significant) index = index * 10 + static_cast<std::uint64_t>(c - '0');
  if (index == 0) {
    return bad(row, "", fmt::format("{}: the index is 0, and indices count from 1", in_quotes(token)),
               "add 1 to every index (scikit-learn: dump_svmlight_file(..., zero_based=False))");
  }
  const std::string column = fmt::format("x{}", index);
  if (!row.entries.empty() && row.entries.back().index >= index) {
    const std::uint64_t before = row.entries.back().index;
    return bad(row, column,
               before == index
                   ? fmt::format("{}: the index {} is repeated", in_quotes(token), index)
                   : fmt::format("{}: the index {} stands behind {}", in_quotes(token), index, before),
               "name each index once, in ascending order");
  }
  double value = 0;
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '9') {
    value = text[0] - '0';
  } else if (text.empty()) {
    return bad(row, column, fmt::format("{} has no value", in_quotes(token)),
               "write a feature as index:value, without blanks inside");
  } else if (const NumberStatus status = read_number(text, value); status != NumberStatus::ok) {
    return bad(row, column, what_is_wrong(text, status),
               "correct the value, or take the feature out of the line where it is 0");
  }
  row.entries.push_back({index, value});
  return true;
}

void LibsvmReader::parse(std::string_view text, SparseRow& row) const {
  row.entries.clear();
  row.bad.reset();
  if (!parse_label(take_token(text), row)) return;
  while (true) {
    const std::string_view token = take_token(text);
    if (token.empty() || !parse_entry(token, row)) return;
  }
}

Result<bool> LibsvmReader::next(SparseRow& row) {
  if (failed_) return fail(*failed_);
  while (true) {
    std::string_view line;
    const auto any = next_line(line);
    if (!any) {
      failed_ = any.error();
      return fail(*failed_);
    }
    if (!*any) return false;
    const std::string_view text = line.substr(0, std::min(line.find('#'), line.size()));
    if (std::all_of(text.begin(), text.end(), is_blank)) continue;
    row.line = line_;
    row.raw = line;
    parse(text, row);
    return true;
  }
}

Result<std::uint64_t> largest_index(LibsvmReader& reader, const std::string& name) {
  std::uint64_t largest = 0;
  SparseRow row;
  while (true) {
    const auto any = reader.next(row);
    if (!any) return fail(any.error());
    if (!*any) return largest;
    if (row.bad || row.entries.empty()) continue;
    largest = std::max(largest, row.entries.back().index);
    if (largest <= kMostDenseColumns) continue;
    const double bytes = static_cast<double>(largest) * sizeof(double);
    return fail(
        Error{ErrorKind::data,
              fmt::format("the index {} makes {} columns; libsvm text is read as dense rows, which would "
                          "take {} each, and at most {} columns are read",
                          largest, grouped(largest), memory_text(bytes), grouped(kMostDenseColumns)),
              "number the features anew without gaps, or hash them into fewer", name, row.line,
              fmt::format("x{}", largest)});
  }
}

}  // namespace talweg
