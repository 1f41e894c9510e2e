// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/csv_scanner.h"

#include "data/testing.h"

namespace talweg::testing {
namespace {

CsvScanner scanner(std::string_view text, char delimiter = ',', bool keep_blank_lines = false) {
  return {std::move(*memory_bytes(text, "t.csv")), "t.csv", delimiter, keep_blank_lines};
}

/// Every record as `line:field|field`, a bad one as `!error`; the error that ends it last.
std::vector<std::string> scan(std::string_view text, char delimiter = ',', bool keep_blank_lines = false) {
  CsvScanner csv = scanner(text, delimiter, keep_blank_lines);
  std::vector<std::string> out;
  CsvRecord record;
  while (true) {
    const auto any = csv.next(record);
    if (!any) {
      out.push_back("!!" + any.error().text());
      EXPECT_EQ(csv.next(record).error().text(), any.error().text()) << "an error stays";
      return out;
    }
    if (!*any) return out;
    if (record.bad) {
      out.push_back("!" + record.bad->text());
      continue;
    }
    std::string line = std::to_string(record.line) + ":";
    for (std::size_t i = 0; i < record.fields.size(); ++i) {
      if (i > 0) line += '|';
      line += record.fields[i];
    }
    out.push_back(line);
  }
}

using Lines = std::vector<std::string>;

TEST(CsvScanner, Records) {
  EXPECT_EQ(scan("a,b\n1,2\n"), (Lines{"1:a|b", "2:1|2"}));
  EXPECT_EQ(scan("a,b\r\n1,2\r\n"), (Lines{"1:a|b", "2:1|2"}));
  EXPECT_EQ(scan("a,b\n1,2"), (Lines{"1:a|b", "2:1|2"}));
  EXPECT_EQ(scan("a,b\n1,2\r"), (Lines{"1:a|b", "2:1|2"}));
  EXPECT_EQ(scan("a,b\r\n1,2\n3,4\r\n"), (Lines{"1:a|b", "2:1|2", "3:3|4"}));
  EXPECT_EQ(scan(",\n,,\n"), (Lines{"1:|", "2:||"}));
  EXPECT_EQ(scan(" a , b \n"), (Lines{"1: a | b "}));
  EXPECT_EQ(scan("1 2;3\n", ';'), (Lines{"1:1 2|3"}));
  EXPECT_EQ(scan(""), Lines{});
  EXPECT_EQ(scan("\xEF\xBB\xBF"
                 "a,b\n"),
            (Lines{"1:a|b"}));
  EXPECT_EQ(scan("\xEF\xBB\xBF\"a\",b\n"), (Lines{"1:a|b"}));
  EXPECT_EQ(scan("a\rb,c\n1,2\n"), (Lines{"1:a\rb|c", "2:1|2"})) << "a lone carriage return is no line end";
}

TEST(CsvScanner, Quotes) {
  EXPECT_EQ(scan("\"a\",\"b\"\n"), (Lines{"1:a|b"}));
  EXPECT_EQ(scan("\"a,b\",\"\"\n"), (Lines{"1:a,b|"}));
  EXPECT_EQ(scan("\"say \"\"hi\"\"\",\"\"\"\"\n"), (Lines{"1:say \"hi\"|\""}));
  EXPECT_EQ(scan("1,\"a\nb\r\nc\",2\n3,4,5\n"), (Lines{"1:1|a\nb\r\nc|2", "4:3|4|5"}));
  EXPECT_EQ(scan("1,\"a\""), (Lines{"1:1|a"}));
  EXPECT_EQ(scan("1,\"a\"\r"), (Lines{"1:1|a"}));
  EXPECT_EQ(scan("1,\"a\"\r\n2,b\r\n"), (Lines{"1:1|a", "2:2|b"}));
  EXPECT_EQ(scan("\"\"\n"), (Lines{"1:"})) << "a quoted empty field is no blank line";
}

TEST(CsvScanner, BlankLines) {
  EXPECT_EQ(scan("\n\na,b\n\n \t\n1,2\n\r\n\n"), (Lines{"3:a|b", "6:1|2"}));
  EXPECT_EQ(scan("a\tb\n\t\n1\t2\n", '\t'), (Lines{"1:a|b", "2:|", "3:1|2"}));
  EXPECT_EQ(scan("a\n\n1\n\r\n2\n", ',', true), (Lines{"1:a", "2:", "3:1", "4:", "5:2"}));
  EXPECT_EQ(scan("a\n \n", ',', true), (Lines{"1:a", "2: "}));
}

TEST(CsvScanner, RawIsTheTextOfTheFile) {
  CsvScanner csv = scanner("a,\"b\"\"\nc\"\r\nx,y\"z\r\n1,2");
  CsvRecord record;
  ASSERT_TRUE(*csv.next(record));
  EXPECT_EQ(record.raw, "a,\"b\"\"\nc\"");
  EXPECT_EQ(record.fields[1], "b\"\nc");
  ASSERT_TRUE(*csv.next(record));
  EXPECT_TRUE(record.bad);
  EXPECT_EQ(record.raw, "x,y\"z");
  EXPECT_EQ(record.line, 3U);
  ASSERT_TRUE(*csv.next(record));
  EXPECT_EQ(record.raw, "1,2");
  EXPECT_EQ(record.line, 4U);
}

TEST(CsvScanner, BadRecordsDoNotEndTheScan) {
  EXPECT_EQ(scan("a,b\n1,5\" pipe\n3,4\n"), (Lines{"1:a|b",
                                                   "!t.csv:2: a quote inside an unquoted field: '5\" pipe'; "
                                                   "quote the field and double the quotes in it: "
                                                   "write \"5\"\" pipe\"",
                                                   "3:3|4"}));
  EXPECT_EQ(scan("\"a\"x,b\n3,4\n"), (Lines{"!t.csv:1: text after a closing quote: '\"a\"x'; double the "
                                            "quotes inside a quoted field, or take the "
                                            "quotes off",
                                            "2:3|4"}));
  EXPECT_EQ(scan("\"a\nb\"x,c\n3,4\n").back(), "3:3|4");
  EXPECT_EQ(scan("a, \"b\"\n1,2\n").front().substr(0, 9), "!t.csv:1:");
  EXPECT_EQ(scan("1,a\"b").front().substr(0, 9), "!t.csv:1:");
}

TEST(CsvScanner, UnclosedQuoteNamesTheLineWhereItOpened) {
  EXPECT_EQ(scan("a,b\n1,2\n\"x\ny\",\"3\n4,5\n6,7\n"),
            (Lines{"1:a|b", "2:1|2",
                   "!!t.csv:4: a quote that is opened here is never closed; close it, or double it if it is "
                   "a part of the "
                   "text"}));
  EXPECT_EQ(scan("\"").back().substr(0, 40), "!!t.csv:1: a quote that is opened here i");
  std::string endless = "a,b\n1,\"";
  endless.append(kLongestRecord + 1000, 'x');
  endless += "\"\n3,4\n";
  EXPECT_EQ(scan(endless).back().substr(0, 40), "!!t.csv:2: a quote that is opened here i");
}

TEST(CsvScanner, RecordBeyondTheLongest) {
  std::string text = "a,b\n";
  text.append(kLongestRecord + 1, 'x');
  EXPECT_EQ(
      scan(text + "\n1,2\n"),
      (Lines{"1:a|b",
             "!!t.csv:2: a record longer than 16,777,216 bytes; check that the file is a table with line "
             "ends"}));
  text.resize(4 + kLongestRecord - 3);
  EXPECT_EQ(scan(text + ",y\n1,2\n").back(), "3:1|2");
}

TEST(CsvScanner, TooManyFields) {
  EXPECT_EQ(scan(std::string(kMostFields - 1, ',') + "\n1\n").size(), 2U);
  const auto out =
      scan(std::string(kMostFields, ',') + "\n1\n\"\"" + std::string(kMostFields, ',') + "\n2\n");
  ASSERT_EQ(out.size(), 4U);
  EXPECT_EQ(out[0], "!t.csv:1: more than 1,000,000 fields; check the delimiter and the line ends");
  EXPECT_EQ(out[1], "2:1");
  EXPECT_EQ(out[2], "!t.csv:3: more than 1,000,000 fields; check the delimiter and the line ends");
  EXPECT_EQ(out[3], "4:2");
}

TEST(CsvScanner, NulBytes) {
  EXPECT_EQ(
      scan("a,b\n1,2\n\"x\ny\0z\",4\n"sv),
      (Lines{"1:a|b", "2:1|2", "!!t.csv:4: a NUL byte: this is not text; check the format of the file"}));
}

TEST(CsvScanner, Utf16) {
  const std::string text = "!!t.csv: is UTF-16, not UTF-8; convert it: iconv -f UTF-16 -t UTF-8 IN > OUT";
  EXPECT_EQ(scan("\xFF\xFE"
                 "a\0,\0b\0\n\0"sv),
            Lines{text});
  EXPECT_EQ(scan("\xFE\xFF\0a\0,\0b\0\n"sv), Lines{text});
  EXPECT_EQ(scan("a\0,\0b\0\n\0"sv), Lines{text});
  EXPECT_EQ(scan("\0a\0,\0b\0\n"sv), Lines{text});
}

TEST(CsvScanner, OldMacLineEnds) {
  const Lines expected{
      "!!t.csv:1: lines end with a carriage return only; make them line feeds: tr '\\r' '\\n' < IN > OUT"};
  EXPECT_EQ(scan("a,b\r1,2\r3,4\r"), expected);
  EXPECT_EQ(scan("a,b\r1,2"), expected);
  std::string endless;
  while (endless.size() <= kLongestRecord) endless += "12345,6789\r";
  EXPECT_EQ(scan(endless + "\n"), expected);
  EXPECT_EQ(scan("\"a\",\"b\"\r1,2\r"), (Lines{"!t.csv:1: a carriage return without a line feed after a "
                                               "closing quote; if the lines end so, make them "
                                               "line feeds: tr '\\r' '\\n' < IN > OUT"}));
}

TEST(CsvScanner, PeekConsumesNothing) {
  CsvScanner csv = scanner(
      "\xEF\xBB\xBF"
      "a;b\n1;2\n");
  EXPECT_EQ(*csv.peek(3), "a;b");
  EXPECT_EQ(*csv.peek(1000), "a;b\n1;2\n");
  csv.set_delimiter(';');
  CsvRecord record;
  ASSERT_TRUE(*csv.next(record));
  EXPECT_EQ(record.fields.size(), 2U);
  EXPECT_FALSE(scanner("\xFF\xFE"
                       "a")
                   .peek(10));
}

class FailingSource final : public ByteSource {
 public:
  Result<std::size_t> read(std::span<char> into) override {
    if (given_) return fail(ErrorKind::io, "the disk is gone");
    given_ = true;
    const std::string_view text = "a,b\n1,2\n3,";
    std::copy(text.begin(), text.end(), into.begin());
    return text.size();
  }

 private:
  bool given_ = false;
};

TEST(CsvScanner, SourceErrorComesAfterTheWholeRecordsBeforeIt) {
  CsvScanner csv(std::make_unique<FailingSource>(), "t.csv", ',');
  CsvRecord record;
  EXPECT_TRUE(*csv.next(record));
  EXPECT_TRUE(*csv.next(record));
  const auto end = csv.next(record);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().text(), "t.csv: the disk is gone");
}

}  // namespace
}  // namespace talweg::testing
