// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/table.h"

#include <fmt/format.h>

#include "data/testing.h"
#include "talweg/data/header_names.h"

namespace talweg::testing {
namespace {

/// `names...` and then every record as `file:line#row:cell|cell` or `!error`; an error that ends it last.
std::vector<std::string> table(const std::vector<std::string>& paths, const TableOptions& options = {}) {
  auto reader = TableReader::open(paths, options);
  if (!reader) return {"!!" + plain(reader.error())};
  std::vector<std::string> out;
  for (const std::string& name : reader->names()) out.push_back(name);
  TableRecord record;
  while (true) {
    const auto any = reader->next(record);
    if (!any) {
      out.push_back("!!" + plain(any.error()));
      return out;
    }
    if (!*any) return out;
    if (record.bad != nullptr) {
      out.push_back("!" + plain(*record.bad));
      continue;
    }
    const std::string name = record.file->substr(record.file->rfind('/') + 1);
    std::string line = fmt::format("{}:{}#{}:", name, record.line, record.row);
    for (std::size_t i = 0; i < record.cells.size(); ++i)
      line += (i > 0 ? "|" : "") + std::string(record.cells[i]);
    for (std::size_t i = 0; i < record.numbers.size(); ++i)
      line += fmt::format("{}{}", i > 0 ? "|" : "", record.numbers[i]);
    out.push_back(line);
  }
}

std::string table_error(const std::vector<std::string>& paths, const TableOptions& options = {}) {
  return table(paths, options).back();
}

using Lines = std::vector<std::string>;

TEST(Table, HeaderAndDelimiterAreSniffed) {
  EXPECT_EQ(table({file("a.csv", "u,v\n1,2\n")}), (Lines{"u", "v", "a.csv:2#0:1|2"}));
  EXPECT_EQ(table({file("a.txt", "u;v\n1;2\n")}), (Lines{"u", "v", "a.txt:2#0:1|2"}));
  EXPECT_EQ(table({file("a.csv", "1,2\n3,4\n")}), (Lines{"x1", "x2", "a.csv:1#0:1|2", "a.csv:2#1:3|4"}));
  EXPECT_EQ(table({file("a.tsv", "u,w\tv\n1\t2\n")}), (Lines{"u,w", "v", "a.tsv:2#0:1|2"}));
  EXPECT_EQ(table({file("a.TSV", "u\n1\n")}), (Lines{"u", "a.TSV:2#0:1"}));
  EXPECT_EQ(table({file("a.dat", " u , \"v\"\n")}).back().substr(0, 43),
            "!!a.dat:1: a quote inside an unquoted field");
  EXPECT_EQ(table({file("a.dat", " u ,,\"  \"\n1,2,3\n")}), (Lines{"u", "x2", "x3", "a.dat:2#0:1|2|3"}));
}

TEST(Table, OptionsDecide) {
  TableOptions options;
  options.header = false;
  EXPECT_EQ(table({file("a.csv", "u,v\n1,2\n")}, options).front(), "x1");
  options.header = true;
  EXPECT_EQ(table({file("a.csv", "1,2\n3,4\n")}, options), (Lines{"1", "2", "a.csv:2#0:3|4"}));
  options = {};
  options.delimiter = ';';
  EXPECT_EQ(table({file("a.csv", "u,v\n1,2\n")}, options), (Lines{"u,v", "a.csv:2#0:1,2"}));
  options = {};
  options.format = TableFormat::tsv;
  EXPECT_EQ(table({file("a.csv", "u,v\n1,2\n")}, options), (Lines{"u,v", "a.csv:2#0:1,2"}));
  options.format = TableFormat::csv;
  EXPECT_EQ(table({file("a.svm", "u,v\n1,2\n")}, options), (Lines{"u", "v", "a.svm:2#0:1|2"}));
}

TEST(Table, SeveralFilesAreOneTable) {
  const std::string a = file("p1.csv", "u,v\n1,2\n");
  const std::string b = file("p2.csv", "u;v\n\n3;4\n5;6\n");
  const std::string empty = file("p3.csv", "\n \n");
  const std::string header = file("p4.csv", "u,v\n");
  EXPECT_EQ(table({empty, header, a, empty, b, header}),
            (Lines{"u", "v", "p1.csv:2#0:1|2", "p2.csv:3#1:3|4", "p2.csv:4#2:5|6"}));
  const std::string c = file("n1.csv", "1,2\n");
  const std::string d = file("n2.csv", "3,4\n");
  EXPECT_EQ(table({c, d}), (Lines{"x1", "x2", "n1.csv:1#0:1|2", "n2.csv:1#1:3|4"}));
}

TEST(Table, HeadersThatDiffer) {
  const std::string a = file("h1.csv", "u,v\n1,2\n");
  const std::string same = "; give every file the same header";
  EXPECT_EQ(table_error({a, file("h2.csv", "u,w\n1,2\n")}),
            "!!h2.csv:1: the header differs: column 2 is 'w', in h1.csv it is 'v'" + same);
  EXPECT_EQ(table_error({a, file("h2.csv", "u,v,w\n1,2,3\n")}),
            "!!h2.csv:1: the header differs: there are 3 columns, in h1.csv there are 2" + same);
  EXPECT_EQ(table_error({a, file("h2.csv", "3,4\n")}),
            "!!h2.csv:1: has no header, h1.csv has one; give every file the same header, or take all of them "
            "off and say "
            "--header no");
  EXPECT_EQ(table_error({file("n1.csv", "1,2\n"), file("n2.csv", "1,2,3\n")}),
            "!!n2.csv:1: has 3 columns, n1.csv has 2; give files with the same columns");
}

TEST(Table, DuplicateNames) {
  const std::string remedy =
      "; give every column a name of its own, or give --header no if the first line is a row";
  EXPECT_EQ(table_error({file("d.csv", "\nu,v, u\n1,2,3\n")}),
            "!!d.csv:2: columns 1 and 3 of the header have the same name 'u'" + remedy);
  EXPECT_EQ(table_error({file("d.csv", "x2,\n1,2\n")}),
            "!!d.csv:1: columns 1 and 2 of the header have the same name 'x2' (an empty name stands for "
            "x<position>)" +
                remedy);
}

TEST(Table, NoRows) {
  EXPECT_EQ(table_error({file("e.csv", "")}), "!!e.csv: is empty; check how it was written");
  EXPECT_EQ(table_error({file("e.csv", "\n\r\n  \n")}), "!!e.csv: is empty; check how it was written");
  EXPECT_EQ(table_error({file("e.csv", "u,v\n")}),
            "!!e.csv: has a header and no rows; give --header no if its only line is a row");
  const std::string a = file("e1.csv", "u,v\n");
  EXPECT_EQ(table_error({a, a}),
            "!!'e1.csv' and 'e1.csv': the 2 files have no rows; check how they were written");
}

TEST(Table, RaggedRecordsAreBad) {
  const std::string remedy =
      "; mend the line (a field that holds the delimiter has to be quoted), or leave such rows out with "
      "--bad-rows skip";
  EXPECT_EQ(table({file("r.csv", "u,v\n1,2\n1\n3,4,5\n6,7\n")}),
            (Lines{"u", "v", "r.csv:2#0:1|2", "!r.csv:3: 1 field where 2 are expected" + remedy,
                   "!r.csv:4: 3 fields where 2 are expected" + remedy, "r.csv:5#3:6|7"}));
}

TEST(Table, OneColumnKeepsBlankLines) {
  EXPECT_EQ(table({file("o.csv", "u\n1\n\n2\n\n")}),
            (Lines{"u", "o.csv:2#0:1", "o.csv:3#1:", "o.csv:4#2:2", "o.csv:5#3:"}));
  EXPECT_EQ(table({file("o.csv", "\n\n1\n2\n")}),
            (Lines{"x1", "o.csv:1#0:", "o.csv:2#1:", "o.csv:3#2:1", "o.csv:4#3:2"}));
}

TEST(Table, FormatsByName) {
  for (const char* const name : {"a.svm", "dir.csv/A.LIBSVM", "a.svm.gz", "a.libsvm.zst"})
    EXPECT_EQ(format_of_name(name), TableFormat::libsvm) << name;
  EXPECT_EQ(format_of_name("a.npy.xz"), TableFormat::npy);
  EXPECT_EQ(format_of_name("a.tsv.bz2"), TableFormat::tsv);
  for (const char* const name : {"a.csv", "a.txt", "svm", "-"})
    EXPECT_EQ(format_of_name(name), TableFormat::csv) << name;
}

TEST(Table, NpyByNameAlone) {
  EXPECT_EQ(table_error({file("a.npy", "1,2\n")}),
            "!!a.npy: is not a .npy file; write the file again with numpy.save");
}

TEST(Table, NpyByItsFirstBytesAndNotMixedWithText) {
  const std::string head =
      "\x93NUMPY\x01\x00\x3B\x00{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }"s;
  const std::string array = file("array.csv", head + "\x01\x02\x03\x04"s);
  EXPECT_EQ(table({array}), (Lines{"x1", "x2", "array.csv:1#0:1|2", "array.csv:2#1:3|4"}));
  EXPECT_EQ(table({array, array}).back(), "array.csv:2#3:3|4");
  const std::string text = file("text.csv", "1,2\n");
  EXPECT_EQ(table_error({array, text}),
            "!!text.csv: is text, array.csv is a .npy array; convert one of them");
  EXPECT_EQ(table_error({text, array}),
            "!!array.csv: is a .npy array, text.csv is text; convert one of them");
}

TEST(Table, ErrorsOfTheScannerNameTheFile) {
  EXPECT_EQ(table_error({file("q.csv", "u,v\n1,\"2\n")}).substr(0, 30), "!!q.csv:2: a quote that is ope");
  EXPECT_EQ(table_error({file("q.csv",
                              "\xFF\xFE"
                              "u\0"sv)})
                .substr(0, 20),
            "!!q.csv: is UTF-16, ");
  EXPECT_EQ(table_error({path_of("missing.csv")}).substr(0, 27), "!!missing.csv: no such file");
  EXPECT_EQ(table_error({}), "!!no data file is named; name one, or '-' for standard input");
  EXPECT_EQ(table_error({"-", "-"}), "!!standard input ('-') is named twice; it can be read once");
}

TEST(HeaderNames, FirstDifference) {
  EXPECT_EQ(first_difference({"a"}, {"b"}, "f"), "column 1 is 'a', in f it is 'b'");
  EXPECT_EQ(numbered_names(3), (Lines{"x1", "x2", "x3"}));
}

}  // namespace
}  // namespace talweg::testing
