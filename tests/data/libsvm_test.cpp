// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/libsvm.h"

#include <fmt/format.h>

#include <cmath>
#include <random>

#include "data/testing.h"
#include "talweg/base/numbers.h"
#include "talweg/data/block_pipeline.h"

namespace talweg::testing {
namespace {

using Rows = std::vector<std::vector<double>>;

// Rows as "line: label index:value ..." or "line: what is wrong".
std::vector<std::string> read(const std::string& text, std::size_t longest = 100) {
  LibsvmReader reader(std::make_unique<TricklingSource>(text, longest, 7), "t.svm");
  std::vector<std::string> out;
  SparseRow row;
  while (true) {
    const auto any = reader.next(row);
    EXPECT_TRUE(any) << any.error().text();
    if (!any || !*any) return out;
    std::string line = fmt::format("{}: ", row.line);
    if (row.bad) {
      line += row.bad->column.empty() ? "" : row.bad->column + ": ";
      line += row.bad->what;
      EXPECT_EQ(row.bad->file, "t.svm");
      EXPECT_EQ(row.bad->line, row.line);
      EXPECT_FALSE(row.bad->remedy.empty());
    } else {
      line += shortest(row.label);
      for (const SparseEntry& entry : row.entries)
        line += fmt::format(" {}:{}", entry.index, shortest(entry.value));
    }
    out.push_back(line);
  }
}

using Lines = std::vector<std::string>;

TEST(Libsvm, LabelsIndicesValues) {
  EXPECT_EQ(read("+1 1:0.5 3:-2 7:1e3\n-1 2:1\n2.5 10:.25 11:5.\n"),
            (Lines{"1: 1 1:0.5 3:-2 7:1000", "2: -1 2:1", "3: 2.5 10:0.25 11:5"}));
  EXPECT_EQ(read("1 1:0 2:-0 3:0.1000000000000000055511151231257827\n"), (Lines{"1: 1 1:0 2:-0 3:0.1"}));
  EXPECT_EQ(read("1 0003:2\n"), (Lines{"1: 1 3:2"}));
}

TEST(Libsvm, BlanksCommentsLineEnds) {
  EXPECT_EQ(read("# made by hand\n\n  1\t2:3   4:5  \r\n \t\n0\n-1 # no features\n1 1:2#3:4\n\r\n2 1:1"),
            (Lines{"3: 1 2:3 4:5", "5: 0", "6: -1", "7: 1 1:2", "9: 2 1:1"}));
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "1 1:1\n"),
            (Lines{"1: 1 1:1"}));
  EXPECT_EQ(read(""), Lines{});
  EXPECT_EQ(read("#"), Lines{});
}

TEST(Libsvm, BadRows) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1 0:1", "'0:1': the index is 0, and indices count from 1"},
      {"1 -2:1", "'-2:1': the index '-2' is negative"},
      {"1 +2:1", "'+2:1': the index '+2' is not a whole number"},
      {"1 2.5:1", "'2.5:1': the index '2.5' is not a whole number"},
      {"1 a:1", "'a:1': the index 'a' is not a whole number"},
      {"1 :1", "':1': the index '' is not a whole number"},
      {"1 3:1 2:1", "x2: '2:1': the index 2 stands behind 3"},
      {"1 3:1 3:2", "x3: '3:2': the index 3 is repeated"},
      {"1 99999999999999999999:1", "the index '99999999999999999999' is too large"},
      {"1 1:2 size", "'size' has no colon"},
      {"1 1:2 3", "'3' has no colon"},
      {"1 1: 2", "x1: '1:' has no value"},
      {"1 1:x", "x1: 'x' is not a number"},
      {"1 1:2:3", "x1: '2:3' is not a number"},
      {"1 1:2,5", "x1: '2,5' is not a number"},
      {"1 1:nan", "x1: 'nan' is not a number"},
      {"1 1:inf", "x1: 'inf' is not finite, or too large for a double"},
      {"1 1:1e999", "x1: '1e999' is not finite, or too large for a double"},
      {"1 qid:3 1:2", "'qid:3' names the query of a ranking, and rankings are not fitted"},
      {"1,3 1:2", "label: '1,3' are several labels"},
      {"1:2 2:3", "label: the line begins with '1:2', it has no label"},
      {"yes 1:2", "label: the label 'yes' is not a number"},
      {"nan 1:2", "label: the label 'nan' is not a number"},
      {"1e999 1:2", "label: the label '1e999' is not finite, or too large for a double"},
  };
  for (const auto& [text, what] : cases) {
    EXPECT_EQ(read("1 1:1\n" + text + "\n-1 5:1\n"), (Lines{"1: 1 1:1", "2: " + what, "3: -1 5:1"})) << text;
  }
}

TEST(Libsvm, PiecesMakeNoDifference) {
  std::string text;
  std::mt19937 random(3);
  for (int line = 0; line < 300; ++line) {
    text += fmt::format("{}", static_cast<int>(random() % 3) - 1);
    for (std::size_t index = 1 + random() % 4; random() % 5 != 0; index += 1 + random() % 9)
      text += fmt::format(" {}:{}", index, static_cast<double>(random()) / 1e7);
    text += random() % 4 == 0 ? "\r\n" : "\n";
  }
  const Lines whole = read(text, 1U << 20U);
  EXPECT_EQ(whole.size(), 300U);
  for (const std::size_t longest : {1U, 2U, 7U, 100U}) EXPECT_EQ(read(text, longest), whole);
}

TEST(Libsvm, ALineThatIsTooLong) {
  LibsvmReader reader(
      std::make_unique<TricklingSource>("1 1:1\n1 1:" + std::string(17U << 20U, '1'), 1U << 20U, 1), "t.svm");
  SparseRow row;
  ASSERT_TRUE(*reader.next(row));
  for (int again = 0; again < 2; ++again) {
    const auto any = reader.next(row);
    ASSERT_FALSE(any);
    EXPECT_EQ(any.error().line, 2U);
  }
}

// ---- as a table

TableOptions libsvm() {
  TableOptions options;
  options.format = TableFormat::libsvm;
  return options;
}

TEST(LibsvmTable, DenseRows) {
  const std::string path = file("a.svm", "+1 1:0.5 3:-2\n-1\n1 2:4\n");
  const auto read = read_table({path}, target("label"));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->dense_names, (std::vector<std::string>{"x1", "x2", "x3", "label"}));
  EXPECT_EQ(read->rows(), (Rows{{0.5, 0, -2, 1}, {0, 0, 0, -1}, {0, 4, 0, 1}}));
}

TEST(LibsvmTable, ColumnsAreThoseOfAllFiles) {
  const std::string a = file("a.libsvm", "1 1:1\n");
  const std::string empty = file("empty.libsvm", "# nothing\n");
  const std::string b = file("b.libsvm", "2 4:1\n");
  const auto read = read_table({a, empty, b, empty}, target("label"));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->rows(), (Rows{{1, 0, 0, 0, 1}, {0, 0, 0, 1, 2}}));
}

// The same table as CSV: the same rows, the same fingerprint; also in parallel, and compressed.
TEST(LibsvmTable, EqualsTheDenseTableAsCsv) {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    const std::size_t columns = 1 + random() % 12;
    const std::size_t rows = 1 + random() % 700;
    std::string sparse;
    std::string csv = "label";
    for (std::size_t j = 1; j <= columns; ++j) csv += fmt::format(",x{}", j);
    csv += "\n";
    for (std::size_t i = 0; i < rows; ++i) {
      const std::string label = shortest(static_cast<double>(random() % 5));
      sparse += label;
      csv += label;
      for (std::size_t j = 1; j <= columns; ++j) {
        const bool last_of_all = i == 0 && j == columns;
        double value = random() % 3 == 0 || last_of_all ? static_cast<double>(random()) / 65536 - 20000 : 0.0;
        if (last_of_all && value == 0) value = 1;
        if (value != 0 || random() % 10 == 0) sparse += fmt::format(" {}:{}", j, shortest(value));
        csv += "," + shortest(value);
      }
      sparse += "\n";
      csv += "\n";
    }
    const std::string dense_path = file("t.csv", csv);
    const auto dense = read_table({dense_path}, target("label"));
    ASSERT_TRUE(dense) << dense.error().text();
    const std::string path = file("t.svm", sparse);
    ASSERT_EQ(std::system(("zstd -qfo " + path + ".zst " + path).c_str()), 0);
    for (const std::string& name : {path, path + ".zst"}) {
      const auto read = read_table({name}, target("label"));
      ASSERT_TRUE(read) << read.error().text();
      EXPECT_EQ(read->rows(), dense->rows());
      EXPECT_EQ(read->fingerprint, dense->fingerprint);
    }
    for (const unsigned threads : {1U, 3U}) {
      auto reader = RowReader::open({path}, {}, target("label"));
      ASSERT_TRUE(reader);
      PipelineOptions options;
      options.threads = threads;
      ASSERT_TRUE(read_blocks(
          *reader, options, [](BlockBatch&) {}, [](BlockBatch&) {}));
      EXPECT_EQ(reader->fingerprint(), dense->fingerprint);
    }
  }
}

TEST(LibsvmTable, BadRowsAreSkippedAndKeptAsTheyAre) {
  const std::string path = file("bad.svm", "1 1:1\n1 9:1 8:1\n-1 2:1 # fine\n1 1:x\n0 1:3\n");
  EXPECT_EQ(
      error_of({path}, target("label")),
      "bad.svm:2: column 'x8': '8:1': the index 8 stands behind 9; name each index once, in ascending order, "
      "or leave such rows out with --bad-rows skip");
  ColumnRequest request = target("label");
  request.bad_rows = BadRowPolicy::skip;
  request.rejects = path_of("rejects.svm");
  const auto read = read_table({path}, request);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->rows(), (Rows{{1, 0, 1}, {0, 1, -1}, {3, 0, 0}}));  // the bad row's indices make no columns
  EXPECT_EQ(read->audit.rows_rejected, 2U);
  EXPECT_EQ(contents(path_of("rejects.svm")), "1 9:1 8:1\n1 1:x\n");
}

TEST(LibsvmTable, AnIndexTooLargeForDenseRows) {
  const std::string path = file("wide.svm", "1 1:1\n1 1099511627776:1\n");
  EXPECT_EQ(
      error_of({path}, target("label")),
      "wide.svm:2: column 'x1099511627776': the index 1099511627776 makes 1,099,511,627,776 columns; libsvm "
      "text is read as dense rows, which would take 8 TiB each, and at most 1,048,576 columns are read; "
      "number "
      "the features anew without gaps, or hash them into fewer");
  // As wide as columns can be: too many for a fit, a few of them are fine.
  const std::string most = file("most.svm", "1 1:1\n2 1048576:7\n");
  EXPECT_NE(error_of({most}, target("label")).find("--features"), std::string::npos);
  ColumnRequest request = target("label");
  request.features = {"x1", "x1048576"};
  const auto read = read_table({most}, request);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->rows(), (Rows{{1, 0, 1}, {0, 7, 2}}));
}

TEST(LibsvmTable, NoRowsAndOtherKinds) {
  EXPECT_EQ(error_of({file("none.svm", "\n# nothing\n")}, target("label")),
            "none.svm: has no rows; check how it was written");
  const std::string svm = file("k.svm", "1 1:1\n");
  const std::string csv = file("k.csv", "label,x1\n1,2\n");
  EXPECT_EQ(error_of({svm, csv}, target("label")),
            "k.csv: is text, k.svm is libsvm text; convert one of them");
  EXPECT_EQ(error_of({csv, svm}, target("label")),
            "k.svm: is libsvm text, k.csv is text; convert one of them");
  EXPECT_EQ(error_of({file("named.txt", "1 1:1\n")}, target("label"), libsvm()), "");
}

TEST(LibsvmTable, GivenColumnsAreReadInOnePass) {
  const std::string path = file("more.svm", "1 1:1 5:2\n-1 2:3 4:0\n1 3:1\n");
  TableOptions options;
  options.libsvm = {3, true};
  auto table = TableReader::open({path}, options);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->names(), (std::vector<std::string>{"label", "x1", "x2", "x3"}));
  TableRecord record;
  Rows rows;
  while (*table->next(record)) rows.emplace_back(record.numbers.begin(), record.numbers.end());
  EXPECT_EQ(rows, (Rows{{1, 1, 0, 0}, {-1, 0, 3, 0}, {1, 0, 0, 1}}));
  EXPECT_EQ(table->rows_cut(), 1U);  // an explicit zero cuts nothing
  options.libsvm = {7, false};
  table = TableReader::open({path}, options);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->names().size(), 8U);
}

TEST(LibsvmTable, ANamedPipe) {
  const std::string text = "1 1:1\n-1 300:2\n";
  const std::string path = file("p.svm", text);
  const std::string pipe = path_of("pipe.svm");
  ASSERT_EQ(
      std::system(("rm -f " + pipe + "; mkfifo " + pipe + "; cat " + path + " > " + pipe + " &").c_str()), 0);
  const auto piped = read_table({pipe}, target("label"));
  ASSERT_TRUE(piped) << piped.error().text();
  const auto read = read_table({path}, target("label"));
  ASSERT_TRUE(read);
  EXPECT_EQ(piped->fingerprint, read->fingerprint);
}

}  // namespace
}  // namespace talweg::testing
