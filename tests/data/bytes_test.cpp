// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "data/testing.h"
#include "talweg/data/archive_library.h"

namespace talweg::testing {
namespace {

struct Packer {
  const char* program;
  const char* suffix;
};

constexpr Packer kPackers[] = {
    {"gzip -nc", ".gz"}, {"zstd -qc", ".zst"}, {"xz -c", ".xz"}, {"bzip2 -c", ".bz2"}};

std::string some_text(std::size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += fmt::format("{},{}\n", random() % 1000, random());
  text.resize(size);
  return text;
}

/// The bytes that a program makes of a text.
std::string packed(const Packer& packer, std::string_view text) {
  const std::string in = file("to_pack", text);
  const std::string out = path_of("packed");
  EXPECT_EQ(std::system(fmt::format("{} < {} > {}", packer.program, in, out).c_str()), 0);
  return contents(out);
}

Result<std::string> unpacked(std::string_view bytes) {
  auto source = memory_bytes(bytes, "some.csv");
  if (!source) return fail(source.error());
  return read_all(**source);
}

TEST(Bytes, PlainFileAndMemory) {
  const std::string text = some_text(200000);
  auto source = open_bytes(file("plain.csv", text));
  ASSERT_TRUE(source);
  EXPECT_EQ(*read_all(**source, 777), text);
  EXPECT_EQ(*unpacked(text), text);
  EXPECT_EQ(*unpacked(""), "");
  EXPECT_EQ(*unpacked("BZh9 is no bzip2"), "BZh9 is no bzip2");
}

TEST(Bytes, ALibraryThatCannotBeLoadedIsAnError) {
  EXPECT_TRUE(archive_library());
  for (const auto& [name, why] : {std::pair{"libof-nobody.so.7", "libof-nobody.so.7"},
                                  std::pair{"libm.so.6", "has no archive_read_new"}}) {
    const auto library = load_archive_library(name);
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, ErrorKind::io);
    EXPECT_NE(library.error().what.find(why), std::string::npos) << library.error().what;
    EXPECT_NE(library.error().remedy.find("install libarchive"), std::string::npos);
  }
}

TEST(Bytes, CompressedWhateverTheName) {
  const std::string text = some_text(300000);
  for (const Packer& packer : kPackers) {
    const std::string bytes = packed(packer, text);
    EXPECT_LT(bytes.size(), text.size());
    auto source = open_bytes(file("no_suffix", bytes));
    ASSERT_TRUE(source) << packer.program;
    EXPECT_EQ(*read_all(**source, 100), text) << packer.program;
    EXPECT_EQ(*unpacked(bytes), text) << packer.program;
  }
}

TEST(Bytes, EmptyCompressed) {
  for (const Packer& packer : kPackers) {
    const auto text = unpacked(packed(packer, ""));
    ASSERT_TRUE(text) << packer.program << text.error().text();
    EXPECT_EQ(*text, "") << packer.program;
  }
}

TEST(Bytes, ConcatenatedMembersAreOneStream) {
  for (const Packer& packer : kPackers) {
    const std::string bytes = packed(packer, "a,b\n1,2\n") + packed(packer, "3,4\n") + packed(packer, "");
    const auto text = unpacked(bytes);
    ASSERT_TRUE(text) << packer.program << text.error().text();
    EXPECT_EQ(*text, "a,b\n1,2\n3,4\n") << packer.program;
  }
}

TEST(Bytes, CutOffAnywhereIsAnError) {
  const std::string text = some_text(3000);
  for (const Packer& packer : kPackers) {
    const std::string bytes = packed(packer, text);
    // From the length on at which the magic bytes show what it is.
    for (std::size_t size = 10; size < bytes.size(); ++size) {
      const auto out = unpacked(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(out) << packer.program << " cut to " << size << " of " << bytes.size();
      EXPECT_EQ(out.error().file, "some.csv");
      EXPECT_NE(out.error().what.find("damaged or cut off"), std::string::npos) << out.error().what;
    }
  }
}

TEST(Bytes, FlippedBitsNeverGiveOtherBytes) {
  const std::string text = some_text(3000);
  for (const Packer& packer : kPackers) {
    const std::string bytes = packed(packer, text);
    for (std::size_t at = 12; at < bytes.size(); at += 3) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      const auto out = unpacked(flipped);
      if (out) {
        EXPECT_EQ(*out, text) << packer.program << " at " << at << " of " << bytes.size();
      }
    }
  }
}

TEST(Bytes, StoredGzipWithAWrongDigitIsAnError) {
  // One stored block: nothing but the checksum can tell.
  const std::string good =
      "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x01\x04\x00\xFB\xFF"
      "abc\n"
      "\x4E\x81\x88\x47\x04\x00\x00\x00"s;
  ASSERT_TRUE(unpacked(good)) << unpacked(good).error().text();
  std::string bad = good;
  bad[bad.find("abc")] = 'x';
  const auto out = unpacked(bad);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().text(),
            "some.csv: the gzip data are damaged or cut off (the checksum does not match); fetch or write "
            "the file again");
}

TEST(Bytes, NoSuchFileOffersTheNearest) {
  file("prices.csv", "a\n1\n");
  const auto source = open_bytes(path_of("price.csv"));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, ErrorKind::io);
  EXPECT_EQ(plain(source.error()), "price.csv: no such file; did you mean 'prices.csv'?");
  EXPECT_EQ(plain(open_bytes(path_of("nothing-like-it.parquet")).error()),
            "nothing-like-it.parquet: no such file; check the path ('-' is standard input)");
  EXPECT_EQ(open_bytes("/no/such/directory/a.csv").error().what, "no such file");
}

TEST(Bytes, DirectoryIsAnError) {
  const auto source = open_bytes(directory());
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().text(), directory() + ": is a directory, not a file; name the files in it");
}

TEST(Bytes, NoPermissionIsAnError) {
  const std::string path = file("secret.csv", "a\n1\n");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  // Root may read everything, so for this one call it is somebody else.
  const uid_t own = ::geteuid();
  constexpr uid_t kNobody = 65534;
  if (own == 0) {
    ASSERT_EQ(::chmod(directory().c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const auto source = open_bytes(path);
  if (own == 0) {
    ASSERT_EQ(::seteuid(own), 0);
  }
  ASSERT_FALSE(source);
  EXPECT_EQ(plain(source.error()),
            "secret.csv: no permission to read it; ask its owner, or change its mode (chmod +r)");
}

TEST(Bytes, NamedPipeIsReadAndDecompressed) {
  const std::string text = some_text(100000);
  const std::string bytes = packed(kPackers[0], text);
  const std::string path = path_of("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), 3).flush();
    out.write(bytes.data() + 3, static_cast<std::streamsize>(bytes.size() - 3));
  });
  auto source = open_bytes(path);
  const auto out = source ? read_all(**source) : Result<std::string>(fail(source.error()));
  writer.join();
  ASSERT_TRUE(out) << out.error().text();
  EXPECT_EQ(*out, text);
}

TEST(Bytes, StandardInput) {
  const std::string path = file("input.csv", "a,b\n1,2\n");
  const int saved = ::dup(STDIN_FILENO);
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  ASSERT_GE(::dup2(descriptor, STDIN_FILENO), 0);
  ::close(descriptor);
  {
    auto source = open_bytes("-");
    ASSERT_TRUE(source);
    EXPECT_EQ(*read_all(**source), "a,b\n1,2\n");
  }
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
}

TEST(Bytes, ReplayGivesTheFirstBytesAgain) {
  auto source = memory_bytes("abcdef", "m");
  ASSERT_TRUE(source);
  auto first = read_up_to(**source, 4);
  ASSERT_EQ(*first, "abcd");
  auto whole = replay(*first, std::move(*source));
  EXPECT_EQ(*read_all(*whole, 3), "abcdef");
}

}  // namespace
}  // namespace talweg::testing
