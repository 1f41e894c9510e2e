// SPDX-License-Identifier: Apache-2.0
// Random tables written by an independent writer and read back; the same bytes however they arrive.
#include "data/testing.h"
#include "talweg/data/csv_scanner.h"

namespace talweg::testing {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows random_rows(std::mt19937& random) {
  const std::string_view alphabet = "ab1.\",;\t \n\r\xC3\xA9";
  const auto below = [&](std::size_t n) { return random() % n; };
  const std::size_t columns = 1 + below(5);
  Rows rows(1 + below(30), std::vector<std::string>(columns));
  for (auto& row : rows) {
    for (std::string& cell : row) {
      for (std::size_t length = below(8); length > 0; --length) cell += alphabet[below(alphabet.size())];
    }
  }
  return rows;
}

std::string written(const Rows& rows, char delimiter, std::mt19937& random) {
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += delimiter;
      const std::string& cell = row[i];
      const bool needs_quotes = cell.find_first_of("\"\n\r") != std::string::npos ||
                                cell.find(delimiter) != std::string::npos ||
                                (row.size() == 1 && cell.find_first_not_of(" \t") == std::string::npos);
      if (!needs_quotes && random() % 4 != 0) {
        out += cell;
        continue;
      }
      out += '"';
      for (const char c : cell) out += c == '"' ? "\"\"" : std::string(1, c);
      out += '"';
    }
    out += random() % 2 == 0 ? "\n" : "\r\n";
    while (random() % 8 == 0 && row.size() > 1) out += "\n";
  }
  if (random() % 3 == 0) {
    while (out.ends_with('\n') || out.ends_with('\r')) out.pop_back();
  }
  return out;
}

TEST(CsvProperty, WhatIsWrittenIsReadBack) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    const Rows rows = random_rows(random);
    const char delimiter = ",;\t|"[random() % 4];
    const std::string text = written(rows, delimiter, random);
    CsvScanner csv(std::make_unique<TricklingSource>(text, 1 + random() % 200, random()), "t", delimiter);
    Rows read;
    CsvRecord record;
    std::uint64_t line = 0;
    while (true) {
      const auto any = csv.next(record);
      ASSERT_TRUE(any) << any.error().text() << "\n" << text;
      if (!*any) break;
      ASSERT_FALSE(record.bad) << record.bad->text() << "\n" << text;
      EXPECT_GT(record.line, line);
      line = record.line;
      read.emplace_back(record.fields.begin(), record.fields.end());
    }
    ASSERT_EQ(read, rows) << text;
  }
}

/// Everything that a scan says, as one text.
std::string transcript(std::unique_ptr<ByteSource> source) {
  CsvScanner csv(std::move(source), "t", ',');
  std::string out;
  CsvRecord record;
  while (true) {
    const auto any = csv.next(record);
    if (!any) return out + "error " + any.error().text();
    if (!*any) return out + "end";
    out += std::to_string(record.line) + " raw<" + std::string(record.raw) + ">";
    if (record.bad) {
      out += " bad " + record.bad->text();
    } else {
      for (const auto field : record.fields) out += " <" + std::string(field) + ">";
    }
    out += "\n";
  }
}

TEST(CsvProperty, PiecesMakeNoDifference) {
  std::mt19937 random(12);
  const std::string_view alphabet = "ab,,,\"\"\n\n\r x";
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (std::size_t length = random() % 120; length > 0; --length)
      text += alphabet[random() % alphabet.size()];
    if (random() % 20 == 0 && !text.empty()) text[random() % text.size()] = '\0';
    const std::string whole = transcript(std::make_unique<TricklingSource>(text, 1000, 1));
    for (const std::size_t longest : {std::size_t{1}, std::size_t{3}, std::size_t{17}, std::size_t{200}}) {
      ASSERT_EQ(transcript(std::make_unique<TricklingSource>(text, longest, random())), whole) << text;
    }
  }
}

TEST(CsvProperty, LineNumbersCountQuotedLineEnds) {
  std::mt19937 random(13);
  for (int round = 0; round < 500; ++round) {
    const Rows rows = random_rows(random);
    const std::string text = written(rows, ',', random);
    CsvScanner csv(std::make_unique<TricklingSource>(text, 50, random()), "t", ',');
    CsvRecord record;
    std::size_t from = 0;
    while (*csv.next(record)) {
      const std::size_t at = text.find(record.raw, from);
      ASSERT_NE(at, std::string::npos);
      // Between the records there is nothing but line ends, so the first place where the text stands is its
      // own.
      ASSERT_EQ(text.substr(from, at - from).find_first_not_of("\r\n"), std::string::npos) << text;
      EXPECT_EQ(record.line, 1 + static_cast<std::uint64_t>(std::count(
                                     text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')))
          << text;
      from = at + record.raw.size();
    }
  }
}

}  // namespace
}  // namespace talweg::testing
