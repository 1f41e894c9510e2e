// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/separators.h"

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
    mask |= bits << i;
  }
  return mask;
}

// Appends the positions of the bits: eight at a time whether there are so many or not, so that the loop has
// no branch that depends on them.
HWY_INLINE std::uint32_t* append_positions(std::uint64_t bits, std::uint32_t base,
                                           std::uint32_t* HWY_RESTRICT to) {
  const auto count = static_cast<std::size_t>(hwy::PopCount(bits));
  std::uint32_t* out = to;
  for (std::size_t done = 0; done < count; done += 8) {
    for (std::size_t k = 0; k < 8; ++k) {
      out[k] = base + static_cast<std::uint32_t>(
                          hwy::Num0BitsBelowLS1Bit_Nonzero64(bits | (std::uint64_t{1} << 63U)));
      bits &= bits - 1;
    }
    out += 8;
  }
  return to + count;
}

void separators_target(const char* text, std::size_t size, char delimiter, std::uint32_t* HWY_RESTRICT fields,
                       std::uint32_t* HWY_RESTRICT feeds, SeparatorIndex& index, SeparatorSummary& summary) {
  const hn::CappedTag<std::uint8_t, kMaskBytes> d;
  const auto delimiters = hn::Set(d, static_cast<std::uint8_t>(delimiter));
  const auto feed = hn::Set(d, static_cast<std::uint8_t>('\n'));
  const auto quote = hn::Set(d, static_cast<std::uint8_t>('"'));
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text);
  std::uint32_t* const first_field = fields;
  std::uint32_t* const first_feed = feeds;
  QuoteState state;
  for (std::size_t k = 0; k * kMaskBytes < size; ++k) {
    const std::uint8_t* const word = bytes + k * kMaskBytes;
    const std::size_t left = size - k * kMaskBytes;
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
    const auto base = static_cast<std::uint32_t>(k * kMaskBytes);
    fields = append_positions(separators, base, fields);
    feeds = append_positions(line_ends, base, feeds);
  }
  summary.ends_in_quotes = state.inside != 0;
  index.field_count = static_cast<std::size_t>(fields - first_field);
  index.feed_count = static_cast<std::size_t>(feeds - first_feed);
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
  // Positions are written eight at a time.
  const std::size_t most = size + kMaskBytes;
  if (index.fields.size() < most) index.fields.resize(most);
  if (index.feeds.size() < most) index.feeds.resize(most);
  SeparatorSummary summary;
  HWY_DYNAMIC_DISPATCH(separators_target)
  (text, size, delimiter, index.fields.data(), index.feeds.data(), index, summary);
  return summary;
}

SeparatorSummary find_separators_reference(const char* text, std::size_t size, char delimiter,
                                           SeparatorIndex& index) {
  SeparatorSummary summary;
  index = {};
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
      index.fields.push_back(static_cast<std::uint32_t>(i));
      if (text[i] == '\n') index.feeds.push_back(static_cast<std::uint32_t>(i));
    }
  }
  summary.ends_in_quotes = inside;
  index.field_count = index.fields.size();
  index.feed_count = index.feeds.size();
  return summary;
}

std::size_t count_quotes(const char* text, std::size_t size) {
  return HWY_DYNAMIC_DISPATCH(quotes_target)(text, size);
}

}  // namespace talweg
#endif
