// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/sniff.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "talweg/base/numbers.h"

namespace talweg {
namespace {

constexpr std::size_t kSniffedRecords = 100;

struct Cut {
  std::vector<std::size_t> fields;   // per record
  std::vector<std::size_t> numbers;  // per record
};

bool is_number(std::string_view cell, char decimal) {
  return parse_number(cell, decimal).status != NumberStatus::not_a_number;
}

// Cuts leniently: what is wrong with a record is for the scanner to say.
class Splitter {
 public:
  Splitter(std::string_view text, char delimiter, char decimal)
      : text_(text), delimiter_(delimiter), decimal_(decimal) {}

  Cut cut() {
    Cut out;
    while (at_ < text_.size() && out.fields.size() < kSniffedRecords) {
      fields_ = numbers_ = 0;
      blank_ = true;
      const bool whole = record();
      if (blank_ && (fields_ == 1 || delimiter_ == ' ' || delimiter_ == '\t')) continue;
      // The last record may have been cut off; alone it is all there is to go by.
      if (!whole && !out.fields.empty()) break;
      out.fields.push_back(fields_);
      out.numbers.push_back(numbers_);
    }
    return out;
  }

 private:
  // Goes past one record; false where the text ends before it does.
  bool record() {
    while (true) {
      const std::size_t start = at_;
      std::string_view cell;
      if (at_ < text_.size() && text_[at_] == '"') {
        cell = quoted_cell();
      } else {
        while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n') ++at_;
        cell = text_.substr(start, at_ - start);
        if (cell.ends_with('\r')) cell.remove_suffix(1);
      }
      ++fields_;
      if (is_number(cell, decimal_) || (delimiter_ != ',' && is_number(cell, ','))) ++numbers_;
      if (at_ > start && cell.find_first_not_of(" \t") != std::string_view::npos) blank_ = false;
      if (at_ == text_.size()) return false;
      if (text_[at_++] == '\n') return true;
    }
  }

  std::string_view quoted_cell() {
    const std::size_t start = ++at_;
    blank_ = false;
    std::size_t close = text_.find('"', start);
    while (close != std::string_view::npos && close + 1 < text_.size() && text_[close + 1] == '"') {
      close = text_.find('"', close + 2);
    }
    close = std::min(close, text_.size());
    at_ = close;
    while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n') ++at_;
    return text_.substr(start, close - start);
  }

  std::string_view text_;
  char delimiter_;
  char decimal_;
  std::size_t at_ = 0;
  std::size_t fields_ = 0;
  std::size_t numbers_ = 0;
  bool blank_ = true;
};

struct Score {
  std::size_t numbers = 0;
  std::size_t fields = 0;
};

// Of the first `records` records, if they have equally many fields, at least two.
std::optional<Score> score(const Cut& cut, std::size_t records) {
  records = std::min(records, cut.fields.size());
  if (records == 0 || cut.fields[0] < 2) return std::nullopt;
  Score out{0, cut.fields[0]};
  for (std::size_t i = 0; i < records; ++i) {
    if (cut.fields[i] != out.fields) return std::nullopt;
    out.numbers += cut.numbers[i];
  }
  return out;
}

}  // namespace

char sniff_delimiter(std::string_view text, char decimal) {
  const std::string candidates = decimal == ',' ? ";\t| " : ",;\t| ";
  std::vector<Cut> cuts;
  for (const char candidate : candidates) cuts.push_back(Splitter(text, candidate, decimal).cut());
  // A ragged record further down must not hide a delimiter that the first ones show; a blank is too common in
  // prose to be believed on a few records.
  for (const std::size_t records : {kSniffedRecords, std::size_t{10}, std::size_t{3}}) {
    std::optional<Score> best;
    char delimiter = 0;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      if (records < kSniffedRecords && (candidates[i] == ' ' || cuts[i].fields.size() < records)) continue;
      const auto here = score(cuts[i], records);
      if (!here) continue;
      if (best && here->numbers < best->numbers) continue;
      // Names and prose hold blanks: a blank has to yield more numbers to be believed.
      const bool fewer = here->fields <= best.value_or(Score{}).fields || candidates[i] == ' ';
      if (best && here->numbers == best->numbers && fewer) continue;
      best = here;
      delimiter = candidates[i];
    }
    if (best) return delimiter;
  }
  return candidates.front();
}

bool looks_like_header(const std::vector<std::string_view>& cells, char decimal) {
  return std::none_of(cells.begin(), cells.end(),
                      [&](std::string_view cell) { return is_number(cell, decimal); });
}

}  // namespace talweg
