// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

#include "talweg/data/row_block.h"

namespace talweg {
namespace {

// Every item begins with a tag, and what has a length says it, so that no two sequences of items give the
// same bytes.
constexpr char kNameTag = 'c';
constexpr char kNumberTag = 'n';
constexpr char kTextTag = 't';
constexpr char kMissingTag = 'm';
constexpr char kBlockTag = 'b';

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

template <class Word>
void add_words(XXH3_state_t* hash, std::span<const Word> words) {
  if (words.empty()) return;
  if constexpr (std::endian::native == std::endian::little) {
    XXH3_128bits_update(hash, words.data(), words.size_bytes());
  } else {
    for (const Word& word : words) {
      char bytes[sizeof(std::uint64_t)];
      std::uint64_t value = 0;
      if constexpr (sizeof(Word) == sizeof(value)) {
        value = std::bit_cast<std::uint64_t>(word);
      } else {
        value = word;
      }
      put_little_endian(bytes, value);
      XXH3_128bits_update(hash, bytes, sizeof(Word));
    }
  }
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

void Fingerprint::add_block(const BlockHash& hash) {
  char* const place = state_->room_for(17);
  place[0] = kBlockTag;
  put_little_endian(place + 1, hash.high);
  put_little_endian(place + 9, hash.low);
}

BlockHash hash_block(const RowBlock& block) {
  const Hash hash{XXH3_createState()};
  XXH3_128bits_reset(hash.get());
  const std::uint64_t sizes[] = {block.rows, block.columns, block.weights.size(), block.levels.size()};
  add_words(hash.get(), std::span<const std::uint64_t>(sizes));
  add_words(hash.get(), std::span<const double>(block.values).first(block.rows * block.columns));
  add_words(hash.get(), std::span<const double>(block.weights));
  add_words(hash.get(), std::span<const std::uint32_t>(block.levels));
  add_words(hash.get(), std::span<const std::uint32_t>(block.level_end));
  const XXH128_hash_t value = XXH3_128bits_digest(hash.get());
  return {value.high64, value.low64};
}

std::string Fingerprint::digest() const {
  const Hash hash{XXH3_createState()};
  XXH3_copyState(hash.get(), state_->hash.get());
  XXH3_128bits_update(hash.get(), state_->buffer.data(), state_->used);
  const XXH128_hash_t value = XXH3_128bits_digest(hash.get());
  return fmt::format("{:016x}{:016x}", value.high64, value.low64);
}

std::string table_fingerprint(const Fingerprint& rows, std::span<const Level> levels) {
  Fingerprint whole;
  whole.add_text(rows.digest());
  for (const Level& level : levels) {
    whole.add_number(static_cast<double>(level.column));
    if (level.gap) {
      whole.add_missing();
    } else {
      whole.add_text(level.text);
    }
  }
  return whole.digest();
}

}  // namespace talweg
