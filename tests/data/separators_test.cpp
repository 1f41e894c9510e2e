// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/separators.h"

// As separators.cpp has it.
#define HWY_WANT_AVX3_DL
#include <hwy/targets.h>

#include "data/testing.h"

namespace talweg::testing {
namespace {

struct Found {
  SeparatorSummary summary;
  std::vector<std::uint32_t> fields;
  std::size_t feeds = 0;
};

template <class Find>
Found find_in(const std::string& text, Find&& find) {
  // What stands behind the text must not count.
  const std::string padded = text + std::string(kMaskBytes, '\n');
  Found out;
  SeparatorIndex index;
  out.summary = find(padded.data(), text.size(), ',', index);
  EXPECT_EQ(index.before()[0], 0xFFFFFFFFU);
  out.fields.assign(index.ends(), index.ends() + index.field_count);
  out.feeds = index.feed_count;
  return out;
}

TEST(Separators, OfAPlainText) {
  const Found found = find_in("a,b\nc,d\n", find_separators);
  EXPECT_EQ(found.fields, (std::vector<std::uint32_t>{1, 3, 5, 7}));
  EXPECT_EQ(found.feeds, 2U);
  EXPECT_FALSE(found.summary.has_quotes);
  EXPECT_FALSE(found.summary.irregular);
  EXPECT_FALSE(found.summary.ends_in_quotes);
}

TEST(Separators, InsideQuotesNothingSeparates) {
  const Found found = find_in("\"a,\n\",b\n", find_separators);
  EXPECT_EQ(found.fields, (std::vector<std::uint32_t>{5, 7}));
  EXPECT_EQ(found.feeds, 1U);
  EXPECT_TRUE(found.summary.has_quotes);
  EXPECT_FALSE(found.summary.irregular);
}

TEST(Separators, QuotesStandAtTheEdgeOfFields) {
  for (const char* text :
       {"\"a\",\"b\"\n", "\"\"\n", "\"a\"\"b\",c\n", "\"\"\"\"\n", "a,\"b\"\r\n", "\"a\"", "\"a\"\r"}) {
    EXPECT_FALSE(find_in(text, find_separators).summary.irregular) << text;
  }
  for (const char* text : {"5\" pipe,1\n", " \"a\"\n", "\"a\" ,b\n", "\"a\"b\n", "\"a\"\rb\n", "a\"\"b\n"}) {
    EXPECT_TRUE(find_in(text, find_separators).summary.irregular) << text;
  }
  EXPECT_TRUE(find_in("a,\"b\n", find_separators).summary.ends_in_quotes);
  EXPECT_TRUE(find_in("a\0b\n"s, find_separators).summary.irregular);
}

void compare_random(std::uint32_t seed, int rounds) {
  std::mt19937 random(seed);
  const std::string_view rich = "ab,,,\"\"\n\n\r x";
  const std::string_view poor = "0123456789.,,\n";
  const std::string_view dense = ",,,,,,,\n";
  for (int round = 0; round < rounds; ++round) {
    const std::string_view alphabet = round % 4 == 0 ? poor : round % 4 == 1 ? dense : rich;
    std::string text;
    for (std::size_t length = random() % 300; length > 0; --length)
      text += alphabet[random() % alphabet.size()];
    // Regular quotes now and then, across the words' borders.
    for (std::size_t k = random() % 8; k > 0; --k)
      text.insert(random() % (text.size() + 1), "\n\"q,\"\"q\",");
    if (random() % 40 == 0 && !text.empty()) text[random() % text.size()] = '\0';
    // So many words that line feeds are counted more than once.
    if (random() % 200 == 0) text.insert(0, std::string(10000 + random() % 9000, '\n'));
    const Found fast = find_in(text, find_separators);
    const Found plain = find_in(text, find_separators_reference);
    ASSERT_EQ(fast.fields, plain.fields) << text;
    ASSERT_EQ(fast.feeds, plain.feeds) << text;
    ASSERT_EQ(fast.summary.has_quotes, plain.summary.has_quotes) << text;
    ASSERT_EQ(fast.summary.irregular, plain.summary.irregular) << text;
    ASSERT_EQ(fast.summary.ends_in_quotes, plain.summary.ends_in_quotes) << text;
    ASSERT_EQ(count_quotes(text.data(), text.size()),
              static_cast<std::size_t>(std::count(text.begin(), text.end(), '"')));
  }
}

TEST(Separators, AgreeWithTheReferenceOnEveryTargetOfThisMachine) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    compare_random(41, 20'000);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace
}  // namespace talweg::testing
