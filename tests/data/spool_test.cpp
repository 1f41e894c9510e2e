// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/spool.h"

#include <stdlib.h>

#include "data/testing.h"

namespace talweg::testing {
namespace {

std::string bytes_of(std::size_t count) {
  std::mt19937 random(5);
  std::string out(count, '\0');
  for (char& c : out) c = static_cast<char>(random() & 0xFFU);
  return out;
}

TEST(Spool, GivesAgainWhatItSaw) {
  for (const std::size_t in_memory : {0U, 1U, 999U, 5000U, 100000U}) {
    const std::string text = bytes_of(5000);
    Spool spool("a pipe", in_memory);
    const auto source = spool.record(std::make_unique<TricklingSource>(text, 700, 1));
    EXPECT_EQ(*read_all(*source, 333), text);
    EXPECT_EQ(*read_all(*spool.replay(), 451), text);
    EXPECT_EQ(*read_all(*spool.replay(), 100000), text);
  }
}

TEST(Spool, ContentLivesAsLongAsAReader) {
  std::unique_ptr<ByteSource> source;
  {
    Spool spool("a pipe", 3);
    EXPECT_EQ(*read_all(*spool.record(std::make_unique<TricklingSource>("hello", 2, 1))), "hello");
    source = spool.replay();
  }
  EXPECT_EQ(*read_all(*source), "hello");
}

TEST(Spool, NoPlaceForTheCopy) {
  const char* const before = ::getenv("TMPDIR");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("TMPDIR", "/proc/1/fdinfo/nowhere", 1);
  Spool spool("a pipe", 2);
  const auto read = read_all(*spool.record(std::make_unique<TricklingSource>("hello", 5, 1)));
  if (before != nullptr) {
    ::setenv("TMPDIR", kept.c_str(), 1);
  } else {
    ::unsetenv("TMPDIR");
  }
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::io);
  EXPECT_NE(read.error().text().find("TMPDIR"), std::string::npos) << read.error().text();
}

}  // namespace
}  // namespace talweg::testing
