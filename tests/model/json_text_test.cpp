// SPDX-License-Identifier: Apache-2.0
#include "talweg/model/json_text.h"

#include <gtest/gtest.h>

#include "talweg/base/random.h"

namespace talweg {
namespace {

TEST(JsonText, RoundTripsAnyBytes) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    std::string text;
    const std::uint64_t length = random_bits(seed, 0, 0) % 12;
    for (std::uint64_t k = 0; k < length; ++k) text += static_cast<char>(random_bits(seed, 1, k) % 256);
    const auto json = text_to_json(text);
    const std::string document = json.dump();  // throws where the text is not valid UTF-8
    const auto back = text_from_json(nlohmann::ordered_json::parse(document));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, text);
    EXPECT_NO_THROW((void)nlohmann::json(valid_utf8(text)).dump());
  }
}

TEST(JsonText, KeepsUtf8Readable) {
  EXPECT_EQ(text_to_json("gr\xC3\xB6\xC3\x9F"
                         "e")
                .dump(),
            "\"gr\xC3\xB6\xC3\x9F"
            "e\"");
  EXPECT_EQ(text_to_json("gr\xF6\xDF"
                         "e")
                .dump(),
            "{\"bytes\":\"6772f6df65\"}");
  EXPECT_EQ(valid_utf8("a\xFF"
                       "b"),
            "a\\xFFb");
  EXPECT_EQ(printable("a\nb\x1b"), "a\\nb\\x1b");
  EXPECT_FALSE(text_from_json(nlohmann::ordered_json::parse(R"({"bytes":"6g"})")));
  EXPECT_FALSE(text_from_json(nlohmann::ordered_json::parse("3")));
}

}  // namespace
}  // namespace talweg
