// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/separators.h"

#include <bit>

// The set that compresses bytes by a mask, beside the usual ones.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "talweg/data/separators.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef TALWEG_DATA_SEPARATORS_ONCE
#define TALWEG_DATA_SEPARATORS_ONCE
namespace talweg {
namespace {

// What one word of masks leaves to the next.
struct QuoteState {
  std::uint64_t inside = 0;      // all ones inside quotes
  std::uint64_t opens_ok = 1;    // bit 0: a quote that opens may stand at the next word's first byte
  std::uint64_t close_last = 0;  // bit 0: the last byte closed a quote, and what follows has to be seen yet
  std::uint64_t feed_due = 0;    // bit 0: a line feed has to follow
};

// Bit i of the result: exclusive or of bits 0..i.
inline std::uint64_t prefix_xor(std::uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Separators outside quotes; sets `irregular` where a quote does not stand at the edge of a field.
inline std::uint64_t outside_quotes(std::uint64_t delimiters, std::uint64_t feeds, std::uint64_t returns,
                                    std::uint64_t quotes, std::uint64_t valid, QuoteState& state,
                                    bool& irregular) {
  const std::uint64_t inside =
      prefix_xor(quotes) ^ state.inside;  // with the opening, without the closing quote
  const std::uint64_t separators = (delimiters | feeds) & ~inside;
  const std::uint64_t opening = quotes & inside;
  const std::uint64_t closing = quotes & ~inside;
  // Before an opening quote: a separator, or the closing quote of which it is the double.
  const std::uint64_t opens_ok = ((separators | closing) << 1U) | state.opens_ok;
  // After a closing quote: a separator, a carriage return, or its double.
  const std::uint64_t after_close = (closing << 1U) | state.close_last;
  const std::uint64_t closes_ok = separators | returns | opening;
  irregular = irregular || (opening & ~opens_ok) != 0 || (after_close & valid & ~closes_ok) != 0;
  // A carriage return after a closing quote has to be followed by a line feed.
  const std::uint64_t ends_line = after_close & returns;
  irregular = irregular || (((ends_line << 1U) | state.feed_due) & valid & ~feeds) != 0;
  state.feed_due = ends_line >> 63U;
  state.inside = (inside >> 63U) != 0 ? ~std::uint64_t{0} : 0;
  state.opens_ok = (separators | closing) >> 63U;
  state.close_last = closing >> 63U;
  return separators;
}

}  // namespace
}  // namespace talweg
#endif

HWY_BEFORE_NAMESPACE();
namespace talweg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The bytes of one word that equal `wanted`.
template <class D>
HWY_INLINE std::uint64_t equal_mask(D d, const std::uint8_t* HWY_RESTRICT bytes, hn::Vec<D> wanted) {
  std::uint64_t mask = 0;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < kMaskBytes; i += lanes) {
    std::uint64_t bits = 0;
    alignas(8) std::uint8_t stored[8] = {};
    hn::StoreMaskBits(d, hn::Eq(hn::LoadU(d, bytes + i), wanted), stored);
    __builtin_memcpy(&bits, stored, sizeof bits);
    // Bit k of the mask is bit k % 8 of byte k / 8.
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    mask |= bits << i;
  }
  return mask;
}

// Without a branch where the instruction set counts them; of no bit any number will do.
HWY_INLINE std::uint32_t count_trailing_zeros(std::uint64_t bits) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_TARGET <= HWY_AVX2
  return static_cast<std::uint32_t>(_tzcnt_u64(bits));
#else
  return static_cast<std::uint32_t>(std::countr_zero(bits));
#endif
}

// Appends the positions of the bits: eight at a time whether there are so many or not, so that the usual word
// has one branch that depends on them.
HWY_INLINE std::uint32_t* append_positions(std::uint64_t bits, std::uint32_t base,
                                           std::uint32_t* HWY_RESTRICT to) {
  constexpr std::size_t kAtOnce = 8;
  const auto count = static_cast<std::size_t>(hwy::PopCount(bits));
  const auto take = [&](std::size_t k) HWY_ATTR {
    to[k] = base + count_trailing_zeros(bits);
    bits &= bits - 1;
  };
  for (std::size_t k = 0; k < kAtOnce; ++k) take(k);
  if (HWY_UNLIKELY(count > kAtOnce)) {
    for (std::size_t done = kAtOnce; done < count; done += 8) {
      for (std::size_t k = 0; k < 8; ++k) take(done + k);
    }
  }
  return to + count;
}

// Where the search stands between two words.
struct Search {
  std::size_t at = 0;  // of the text
  std::uint32_t* fields = nullptr;
  std::size_t feeds = 0;
  QuoteState state;
};

#if HWY_ARCH_X86 && HWY_TARGET == HWY_AVX3_DL

// Appends the positions of the bits, sixteen at a time: the numbers of a word's bytes, compressed by the
// mask.
HWY_INLINE std::uint32_t* append_compressed(__m512i numbers, std::uint64_t bits, __m512i base,
                                            std::uint32_t* HWY_RESTRICT to) {
  const auto count = static_cast<std::size_t>(hwy::PopCount(bits));
  const __m512i places = _mm512_maskz_compress_epi8(bits, numbers);
  const auto store = [&](std::size_t k, __m128i sixteen) HWY_ATTR {
    _mm512_storeu_si512(to + k, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(sixteen)));
  };
  store(0, _mm512_castsi512_si128(places));
  if (HWY_UNLIKELY(count > 16)) {
    store(16, _mm512_extracti32x4_epi32(places, 1));
    store(32, _mm512_extracti32x4_epi32(places, 2));
    store(48, _mm512_extracti32x4_epi32(places, 3));
  }
  return to + count;
}

// Whole words up to the first one with a quote or a NUL byte.
HWY_INLINE void plain_words(const char* text, std::size_t size, char delimiter, Search& search) {
  alignas(64) std::uint8_t bytes[kMaskBytes];
  for (std::size_t k = 0; k < kMaskBytes; ++k) bytes[k] = static_cast<std::uint8_t>(k);
  const __m512i numbers = _mm512_load_si512(bytes);
  const __m512i delimiters = _mm512_set1_epi8(delimiter);
  const __m512i feed = _mm512_set1_epi8('\n');
  const __m512i quote = _mm512_set1_epi8('"');
  const __m512i word_bytes = _mm512_set1_epi32(kMaskBytes);
  __m512i base = _mm512_set1_epi32(static_cast<int>(search.at));
  std::size_t at = search.at;
  std::uint32_t* fields = search.fields;
  std::uint64_t bits = 0;
  for (; at + kMaskBytes <= size; at += kMaskBytes) {
    const __m512i word = _mm512_loadu_si512(text + at);
    // A byte is 0 there where it is 0 or a quote itself.
    const __m512i special = _mm512_min_epu8(word, _mm512_xor_si512(word, quote));
    if (HWY_UNLIKELY(_mm512_testn_epi8_mask(special, special) != 0)) break;
    const std::uint64_t feeds = _mm512_cmpeq_epi8_mask(word, feed);
    bits = feeds | _mm512_cmpeq_epi8_mask(word, delimiters);
    search.feeds += static_cast<std::size_t>(hwy::PopCount(feeds));
    fields = append_compressed(numbers, bits, base, fields);
    base = _mm512_add_epi32(base, word_bytes);
  }
  if (at != search.at) search.state.opens_ok = bits >> 63U;
  search.at = at;
  search.fields = fields;
}

#elif HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_TARGET <= HWY_AVX2

// Whole words up to the first one with a quote or a NUL byte.
HWY_INLINE void plain_words(const char* text, std::size_t size, char delimiter, Search& search) {
  const __m256i delimiters = _mm256_set1_epi8(delimiter);
  const __m256i feed = _mm256_set1_epi8('\n');
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i zero = _mm256_setzero_si256();
  std::size_t at = search.at;
  std::uint32_t* fields = search.fields;
  std::uint64_t bits = 0;
  bool plain = true;
  while (plain && at + kMaskBytes <= size) {
    // Line feeds are counted byte by byte of the vector, two at most in a word.
    constexpr std::size_t kWords = 100;
    __m256i feeds = zero;
    for (std::size_t word = 0; word < kWords && at + kMaskBytes <= size; ++word) {
      const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at));
      const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at + 32));
      const __m256i quotes = _mm256_or_si256(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote));
      const __m256i nothing = _mm256_cmpeq_epi8(_mm256_min_epu8(low, high), zero);
      const __m256i special = _mm256_or_si256(quotes, nothing);
      if (HWY_UNLIKELY(_mm256_testz_si256(special, special) == 0)) {
        plain = false;
        break;
      }
      const __m256i low_feeds = _mm256_cmpeq_epi8(low, feed);
      const __m256i high_feeds = _mm256_cmpeq_epi8(high, feed);
      feeds = _mm256_sub_epi8(feeds, _mm256_add_epi8(low_feeds, high_feeds));
      const auto low_bits = static_cast<std::uint32_t>(
          _mm256_movemask_epi8(_mm256_or_si256(low_feeds, _mm256_cmpeq_epi8(low, delimiters))));
      const auto high_bits = static_cast<std::uint32_t>(
          _mm256_movemask_epi8(_mm256_or_si256(high_feeds, _mm256_cmpeq_epi8(high, delimiters))));
      bits = low_bits | static_cast<std::uint64_t>(high_bits) << 32U;
      fields = append_positions(bits, static_cast<std::uint32_t>(at), fields);
      at += kMaskBytes;
    }
    alignas(32) std::uint64_t sums[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(sums), _mm256_sad_epu8(feeds, zero));
    search.feeds += sums[0] + sums[1] + sums[2] + sums[3];
  }
  if (at != search.at) search.state.opens_ok = bits >> 63U;
  search.at = at;
  search.fields = fields;
}

#else

HWY_INLINE void plain_words(const char*, std::size_t, char, Search&) {}

#endif

void separators_target(const char* text, std::size_t size, char delimiter, std::uint32_t* HWY_RESTRICT fields,
                       SeparatorIndex& index, SeparatorSummary& summary) {
  const hn::CappedTag<std::uint8_t, kMaskBytes> d;
  const auto delimiters = hn::Set(d, static_cast<std::uint8_t>(delimiter));
  const auto feed = hn::Set(d, static_cast<std::uint8_t>('\n'));
  const auto quote = hn::Set(d, static_cast<std::uint8_t>('"'));
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text);
  Search search;
  search.fields = fields;
  plain_words(text, size, delimiter, search);
  QuoteState& state = search.state;
  for (; search.at < size; search.at += kMaskBytes) {
    const std::uint8_t* const word = bytes + search.at;
    const std::size_t left = size - search.at;
    const std::uint64_t valid = left >= kMaskBytes ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
    std::uint64_t line_ends = equal_mask(d, word, feed) & valid;
    const std::uint64_t cuts = equal_mask(d, word, delimiters) & valid;
    const std::uint64_t quotes = equal_mask(d, word, quote) & valid;
    std::uint64_t separators = line_ends | cuts;
    if ((equal_mask(d, word, hn::Zero(d)) & valid) != 0) summary.irregular = true;
    if ((quotes | state.inside | state.close_last | state.feed_due) == 0) {
      state.opens_ok = separators >> 63U;
    } else {
      summary.has_quotes = true;
      const std::uint64_t returns = equal_mask(d, word, hn::Set(d, static_cast<std::uint8_t>('\r'))) & valid;
      separators = outside_quotes(cuts, line_ends, returns, quotes, valid, state, summary.irregular);
      line_ends &= separators;
    }
    search.fields = append_positions(separators, static_cast<std::uint32_t>(search.at), search.fields);
    search.feeds += static_cast<std::size_t>(hwy::PopCount(line_ends));
  }
  summary.ends_in_quotes = state.inside != 0;
  index.field_count = static_cast<std::size_t>(search.fields - fields);
  index.feed_count = search.feeds;
}

std::size_t quotes_target(const char* text, std::size_t size) {
  const hn::ScalableTag<std::uint8_t> d;
  const auto quote = hn::Set(d, static_cast<std::uint8_t>('"'));
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text);
  const std::size_t lanes = hn::Lanes(d);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) count += hn::CountTrue(d, hn::Eq(hn::LoadU(d, bytes + i), quote));
  for (; i < size; ++i) count += text[i] == '"' ? 1U : 0U;
  return count;
}

}  // namespace talweg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace talweg {

HWY_EXPORT(separators_target);
HWY_EXPORT(quotes_target);

SeparatorSummary find_separators(const char* text, std::size_t size, char delimiter, SeparatorIndex& index) {
  // Positions are written several at a time.
  const std::size_t most = 1 + size + kMaskBytes;
  if (index.places.size() < most) index.places.resize(most);
  index.places[0] = 0xFFFFFFFFU;
  SeparatorSummary summary;
  HWY_DYNAMIC_DISPATCH(separators_target)
  (text, size, delimiter, index.places.data() + 1, index, summary);
  return summary;
}

SeparatorSummary find_separators_reference(const char* text, std::size_t size, char delimiter,
                                           SeparatorIndex& index) {
  SeparatorSummary summary;
  index = {};
  index.places.push_back(0xFFFFFFFFU);
  bool inside = false;
  const auto separates = [&](std::size_t i) { return text[i] == delimiter || text[i] == '\n'; };
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] == '\0') summary.irregular = true;
    if (text[i] == '"') {
      summary.has_quotes = true;
      if (!inside) {
        const bool at_edge = i == 0 || separates(i - 1) || text[i - 1] == '"';
        summary.irregular = summary.irregular || !at_edge;
      } else if (i + 1 < size) {
        const bool line_end = text[i + 1] == '\r' && (i + 2 == size || text[i + 2] == '\n');
        summary.irregular = summary.irregular || !(separates(i + 1) || text[i + 1] == '"' || line_end);
      }
      inside = !inside;
    } else if (separates(i) && !inside) {
      index.places.push_back(static_cast<std::uint32_t>(i));
      ++index.field_count;
      if (text[i] == '\n') ++index.feed_count;
    }
  }
  summary.ends_in_quotes = inside;
  return summary;
}

std::size_t count_quotes(const char* text, std::size_t size) {
  return HWY_DYNAMIC_DISPATCH(quotes_target)(text, size);
}

}  // namespace talweg
#endif
