// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>
// The library's choice of the widest vectors, the same hash.
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <span>
#include <vector>

#include "talweg/data/column_hash.h"
#include "talweg/data/row_block.h"

namespace talweg {
namespace {

// Every item begins with a tag, and what has a length says it, so that no two sequences of items give the
// same bytes.
constexpr char kNameTag = 'c';
constexpr char kNumberTag = 'n';
constexpr char kTextTag = 't';
constexpr char kMissingTag = 'm';
constexpr char kSumTag = 's';

constexpr std::size_t kBufferBytes = std::size_t{1} << 16U;

void put_little_endian(char* into, std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(into, &value, sizeof value);
  } else {
    for (std::size_t i = 0; i < sizeof value; ++i) into[i] = static_cast<char>(value >> (8 * i) & 0xFFU);
  }
}

struct FreeHash {
  void operator()(XXH3_state_t* hash) const { XXH3_freeState(hash); }
};
using Hash = std::unique_ptr<XXH3_state_t, FreeHash>;

HashSum hash_words(const std::uint64_t* words, std::size_t count) {
  const XXH128_hash_t value = XXH3_128bits(words, count * sizeof(std::uint64_t));
  return {value.high64, value.low64};
}

std::uint64_t little_endian(std::uint64_t value) {
  std::uint64_t out = 0;
  put_little_endian(reinterpret_cast<char*>(&out), value);
  return out;
}

}  // namespace

struct Fingerprint::State {
  Hash hash{XXH3_createState()};
  std::array<char, kBufferBytes> buffer;
  std::size_t used = 0;

  char* room_for(std::size_t count) {
    if (buffer.size() - used < count) flush();
    char* const place = buffer.data() + used;
    used += count;
    return place;
  }
  void flush() {
    XXH3_128bits_update(hash.get(), buffer.data(), used);
    used = 0;
  }
  void add(char tag, std::string_view text) {
    char* const head = room_for(9);
    head[0] = tag;
    put_little_endian(head + 1, text.size());
    if (text.size() > buffer.size()) {
      flush();
      XXH3_128bits_update(hash.get(), text.data(), text.size());
    } else if (!text.empty()) {
      std::memcpy(room_for(text.size()), text.data(), text.size());
    }
  }
};

Fingerprint::Fingerprint() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(state_->hash.get());
}
Fingerprint::~Fingerprint() = default;
Fingerprint::Fingerprint(Fingerprint&&) noexcept = default;
Fingerprint& Fingerprint::operator=(Fingerprint&&) noexcept = default;

void Fingerprint::add_name(std::string_view name) {
  state_->add(kNameTag, name);
}

void Fingerprint::add_number(double value) {
  char* const place = state_->room_for(9);
  place[0] = kNumberTag;
  put_little_endian(place + 1, std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value));
}

void Fingerprint::add_text(std::string_view text) {
  state_->add(kTextTag, text);
}

void Fingerprint::add_missing() {
  *state_->room_for(1) = kMissingTag;
}

void Fingerprint::add_sum(const HashSum& sum) {
  char* const place = state_->room_for(17);
  place[0] = kSumTag;
  put_little_endian(place + 1, sum.high);
  put_little_endian(place + 9, sum.low);
}

void TableHash::add(const RowBlock& block) {
  if (columns.size() < block.columns) columns.resize(block.columns);
  const std::size_t width = std::max<std::size_t>(block.columns, 1);
  thread_local std::vector<std::uint64_t> sums;
  if (sums.size() < 2 * width) sums.resize(2 * width);
  std::uint64_t* const plain = sums.data();
  std::uint64_t* const mixed = plain + width;
  const auto hash_of = [&](std::size_t j) {
    const std::array<std::uint64_t, 4> words{little_endian(block.number), little_endian(block.rows),
                                             little_endian(plain[j]), little_endian(mixed[j])};
    return hash_words(words.data(), words.size());
  };
  hash_columns(block.values.data(), block.rows, block.columns, plain, mixed);
  for (std::size_t j = 0; j < block.columns; ++j) columns[j].add(hash_of(j));
  if (!block.weights.empty()) {
    hash_columns(block.weights.data(), block.rows, 1, plain, mixed);
    weights.add(hash_of(0));
  }
  std::size_t at = 0;
  for (std::size_t r = 0; r < block.level_end.size(); ++r) {
    if (at == block.level_end[r]) continue;
    const std::uint64_t row = little_endian(block.number * kBlockRows + r);
    const HashSum sum = hash_words(&row, 1);
    for (; at < block.level_end[r]; ++at) {
      const std::uint32_t level = block.levels[at];
      if (levels.size() <= level) levels.resize(level + std::size_t{1});
      levels[level].add(sum);
    }
  }
}

void TableHash::add(const TableHash& more) {
  if (columns.size() < more.columns.size()) columns.resize(more.columns.size());
  for (std::size_t j = 0; j < more.columns.size(); ++j) columns[j].add(more.columns[j]);
  weights.add(more.weights);
  if (levels.size() < more.levels.size()) levels.resize(more.levels.size());
  for (std::size_t k = 0; k < more.levels.size(); ++k) levels[k].add(more.levels[k]);
}

std::string Fingerprint::digest() const {
  const Hash hash{XXH3_createState()};
  XXH3_copyState(hash.get(), state_->hash.get());
  XXH3_128bits_update(hash.get(), state_->buffer.data(), state_->used);
  const XXH128_hash_t value = XXH3_128bits_digest(hash.get());
  return fmt::format("{:016x}{:016x}", value.high64, value.low64);
}

std::string table_fingerprint(const TableHash& hash, std::span<const HashedColumn> columns,
                              const std::string& weights, std::span<const Level> levels) {
  std::map<std::size_t, std::vector<std::size_t>> of_column;
  for (std::size_t id = 0; id < levels.size() && id < hash.levels.size(); ++id) {
    if (hash.levels[id] != HashSum{}) of_column[levels[id].column].push_back(id);
  }
  Fingerprint whole;
  for (const HashedColumn& column : columns) {
    whole.add_name(column.name);
    if (column.dense) {
      whole.add_sum(*column.dense < hash.columns.size() ? hash.columns[*column.dense] : HashSum{});
    }
    std::vector<std::size_t>& own = of_column[column.column];
    std::sort(own.begin(), own.end(),
              [&](std::size_t a, std::size_t b) { return levels[a].text < levels[b].text; });
    for (const std::size_t id : own) {
      if (levels[id].gap) {
        whole.add_missing();
      } else {
        whole.add_text(levels[id].text);
      }
      whole.add_sum(hash.levels[id]);
    }
  }
  if (!weights.empty()) {
    whole.add_name(weights);
    whole.add_sum(hash.weights);
  }
  return whole.digest();
}

}  // namespace talweg
