// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>
#include <optional>
#include <vector>

#include "talweg/data/csv_scanner.h"
#include "talweg/data/npy.h"

namespace talweg {
namespace {

// The dictionary is Python text; of Python only what numpy writes is understood.
class DictionaryParser {
 public:
  explicit DictionaryParser(std::string_view text) : text_(text) {}

  Result<NpyHeader> parse() {
    if (!take('{')) return malformed();
    while (!take('}')) {
      const auto key = string();
      if (!key || !take(':')) return malformed();
      if (auto value = this->value(*key); !value) return fail(value.error());
      if (!take(',')) {
        if (!take('}')) return malformed();
        break;
      }
    }
    skip_blanks();
    if (at_ != text_.size() || !has_type_ || !has_order_ || !has_shape_) return malformed();
    return finish();
  }

 private:
  static tl::unexpected<Error> malformed() {
    return fail(ErrorKind::data, "the .npy header is damaged", "write the file again with numpy.save");
  }

  Result<void> value(std::string_view key) {
    bool understood = false;
    if (key == "descr") {
      skip_blanks();
      if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '(')) {
        return fail(ErrorKind::data, "a structured .npy array is not read",
                    "save one array of numbers, or write the table as CSV");
      }
      const auto descr = string();
      if (descr) return type(*descr);
    } else if (key == "fortran_order") {
      understood = has_order_ = order();
    } else if (key == "shape") {
      understood = has_shape_ = shape();
    }
    if (!understood) return malformed();
    return {};
  }

  Result<void> type(std::string_view descr) {
    has_type_ = true;
    std::string_view rest = descr;
    if (!rest.empty() && (rest[0] == '<' || rest[0] == '>' || rest[0] == '|' || rest[0] == '=')) {
      header_.big_endian = rest[0] == '>';
      rest.remove_prefix(1);
    }
    for (const std::string_view known : {"f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}) {
      if (rest != known) continue;
      header_.type = known[0];
      header_.size = static_cast<std::size_t>(known[1] - '0');
      return {};
    }
    return fail(ErrorKind::data, fmt::format("a .npy array of type {} is not read", in_quotes(descr)),
                "convert it: array.astype('float64'); read are f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1");
  }

  bool order() {
    if (word("True")) {
      header_.fortran_order = true;
      return true;
    }
    return word("False");
  }

  bool shape() {
    if (!take('(')) return false;
    while (!take(')')) {
      skip_blanks();
      std::uint64_t length = 0;
      const std::size_t start = at_;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
        if (length > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return false;
        length = 10 * length + digit;
      }
      if (at_ == start || shape_.size() > kMostDimensions) return false;
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2
      shape_.push_back(length);
      if (!take(',')) {
        if (!take(')')) return false;
        break;
      }
    }
    return true;
  }

  Result<NpyHeader> finish() {
    if (shape_.empty() || shape_.size() > 2) {
      return fail(ErrorKind::data, fmt::format("a .npy array of {} dimensions is not a table", shape_.size()),
                  "reshape it to one or two dimensions");
    }
    header_.rows = shape_[0];
    header_.columns = shape_.size() == 2 ? shape_[1] : 1;
    if (header_.columns == 0) return fail(ErrorKind::data, "a .npy array without columns");
    if (header_.columns > kMostFields) {
      return fail(ErrorKind::data,
                  fmt::format("a .npy array of {} columns, more than {}", header_.columns, kMostFields),
                  "transpose it if its rows are the columns");
    }
    const std::uint64_t row_bytes = header_.columns * header_.size;
    if (header_.rows > std::numeric_limits<std::uint64_t>::max() / row_bytes) return malformed();
    return header_;
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view wanted) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  std::optional<std::string_view> string() {
    skip_blanks();
    if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return std::nullopt;
    const std::size_t close = text_.find(text_[at_], at_ + 1);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view out = text_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    return out;
  }

  static constexpr std::size_t kMostDimensions = 64;
  std::string_view text_;
  std::size_t at_ = 0;
  NpyHeader header_;
  std::vector<std::uint64_t> shape_;
  bool has_type_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view dictionary) {
  return DictionaryParser(dictionary).parse();
}

}  // namespace talweg
