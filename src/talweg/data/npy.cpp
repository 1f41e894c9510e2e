// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace talweg {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 16U;
constexpr std::size_t kLongestHeader = std::size_t{1} << 20U;

template <class T>
void convert(const char* bytes, std::size_t stride, bool swapped, std::span<double> into) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    std::array<char, sizeof(T)> item;
    std::memcpy(item.data(), bytes + i * stride, sizeof(T));
    if (swapped) std::reverse(item.begin(), item.end());
    into[i] = static_cast<double>(std::bit_cast<T>(item));
  }
}

/// Items that lie `stride` bytes apart.
void convert_items(const NpyHeader& header, const char* bytes, std::size_t stride, std::span<double> into) {
  const bool swapped = header.big_endian != (std::endian::native == std::endian::big);
  switch (header.type) {
    case 'f':
      return header.size == 4 ? convert<float>(bytes, stride, swapped, into)
                              : convert<double>(bytes, stride, swapped, into);
    case 'i':
      switch (header.size) {
        case 1:
          return convert<std::int8_t>(bytes, stride, false, into);
        case 2:
          return convert<std::int16_t>(bytes, stride, swapped, into);
        case 4:
          return convert<std::int32_t>(bytes, stride, swapped, into);
        default:
          return convert<std::int64_t>(bytes, stride, swapped, into);
      }
    case 'u':
      switch (header.size) {
        case 1:
          return convert<std::uint8_t>(bytes, stride, false, into);
        case 2:
          return convert<std::uint16_t>(bytes, stride, swapped, into);
        case 4:
          return convert<std::uint32_t>(bytes, stride, swapped, into);
        default:
          return convert<std::uint64_t>(bytes, stride, swapped, into);
      }
    default:
      for (std::size_t i = 0; i < into.size(); ++i) into[i] = bytes[i * stride] != 0 ? 1 : 0;
  }
}

}  // namespace

struct NpyReader::State {
  std::unique_ptr<ByteSource> source;
  std::string name;
  NpyHeader header;
  std::vector<char> bytes;    // rows read ahead; in Fortran order the whole array
  std::size_t next_byte = 0;  // of the row to give next
  std::uint64_t given = 0;    // rows
  bool whole = false;         // the array is in `bytes`, column after column
  std::vector<double> row;
  std::optional<Error> failed;

  tl::unexpected<Error> stop(std::string what, std::string remedy) {
    failed = Error{ErrorKind::data, std::move(what), std::move(remedy), name};
    return fail(*failed);
  }
  [[nodiscard]] std::size_t row_bytes() const { return header.columns * header.size; }

  tl::unexpected<Error> cut_off(std::uint64_t rows) {
    return stop(fmt::format("the .npy data are cut off: {} of {} rows are there", rows, header.rows),
                "write the file again with numpy.save");
  }
  Result<std::size_t> fill(std::size_t from, std::size_t to);
  Result<void> read_header();
  Result<void> read_whole();
  Result<void> read_rows();
  Result<bool> at_end();
  Result<bool> next(std::span<const double>& out);
};

// Fills bytes[from, to) and returns where the source ended.
Result<std::size_t> NpyReader::State::fill(std::size_t from, std::size_t to) {
  while (from < to) {
    auto count = source->read(std::span(bytes).subspan(from, to - from));
    if (!count) {
      failed = count.error();
      return fail(*failed);
    }
    if (*count == 0) break;
    from += *count;
  }
  return from;
}

Result<void> NpyReader::State::read_header() {
  const auto damaged = [&](const char* what) { return stop(what, "write the file again with numpy.save"); };
  auto prefix = read_up_to(*source, kNpyMagic.size() + 2);
  if (!prefix) return fail(prefix.error());
  if (!prefix->starts_with(kNpyMagic)) return damaged("is not a .npy file");
  const int version = prefix->size() == kNpyMagic.size() + 2 ? (*prefix)[kNpyMagic.size()] : 0;
  if (version < 1 || version > 3) return damaged("the .npy version is not 1, 2 or 3");
  auto length_bytes = read_up_to(*source, version == 1 ? 2 : 4);
  if (!length_bytes) return fail(length_bytes.error());
  std::size_t length = 0;
  for (std::size_t i = length_bytes->size(); i-- > 0;) {
    length = length << 8U | static_cast<unsigned char>((*length_bytes)[i]);
  }
  if (length_bytes->size() < (version == 1 ? 2U : 4U) || length > kLongestHeader) {
    return damaged("the .npy header is damaged");
  }
  auto dictionary = read_up_to(*source, length);
  if (!dictionary) return fail(dictionary.error());
  if (dictionary->size() < length) return damaged("the .npy header is cut off");
  auto parsed = parse_npy_header(*dictionary);
  if (!parsed) return stop(parsed.error().what, parsed.error().remedy);
  header = *parsed;
  row.resize(header.columns);
  whole = header.fortran_order && header.columns > 1 && header.rows > 1;
  return {};
}

// In Fortran order the first row is complete only at the end of the array, so there is no other way than to
// hold it. The buffer grows with what is read: a header that lies about the shape costs nothing.
Result<void> NpyReader::State::read_whole() {
  const std::uint64_t wanted = header.rows * row_bytes();
  if (wanted > kLargestFortran) {
    return stop(fmt::format("a .npy array of {} bytes in Fortran order cannot be held in memory", wanted),
                "save it by rows: numpy.save(file, numpy.ascontiguousarray(array))");
  }
  std::size_t have = 0;
  while (have < wanted) {
    const std::size_t step = std::min<std::size_t>(wanted - have, std::max(kChunkBytes, have));
    bytes.resize(have + step);
    auto end = fill(have, have + step);
    if (!end) return fail(end.error());
    if (*end < have + step) {
      return stop("the .npy data are cut off", "write the file again with numpy.save");
    }
    have = *end;
  }
  return {};
}

Result<void> NpyReader::State::read_rows() {
  const std::uint64_t rows_left = header.rows - given;
  const std::uint64_t rows =
      std::min<std::uint64_t>(rows_left, std::max<std::size_t>(1, kChunkBytes / row_bytes()));
  const std::size_t wanted = rows * row_bytes();
  bytes.resize(wanted);
  next_byte = 0;
  auto end = fill(0, wanted);
  if (!end) return fail(end.error());
  if (*end < wanted) {
    // The whole rows are given out before the error: it belongs to the row after them.
    bytes.resize(*end - *end % row_bytes());
    if (bytes.empty()) return cut_off(given);
  }
  return {};
}

Result<bool> NpyReader::State::at_end() {
  char more = 0;
  auto count = source->read(std::span(&more, 1));
  if (!count) {
    failed = count.error();
    return fail(*failed);
  }
  if (*count > 0) return stop("holds more bytes than its .npy header says", "write one array in one file");
  return false;
}

Result<bool> NpyReader::State::next(std::span<const double>& out) {
  if (failed) return fail(*failed);
  if (given == header.rows) return at_end();
  if (whole) {
    if (bytes.empty()) {
      if (auto read = read_whole(); !read) return fail(read.error());
    }
    convert_items(header, bytes.data() + given * header.size, header.rows * header.size, row);
  } else {
    if (next_byte == bytes.size()) {
      if (auto read = read_rows(); !read) return fail(read.error());
    }
    convert_items(header, bytes.data() + next_byte, header.size, row);
    next_byte += row_bytes();
  }
  ++given;
  out = row;
  return true;
}

NpyReader::NpyReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
NpyReader::~NpyReader() = default;
NpyReader::NpyReader(NpyReader&&) noexcept = default;
NpyReader& NpyReader::operator=(NpyReader&&) noexcept = default;

Result<NpyReader> NpyReader::open(std::unique_ptr<ByteSource> source, std::string name) {
  auto state = std::make_unique<State>();
  state->source = std::move(source);
  state->name = std::move(name);
  if (auto read = state->read_header(); !read) return fail(read.error());
  return NpyReader(std::move(state));
}

std::size_t NpyReader::columns() const {
  return state_->header.columns;
}

Result<bool> NpyReader::next(std::span<const double>& row) {
  return state_->next(row);
}

}  // namespace talweg
