// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/row_reader.h"

#include <fmt/format.h>

#include "data/testing.h"

namespace talweg::testing {
namespace {

using Rows = std::vector<std::vector<double>>;
using Lines = std::vector<std::string>;

ReadTable read(const std::vector<std::string>& paths, const ColumnRequest& request,
               const TableOptions& options = {}) {
  auto out = read_table(paths, request, options);
  EXPECT_TRUE(out) << plain(out.error());
  return out ? std::move(*out) : ReadTable{};
}

std::string pairs(std::size_t rows) {
  std::string text = "x,y\n";
  for (std::size_t i = 0; i < rows; ++i) text += fmt::format("{},{}\n", i, 2 * i);
  return text;
}

TEST(RowReader, NumericTable) {
  const ReadTable out = read({file("a.csv", "a,y,b\n1,2,3\n4,5,6\n")}, target("y"));
  EXPECT_EQ(out.dense_names, (Lines{"a", "b", "y"}));
  EXPECT_EQ(out.rows(), (Rows{{1, 3, 2}, {4, 6, 5}}));
  ASSERT_EQ(out.blocks.size(), 1U);
  EXPECT_EQ(out.blocks[0].number, 0U);
  EXPECT_TRUE(out.blocks[0].weights.empty());
  EXPECT_TRUE(out.blocks[0].levels.empty());
  EXPECT_TRUE(out.blocks[0].level_end.empty());
  EXPECT_EQ(out.audit.records, 2U);
  EXPECT_EQ(out.audit.rows, 2U);
  EXPECT_TRUE(out.audit.header);
  EXPECT_TRUE(out.audit.header_sniffed);
  EXPECT_EQ(out.audit.delimiter, ',');
  EXPECT_TRUE(out.audit.delimiter_sniffed);
  EXPECT_TRUE(out.audit.unused.empty());
  EXPECT_EQ(out.target.name, "y");
  EXPECT_FALSE(out.features[0].named);
}

TEST(RowReader, ChoiceOfColumns) {
  const std::string path = file("c.csv", "a,b,c,y,w\n1,2,3,4,5\n");
  ColumnRequest request = target("y");
  request.features = Lines{"c", "a"};
  request.weights = "w";
  ReadTable out = read({path}, request);
  EXPECT_EQ(out.dense_names, (Lines{"c", "a", "y"}));
  EXPECT_EQ(out.rows(), (Rows{{3, 1, 4}}));
  EXPECT_EQ(out.audit.unused, Lines{"b"});
  EXPECT_EQ(out.blocks[0].weights, std::vector<double>{5});
  EXPECT_TRUE(out.features[0].named);

  request = target("y");
  request.drop = {"w", "b"};
  out = read({path}, request);
  EXPECT_EQ(out.dense_names, (Lines{"a", "c", "y"}));
  EXPECT_EQ(out.audit.unused, (Lines{"b", "w"}));

  request.features = Lines{};
  request.drop = {};
  out = read({path}, request);
  EXPECT_EQ(out.dense_names, Lines{"y"});
  EXPECT_EQ(read({file("one.csv", "y\n1\n2\n")}, target("y")).rows(), (Rows{{1}, {2}}));
}

TEST(RowReader, TextColumnsBecomeLevels) {
  const ReadTable out =
      read({file("t.csv", "cut,x,y,color\nIdeal,1,2,E\n Ideal,3,4,E\nIdeal,5,6,F\n")}, target("y"));
  EXPECT_EQ(out.dense_names, (Lines{"x", "y"}));
  EXPECT_EQ(out.row_levels(), (Lines{"cut=Ideal color=E", "color=E cut= Ideal", "cut=Ideal color=F"}));
  ASSERT_EQ(out.levels.size(), 4U);
  EXPECT_EQ(out.levels[2].text, " Ideal") << "numbered in order of appearance";
  EXPECT_EQ(out.features[0].kind, ColumnKind::text);
  EXPECT_EQ(out.features[0].levels, 2U);
  EXPECT_EQ(out.features[2].levels, 2U);
}

TEST(RowReader, KindsAreDecidedByMoreThanHalf) {
  EXPECT_EQ(read({file("k.csv", "a,y\n1,1\nb,1\n")}, target("y")).features[0].kind, ColumnKind::text)
      << "a half";
  ColumnRequest skip = target("y");
  skip.bad_rows = BadRowPolicy::skip;
  EXPECT_EQ(read({file("k.csv", "a,y\n1,1\nb,1\n2,1\n")}, skip).features[0].kind, ColumnKind::numeric);
  EXPECT_EQ(read({file("k.csv", "a,y\n1,1\ninf,1\nc,1\n")}, skip).features[0].kind, ColumnKind::numeric)
      << "inf counts as a number";
  ColumnRequest mean = target("y");
  mean.missing = MissingPolicy::mean;
  EXPECT_EQ(read({file("k.csv", "a,y\n,1\nNA,1\n")}, mean).features[0].kind, ColumnKind::numeric)
      << "all missing";
  mean.categorical = {"a"};
  EXPECT_EQ(read({file("k.csv", "a,y\n1,1\n2,1\n")}, mean).row_levels(), (Lines{"a=1", "a=2"}));
}

TEST(RowReader, KindsAreDecidedOnTheFirstRecordsAcrossFiles) {
  std::string text = "a,y\n";
  for (std::size_t i = 0; i < 600; ++i) text += fmt::format("{},1\n", i);
  std::string words = "a,y\n";
  for (std::size_t i = 0; i < 400; ++i) words += "w,1\n";
  std::string more = "a,y\n";
  for (std::size_t i = 0; i < 5000; ++i) more += "v,1\n";
  ColumnRequest request = target("y");
  request.bad_rows = BadRowPolicy::skip;
  const ReadTable out = read({file("1.csv", text), file("2.csv", words), file("3.csv", more)}, request);
  EXPECT_EQ(out.features[0].kind, ColumnKind::numeric);
  EXPECT_EQ(out.audit.rows_rejected, 5400U);
  EXPECT_EQ(out.audit.rows, 600U);
  EXPECT_EQ(out.audit.records, 6000U);
  EXPECT_EQ(plain(*out.audit.first_rejected).substr(0, 33), "2.csv:2: column 'a': 'w' is not a");
}

TEST(RowReader, BlocksAreCutByRecordNumber) {
  const ReadTable out = read({file("b.csv", pairs(2 * kBlockRows + 10))}, target("y"));
  ASSERT_EQ(out.blocks.size(), 3U);
  EXPECT_EQ(out.blocks[0].rows, kBlockRows);
  EXPECT_EQ(out.blocks[2].rows, 10U);
  EXPECT_EQ(out.blocks[2].number, 2U);

  std::string text = "x,y\n";
  for (std::size_t i = 0; i < 3 * kBlockRows + 1; ++i) {
    const bool kept = i / kBlockRows != 1 && i % 2 == 0;
    text += kept ? fmt::format("{},1\n", i) : "NA,1\n";
  }
  ColumnRequest request = target("y");
  request.missing = MissingPolicy::drop;
  const ReadTable gaps = read({file("b.csv", text)}, request);
  ASSERT_EQ(gaps.blocks.size(), 3U) << "a block without used rows is left out";
  EXPECT_EQ(gaps.blocks[0].number, 0U);
  EXPECT_EQ(gaps.blocks[0].rows, kBlockRows / 2);
  EXPECT_EQ(gaps.blocks[1].number, 2U);
  EXPECT_EQ(gaps.blocks[1].values[0], 2.0 * kBlockRows);
  EXPECT_EQ(gaps.blocks[2].rows, 1U);
  EXPECT_EQ(gaps.audit.rows_missing, kBlockRows * 2);
}

TEST(RowReader, MissingPolicies) {
  const std::string path = file("m.csv", "g,x,y\na,1,1\nNA,,2\nb,NA,3\na,3,NA\nc,4,5\n");
  ColumnRequest request = target("y");
  request.missing = MissingPolicy::drop;
  const ReadTable dropped = read({path}, request);
  EXPECT_EQ(dropped.rows(), (Rows{{1, 1}, {4, 5}}));
  EXPECT_EQ(dropped.row_levels(), (Lines{"g=a", "g=c"})) << "a level of left-out rows only is none";
  EXPECT_EQ(dropped.levels.size(), 2U);
  EXPECT_EQ(dropped.audit.rows_missing, 3U);
  EXPECT_EQ(dropped.features[0].missing, 1U);
  EXPECT_EQ(dropped.features[1].missing, 2U);
  EXPECT_EQ(dropped.target.missing, 1U);

  request.missing = MissingPolicy::mean;
  const ReadTable filled = read({file("m2.csv", "g,x,y\na,1,1\nNA,,2\nmissing,NA,3\n")}, request);
  EXPECT_EQ(filled.rows(), (Rows{{1, 1}, {0, 2}, {0, 3}}));
  EXPECT_EQ(filled.row_levels(), (Lines{"g=a", "g=missing x?", "g=missing x?"}));
  EXPECT_EQ(filled.features[0].levels, 2U);

  request.missing_words = {"-1"};
  EXPECT_EQ(read({file("m3.csv", "x,y\n-1,1\n2,3\n")}, request).row_levels(), (Lines{"x?", ""}));
}

TEST(RowReader, LevelEndsOfRowsWithoutLevels) {
  ColumnRequest request = target("y");
  request.missing = MissingPolicy::mean;
  const ReadTable out = read({file("e.csv", "x,y\n1,1\n,2\n3,3\n")}, request);
  EXPECT_EQ(out.blocks[0].level_end, (std::vector<std::uint32_t>{0, 1, 1}));
}

TEST(RowReader, Weights) {
  ColumnRequest request = target("y");
  request.weights = "w";
  const ReadTable out = read({file("w.csv", "x,y,w\n1,1,1\n2,2,0\n,3,0\n4,4,0.5\n")}, request);
  EXPECT_EQ(out.rows(), (Rows{{1, 1}, {4, 4}}));
  EXPECT_EQ(out.blocks[0].weights, (std::vector<double>{1, 0.5}));
  EXPECT_EQ(out.audit.rows_weightless, 2U);
  EXPECT_TRUE(read({file("w1.csv", "x,y,w\n1,1,1\n2,2,1\n")}, request).blocks[0].weights.empty());
  request.bad_rows = BadRowPolicy::skip;
  request.missing = MissingPolicy::drop;
  const ReadTable skipped = read({file("w2.csv", "x,y,w\n1,1,-1\n2,2,1\n3,3,NA\n4,4,inf\n")}, request);
  EXPECT_EQ(skipped.rows(), (Rows{{2, 2}}));
  EXPECT_EQ(skipped.audit.rows_rejected, 2U);
  EXPECT_EQ(skipped.audit.rows_missing, 1U);
}

TEST(RowReader, RejectsCanBeMendedAndRead) {
  const std::string path =
      file("bad.csv",
           "\"a, b\",y\n1,1\nabc,2\n3\n4,5\" x\n\"5\",\"6\n\"\n7,8\n9,1e999\n\"q\"\"r\",3\n2,2\n3,3\n4,4\n");
  ColumnRequest request = target("y");
  request.bad_rows = BadRowPolicy::skip;
  request.rejects = path_of("rejects.csv");
  const ReadTable out = read({path}, request);
  EXPECT_EQ(out.rows(), (Rows{{1, 1}, {7, 8}, {2, 2}, {3, 3}, {4, 4}}));
  EXPECT_EQ(out.audit.rows_rejected, 6U);
  EXPECT_EQ(out.audit.records, 11U);
  EXPECT_EQ(contents(request.rejects),
            "\"a, b\",y\nabc,2\n3\n4,5\" x\n\"5\",\"6\n\"\n9,1e999\n\"q\"\"r\",3\n");
  ColumnRequest again = target("y");
  again.bad_rows = BadRowPolicy::skip;
  again.numeric = {"a, b"};
  EXPECT_EQ(error_of({request.rejects}, again).substr(0, 71),
            "rejects.csv: no row is left to use: of 6 rows 6 are bad, 0 have a missi");

  request.rejects = path_of("none.csv");
  read({file("good.csv", "x,y\n1,2\n")}, request);
  EXPECT_EQ(contents(request.rejects), "") << "made, and empty";
}

TEST(RowReader, RejectsBeyondTheHeldRecords) {
  std::string text = pairs(3000);
  text += "abc,1\n";
  ColumnRequest request = target("y");
  request.bad_rows = BadRowPolicy::skip;
  request.rejects = path_of("late.csv");
  EXPECT_EQ(read({file("late_data.csv", text)}, request).audit.rows, 3000U);
  EXPECT_EQ(contents(request.rejects), "x,y\nabc,1\n");
}

TEST(RowReader, FingerprintDependsOnValuesOnly) {
  ColumnRequest request = target("y");
  request.missing = MissingPolicy::mean;
  const std::string base = read({file("f1.csv", "g,x,y\na,1,2\nb,NA,4\n")}, request).fingerprint;
  EXPECT_EQ(base.size(), 32U);
  EXPECT_EQ(read({file("f2.csv", "\"g\";x ; y\r\n\"a\";1.0;2e0\r\n\r\nb;;+4")}, request).fingerprint, base);
  EXPECT_EQ(
      read({file("f3.csv", "g,x,y\na,1,2\n"), file("f4.csv", "g,x,y\nb,null,4\n")}, request).fingerprint,
      base);
  EXPECT_EQ(read({file("f5.csv", "z,g,x,y\n9,a,1,2\n9,b,,4\n")},
                 [&] {
                   ColumnRequest dropped = request;
                   dropped.drop = {"z"};
                   return dropped;
                 }())
                .fingerprint,
            base);
  EXPECT_NE(read({file("f6.csv", "g,x,y\nb,NA,4\na,1,2\n")}, request).fingerprint, base);
  ColumnRequest other = request;
  other.target = "z";
  EXPECT_NE(read({file("f8.csv", "g,x,z\na,1,2\nb,NA,4\n")}, other).fingerprint, base);
}

TEST(RowReader, DecimalComma) {
  TableOptions options;
  options.decimal = ',';
  EXPECT_EQ(read({file("d.csv", "x;y\n1,5;2,5\n3;-,5\n")}, target("y"), options).rows(),
            (Rows{{1.5, 2.5}, {3, -0.5}}));
}

TEST(RowReader, CompressedPartsOfEveryKind) {
  Lines paths;
  int part = 0;
  for (const auto& [program, suffix] : std::vector<std::pair<std::string, std::string>>{
           {"cat", ""}, {"gzip", ".gz"}, {"zstd -q", ".zst"}, {"xz", ".xz"}, {"bzip2", ".bz2"}}) {
    const std::string path = file(fmt::format("part{}.csv", part), fmt::format("x,y\n{},1\n", part));
    paths.push_back(path + suffix + ".packed.csv" + suffix);
    ASSERT_EQ(std::system(fmt::format("{} < {} > {}", program, path, paths.back()).c_str()), 0);
    ++part;
  }
  EXPECT_EQ(read(paths, target("y")).rows(), (Rows{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}}));
}

TEST(RowReader, IdLikeColumnsThatAreNamedAreTaken) {
  std::string text = "id,x,y\n";
  for (int i = 0; i < 50; ++i) text += fmt::format("n{},{},{}\n", i, i, i);
  const std::string path = file("id.csv", text);
  ColumnRequest request = target("y");
  request.categorical = {"id"};
  EXPECT_EQ(read({path}, request).levels.size(), 50U);
  request.categorical = {};
  request.features = Lines{"id", "x"};
  EXPECT_EQ(read({path}, request).levels.size(), 50U);
  std::string few = "g,y\n";
  for (int i = 0; i < 100; ++i) few += fmt::format("n{},{}\n", i % 10, i);
  EXPECT_EQ(read({file("few.csv", few)}, target("y")).levels.size(), 10U)
      << "a tenth is not more than a tenth";
}

// A target of two texts: its numbers depend on the text alone, whatever comes first and however it is cut.
TEST(RowReader, ClassesOfATextTarget) {
  ColumnRequest request = target("y");
  request.classes = true;
  const auto a = read_table({file("a.csv", "x,y\n1,no\n2,yes\n3,no\n")}, request);
  const auto b = read_table({file("b.csv", "x,y\n1,yes\n2,no\n3,yes\n")}, request);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->target.kind, ColumnKind::text);
  EXPECT_EQ(a->rows()[0][1], b->rows()[1][1]);
  EXPECT_EQ(a->rows()[1][1], b->rows()[0][1]);
  EXPECT_NE(a->rows()[0][1], a->rows()[1][1]);
  EXPECT_NE(a->fingerprint, b->fingerprint);
  auto reader = RowReader::open({path_of("a.csv")}, {}, request);
  RowBlock block;
  ASSERT_TRUE(reader->next(block));
  ASSERT_EQ(reader->target_classes().size(), 2U);
  EXPECT_EQ(reader->target_classes()[0].text, "no");
  EXPECT_EQ(reader->target_classes()[0].value, a->rows()[0][1]);
  EXPECT_EQ(error_of({file("c.csv", "x,y\n1,no\n2,yes\n3,so\n4,on\n")}, request),
            "c.csv:4: column 'y': 'so' is a third class, beside 'no' and 'yes'; two classes can be told "
            "apart: leave "
            "the other rows out, or make two of the classes one");
  // Numbers stay what they are.
  const auto numbers = read_table({file("n.csv", "x,y\n1,0\n2,1\n")}, request);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->rows(), (std::vector<std::vector<double>>{{1, 0}, {2, 1}}));
  request.classes = false;
  EXPECT_NE(error_of({path_of("a.csv")}, request).find("the target is text"), std::string::npos);
}

}  // namespace
}  // namespace talweg::testing
