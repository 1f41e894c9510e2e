// SPDX-License-Identifier: Apache-2.0
// Every error of RowReader, with its text.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "data/testing.h"

namespace talweg::testing {
namespace {

ErrorKind kind_of(const std::vector<std::string>& paths, const ColumnRequest& request) {
  const auto read = read_table(paths, request);
  return read ? ErrorKind::interrupted : read.error().kind;
}

const std::string kOut = ", or leave such rows out with --bad-rows skip";

TEST(RowErrors, UnknownColumns) {
  const std::string path = file("u.csv", "carat,price,cut\n1,2,3\n");
  EXPECT_EQ(error_of({path}, target("prise")),
            "u.csv: there is no column 'prise' (--target); did you mean 'price'? The columns are 'carat', "
            "'price' and 'cut'");
  EXPECT_EQ(kind_of({path}, target("prise")), ErrorKind::data);
  ColumnRequest request = target("price");
  const std::string columns = "the columns are 'carat', 'price' and 'cut'";
  request.drop = {"zzzzzzzz"};
  EXPECT_EQ(error_of({path}, request), "u.csv: there is no column 'zzzzzzzz' (--drop); " + columns);
  request.drop = {};
  request.weights = "zzzzzzzz";
  EXPECT_EQ(error_of({path}, request), "u.csv: there is no column 'zzzzzzzz' (--weights); " + columns);
  request.weights = {};
  request.categorical = {"zzzzzzzz"};
  EXPECT_EQ(error_of({path}, request), "u.csv: there is no column 'zzzzzzzz' (--categorical); " + columns);
  request.categorical = {};
  request.numeric = {"zzzzzzzz"};
  EXPECT_EQ(error_of({path}, request), "u.csv: there is no column 'zzzzzzzz' (--numeric); " + columns);
  request.numeric = {};
  request.features = {{"zzzzzzzz"}};
  EXPECT_EQ(error_of({path}, request), "u.csv: there is no column 'zzzzzzzz' (--features); " + columns);
  std::string header = "alpha";
  std::string row = "1";
  for (int i = 0; i < 30; ++i) header += fmt::format(",column{}", i), row += ",1";
  EXPECT_EQ(error_of({file("many.csv", header + "\n" + row + "\n")}, target("alpa")),
            "many.csv: there is no column 'alpa' (--target); did you mean 'alpha'?");
}

TEST(RowErrors, ContradictingRoles) {
  struct Case {
    ColumnRequest request;
    std::string text;
  };
  const auto with = [](auto change) {
    ColumnRequest request = target("y");
    change(request);
    return request;
  };
  const std::vector<Case> cases = {
      {with([](auto& r) {
         r.features = {{"x", "y"}};
       }),
       "the target 'y' is among --features; take it out of one of them"},
      {with([](auto& r) { r.categorical = {"y"}; }),
       "the target 'y' is among --categorical; the target is a number"},
      {with([](auto& r) { r.drop = {"y"}; }), "the target 'y' is dropped; take it out of --drop"},
      {with([](auto& r) { r.weights = "y"; }), "'y' is both the target and the weights; name two columns"},
      {with([](auto& r) { r.weights = "w", r.features = {{"w"}}; }),
       "the weights 'w' are among --features; take them out of one of them"},
      {with([](auto& r) { r.weights = "w", r.drop = {"w"}; }),
       "the weights 'w' are among --drop; take them out of one of them"},
      {with([](auto& r) { r.weights = "w", r.categorical = {"w"}; }),
       "the weights 'w' are among --categorical; take them out of one of them"},
      {with([](auto& r) { r.categorical = {"x"}, r.numeric = {"x"}; }),
       "'x' is among --categorical and --numeric; take it out of one of them"},
      {with([](auto& r) { r.features = {{"x"}}, r.drop = {"x"}; }),
       "'x' is among --features and --drop; take it out of one of them"},
      {with([](auto& r) {
         r.features = {{"x", "x"}};
       }),
       "'x' is twice among --features; name it once"},
      {with([](auto& r) { r.categorical = {"x"}, r.drop = {"x"}; }),
       "'x' is among --categorical and --drop; take it out of one of them"},
      {with([](auto& r) { r.features = {{"x"}}, r.numeric = {"w"}; }),
       "'w' is among --numeric, but not among --features; name it in both, or in neither"},
  };
  // They are found without opening the data.
  for (const Case& c : cases) {
    EXPECT_EQ(error_of({"no such file"}, c.request), c.text);
    EXPECT_EQ(kind_of({"no such file"}, c.request), ErrorKind::usage) << c.text;
  }
}

TEST(RowErrors, TextInANumericColumn) {
  const std::string lines = "x,y\n1,1\n2,2\n3,3\n";
  EXPECT_EQ(error_of({file("n.csv", lines + "abc,4\n")}, target("y")),
            "n.csv:5: column 'x': 'abc' is not a number; take the column as text with --categorical, or name "
            "the word for a "
            "missing value with --na" +
                kOut);
  EXPECT_EQ(
      error_of({file("n.csv", lines + "\"1,5\",4\n")}, target("y")),
      "n.csv:5: column 'x': '1,5' is not a number; if the comma is a decimal comma, give --decimal ," + kOut);
  EXPECT_EQ(error_of({file("n.csv", lines + "inf,4\n")}, target("y")),
            "n.csv:5: column 'x': 'inf' is not a finite number; mend the cell, or name it as a word for a "
            "missing value with "
            "--na" +
                kOut);
  EXPECT_EQ(error_of({file("n.csv", lines + "1,-1e999\n")}, target("y")),
            "n.csv:5: column 'y': '-1e999' is too large for a number; mend the cell, or name it as a word "
            "for a missing value "
            "with --na" +
                kOut);
  EXPECT_EQ(error_of({file("n.csv", lines + "1,abc\n")}, target("y")),
            "n.csv:5: column 'y': 'abc' is not a number; mend the cell, or name the word for a missing value "
            "with --na" +
                kOut);
  std::string late = "x,y\n";
  for (int i = 0; i < 5000; ++i) late += "1,2\n";
  EXPECT_EQ(error_of({file("n.csv", late + "N/A,4\n")}, target("y")).substr(0, 38),
            "n.csv:5002: column 'x': 'N/A' is not a");
}

TEST(RowErrors, BadRecords) {
  EXPECT_EQ(error_of({file("r.csv", "x,y\n1,2\n3\n")}, target("y")),
            "r.csv:3: 1 field where 2 are expected; mend the line (a field that holds the delimiter has to "
            "be quoted)" +
                kOut);
  EXPECT_EQ(error_of({file("r.csv", "x,y\n1,2\n3,5\" pipe\n")}, target("y")),
            "r.csv:3: a quote inside an unquoted field: '5\" pipe'; quote the field and double the quotes in "
            "it: write \"5\"\" "
            "pipe\"" +
                kOut);
  EXPECT_EQ(error_of({file("r.csv", "x,y\nabc,2\n3,2\n4,4\n5\n")}, target("y")).substr(0, 8), "r.csv:2:")
      << "the first bad row of the file is named, whatever is wrong with it";
  ColumnRequest skip = target("y");
  skip.bad_rows = BadRowPolicy::skip;
  EXPECT_EQ(error_of({file("r.csv", "x,y\n1,2\n3,\"4\n")}, skip),
            "r.csv:3: a quote that is opened here is never closed; close it, or double it if it is a part of "
            "the text")
      << "an error under skip, too";
}

TEST(RowErrors, DecimalCommas) {
  const std::string path = file("c.csv", "x;y\n1,5;2\n7;1\n2,5;3\n");
  EXPECT_EQ(error_of({path}, target("y")),
            "c.csv:2: column 'x': '1,5' and others look like numbers with a decimal comma; give --decimal , "
            "for numbers, or "
            "--categorical 'x' for text");
  ColumnRequest request = target("y");
  request.categorical = {"x"};
  EXPECT_EQ(error_of({path}, request), "");
}

TEST(RowErrors, TextTargets) {
  EXPECT_EQ(error_of({file("t.csv", "x,y\n1,\n2,yes\n3,no\n")}, target("y")),
            "t.csv:3: column 'y': the target is text, as in 'yes'; it has to be numeric; name another column "
            "with --target, or "
            "the word for a missing value with --na");
  EXPECT_EQ(error_of({file("t.csv", "x;y\n1;2,5\n2;3,5\n")}, target("y")),
            "t.csv:2: column 'y': the target is text, as in '2,5'; it has to be numeric; if the comma is a "
            "decimal comma, give "
            "--decimal ,");
}

TEST(RowErrors, MissingCells) {
  const std::string path = file("m.csv", "x,y,w\n1,1,1\nNA,2,1\n");
  EXPECT_EQ(error_of({path}, target("y")),
            "m.csv:3: column 'x': the value is missing ('NA'); leave such rows out with --missing drop, or "
            "put the column's "
            "mean with --missing mean");
  ColumnRequest request = target("y");
  EXPECT_EQ(
      error_of({file("m.csv", "x,y,w\n1,1,1\n2,,1\n")}, request),
      "m.csv:3: column 'y': the target is missing (an empty cell); leave such rows out with --missing drop");
  request.missing = MissingPolicy::mean;
  EXPECT_EQ(error_of({file("m.csv", "x,y,w\n1,1,1\n,,1\n")}, request),
            "m.csv:3: column 'y': the target is missing (an empty cell); it is never filled in: leave such "
            "rows out with "
            "--missing drop");
  request.weights = "w";
  EXPECT_EQ(error_of({file("m.csv", "x,y,w\n1,1,1\n2,2,null\n")}, request),
            "m.csv:3: column 'w': the weight is missing ('null'); it is never filled in: leave such rows out "
            "with --missing "
            "drop");
}

TEST(RowErrors, Weights) {
  ColumnRequest request = target("y");
  request.weights = "w";
  EXPECT_EQ(error_of({file("w.csv", "x,y,w\n1,1,1\n2,2,-0.5\n")}, request),
            "w.csv:3: column 'w': the weight -0.5 is negative; weights have to be 0 or more" + kOut);
  EXPECT_EQ(error_of({file("w.csv", "x,y,w\n1,1,1\n2,2,abc\n")}, request),
            "w.csv:3: column 'w': 'abc' is not a number; weights have to be numbers, 0 or more" + kOut);
}

TEST(RowErrors, NoRowIsLeft) {
  ColumnRequest request = target("y");
  request.weights = "w";
  request.missing = MissingPolicy::drop;
  request.bad_rows = BadRowPolicy::skip;
  EXPECT_EQ(error_of({file("z.csv", "x,y,w\n1,1,0\n,2,1\n3\n")}, request),
            "z.csv: no row is left to use: of 3 rows 1 are bad, 1 have a missing cell and 1 have weight 0; "
            "leave out the "
            "columns with the gaps with --drop, or put the mean with --missing mean");
  EXPECT_EQ(error_of({file("z.csv", "x,y,w\n1,1,0\n")}, request),
            "z.csv: no row is left to use: of 1 rows 0 are bad, 0 have a missing cell and 1 have weight 0; "
            "check the column of "
            "weights");
  EXPECT_EQ(error_of({file("z.csv", "x,y,w\n1,1,-2\n")}, request),
            "z.csv: no row is left to use: of 1 rows 1 are bad, 0 have a missing cell and 0 have weight 0; "
            "the first bad row: "
            "z.csv:2: column 'w': the weight -2 is negative; weights have to be 0 or more");
}

TEST(RowErrors, IdLikeColumns) {
  std::string text = "\"the id, long\",y\n";
  for (int i = 0; i < 99; ++i) text += fmt::format("n{},{}\n", i % 10, i);
  EXPECT_EQ(error_of({file("i.csv", text)}, target("y")),
            "i.csv: column 'the id, long': text with 10 levels in 99 rows looks like a name for the rows; "
            "leave it out with "
            "--drop '\"the id, long\"', or take it all the same with --categorical '\"the id, long\"'");
}

TEST(RowErrors, TooManyFeatures) {
  std::string text = "g,id,y\n";
  for (std::size_t i = 0; i < kMostFeatures + 10; ++i) text += fmt::format("g{},n{},{}\n", i % 20, i, i);
  const std::string path = file("many.csv", text);
  ColumnRequest request = target("y");
  request.categorical = {"id"};
  EXPECT_EQ(error_of({path}, request),
            "many.csv: more than 10,000 features (numeric columns, levels and gap indicators); the text "
            "column 'id' alone has "
            "9,981 levels so far; leave it out with --drop 'id'");
  std::string header = "y";
  std::string row = "1";
  for (std::size_t i = 0; i <= kMostFeatures; ++i) header += fmt::format(",c{}", i), row += ",1";
  EXPECT_EQ(error_of({file("wide.csv", header + "\n" + row + "\n")}, target("y")),
            "wide.csv: 10,001 features, more than the 10,000 that can be fitted at once; choose among them "
            "with --features or "
            "--drop");
}

TEST(RowErrors, Rejects) {
  ColumnRequest request = target("y");
  request.bad_rows = BadRowPolicy::skip;
  const std::string path = file("d.csv", "x,y\n1,2\n3,4\n5,6\nabc,3\n");
  request.rejects = path;
  EXPECT_EQ(error_of({path}, request),
            "d.csv: --rejects would overwrite the data; name another file with --rejects");
  EXPECT_EQ(contents(path), "x,y\n1,2\n3,4\n5,6\nabc,3\n");
  request.rejects = "/no/such/directory/r.csv";
  EXPECT_EQ(error_of({path}, request),
            "/no/such/directory/r.csv: the rejected rows cannot be written: No such file or directory; name "
            "another file with "
            "--rejects");
  if (std::filesystem::exists("/dev/full")) {
    request.rejects = "/dev/full";
    EXPECT_EQ(error_of({path}, request),
              "/dev/full: the rejected rows cannot be written: No space left on device; name another file "
              "with --rejects");
    EXPECT_EQ(kind_of({path}, request), ErrorKind::io);
  }
}

TEST(RowErrors, AnErrorStays) {
  auto reader = RowReader::open({file("s.csv", "x,y\n1,2\n3\n")}, {}, target("y"));
  ASSERT_TRUE(reader);
  RowBlock block;
  const auto first = reader->next(block);
  ASSERT_FALSE(first);
  EXPECT_EQ(reader->next(block).error().text(), first.error().text());
}

TEST(RowErrors, EndStays) {
  auto reader = RowReader::open({file("s.csv", "x,y\n1,2\n")}, {}, target("y"));
  ASSERT_TRUE(reader);
  RowBlock block;
  EXPECT_TRUE(*reader->next(block));
  EXPECT_FALSE(*reader->next(block));
  EXPECT_FALSE(*reader->next(block));
}

TEST(RowErrors, DamagedCompressedDataAfterTheHeldRecords) {
  std::string text = "x,y\n";
  for (int i = 0; i < 50000; ++i) text += fmt::format("{},{}\n", i, i * 7919 % 10007);
  const std::string path = file("cut.csv", text);
  ASSERT_EQ(std::system(fmt::format("gzip -kf {}", path).c_str()), 0);
  const std::string packed = contents(path + ".gz");
  EXPECT_EQ(error_of({file("cut.csv.gz", packed.substr(0, packed.size() / 2))}, target("y")).substr(0, 54),
            "cut.csv.gz: the gzip data are damaged or cut off (trun");
  EXPECT_EQ(error_of({file("cut.csv.gz", packed.substr(0, packed.size() / 2))}, target("zz")).substr(0, 30),
            "cut.csv.gz: there is no column");
}

}  // namespace
}  // namespace talweg::testing
