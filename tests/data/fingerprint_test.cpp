// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/fingerprint.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "talweg/data/gzip_check.h"

namespace talweg {
namespace {

std::string of(const std::function<void(Fingerprint&)>& add) {
  Fingerprint fingerprint;
  add(fingerprint);
  return fingerprint.digest();
}

TEST(Fingerprint, IsThirtyTwoDigitsThatDoNotChange) {
  const std::string digest = of([](Fingerprint& f) {
    f.add_name("price");
    f.add_number(1.5);
    f.add_text("Ideal");
    f.add_missing();
  });
  EXPECT_EQ(digest.size(), 32U);
  EXPECT_EQ(digest.find_first_not_of("0123456789abcdef"), std::string::npos);
  // The bytes that are hashed are part of the model file's meaning.
  EXPECT_EQ(digest, "7eaa13d245fd785d6272d15d7ceaeca9");
}

TEST(Fingerprint, DependsOnEveryItemAndItsKind) {
  std::set<std::string> digests;
  digests.insert(of([](Fingerprint&) {}));
  digests.insert(of([](Fingerprint& f) { f.add_name("ab"); }));
  digests.insert(of([](Fingerprint& f) { f.add_text("ab"); }));
  digests.insert(of([](Fingerprint& f) { f.add_text("a"), f.add_text("b"); }));
  digests.insert(of([](Fingerprint& f) { f.add_text("b"), f.add_text("a"); }));
  digests.insert(of([](Fingerprint& f) { f.add_text(""); }));
  digests.insert(of([](Fingerprint& f) { f.add_missing(); }));
  digests.insert(of([](Fingerprint& f) { f.add_number(0); }));
  digests.insert(of([](Fingerprint& f) { f.add_number(1); }));
  digests.insert(of([](Fingerprint& f) { f.add_text("1"); }));
  EXPECT_EQ(digests.size(), 10U);
}

TEST(Fingerprint, MinusZeroIsZero) {
  EXPECT_EQ(of([](Fingerprint& f) { f.add_number(-0.0); }), of([](Fingerprint& f) { f.add_number(0.0); }));
}

TEST(Fingerprint, DigestMayBeAskedOnTheWay) {
  const auto fill = [](Fingerprint& f, bool ask) {
    const std::string longer(200000, 'x');
    for (int i = 0; i < 20000; ++i) {
      f.add_number(i);
      if (ask && i % 1000 == 0) static_cast<void>(f.digest());
      if (i % 5000 == 0) f.add_text(longer);
    }
  };
  EXPECT_EQ(of([&](Fingerprint& f) { fill(f, true); }), of([&](Fingerprint& f) { fill(f, false); }));
}

TEST(GzipCheck, ChecksumsCombine) {
  EXPECT_EQ(crc32(0, "123456789"), 0xCBF43926U);
  const std::string text = "the first of two texts and the second";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view first = std::string_view(text).substr(0, cut);
    const std::string_view second = std::string_view(text).substr(cut);
    EXPECT_EQ(combined_crc32(crc32(0, first), crc32(0, second), second.size()), crc32(0, text));
    EXPECT_EQ(crc32(crc32(0, first), second), crc32(0, text));
  }
}

}  // namespace
}  // namespace talweg
