// SPDX-License-Identifier: Apache-2.0
#include "talweg/data/npy.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

#include "data/testing.h"

namespace talweg::testing {
namespace {

std::string npy(const std::string& dictionary, std::string_view data, int version = 1) {
  std::string out = "\x93NUMPY";
  out += static_cast<char>(version);
  out += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    out += static_cast<char>(dictionary.size() >> (8 * i) & 0xFFU);
  }
  return out + dictionary + std::string(data);
}

std::string dictionary(const std::string& descr, const std::string& shape, bool fortran = false) {
  return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}          \n", descr,
                     fortran ? "True" : "False", shape);
}

template <class T>
std::string bytes_of(const std::vector<T>& items, bool swapped = false) {
  std::string out;
  for (const T item : items) {
    std::string one(sizeof item, '\0');
    std::memcpy(one.data(), &item, sizeof item);
    if (swapped) std::reverse(one.begin(), one.end());
    out += one;
  }
  return out;
}

using Rows = std::vector<std::vector<double>>;

Result<Rows> read_npy(const std::string& bytes, std::size_t longest = 100) {
  auto reader = NpyReader::open(std::make_unique<TricklingSource>(bytes, longest, 1), "t.npy");
  if (!reader) return fail(reader.error());
  Rows rows;
  std::span<const double> row;
  while (true) {
    auto any = reader->next(row);
    if (!any) return fail(any.error());
    if (!*any) return rows;
    EXPECT_EQ(row.size(), reader->columns());
    rows.emplace_back(row.begin(), row.end());
  }
}

template <class T>
void check_type(const std::string& code) {
  const std::vector<T> items = {static_cast<T>(1), static_cast<T>(100), std::numeric_limits<T>::max(),
                                std::numeric_limits<T>::lowest()};
  Rows expected;
  for (const T item : items) expected.push_back({static_cast<double>(item)});
  for (const char* const order : {"<", "=", ">", "|"}) {
    const auto rows = read_npy(npy(dictionary(order + code, "(4,)"), bytes_of(items, *order == '>')));
    ASSERT_TRUE(rows) << rows.error().text();
    EXPECT_EQ(*rows, expected) << order << code;
  }
}

TEST(Npy, EveryType) {
  check_type<float>("f4");
  check_type<double>("f8");
  check_type<std::int8_t>("i1");
  check_type<std::int16_t>("i2");
  check_type<std::int32_t>("i4");
  check_type<std::int64_t>("i8");
  check_type<std::uint8_t>("u1");
  check_type<std::uint16_t>("u2");
  check_type<std::uint32_t>("u4");
  check_type<std::uint64_t>("u8");
  EXPECT_EQ(*read_npy(npy(dictionary("|b1", "(3,)"), "\x01\x00\x01"sv)), (Rows{{1}, {0}, {1}}));
}

TEST(Npy, ShapesOrdersAndVersions) {
  const std::string data = bytes_of<double>({1, 2, 3, 4, 5, 6});
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(*read_npy(npy(dictionary("<f8", "(2, 3)"), data, version)), (Rows{{1, 2, 3}, {4, 5, 6}}));
    EXPECT_EQ(*read_npy(npy(dictionary("<f8", "(2, 3)", true), data, version)), (Rows{{1, 3, 5}, {2, 4, 6}}));
  }
  EXPECT_EQ(*read_npy(npy(dictionary("<f8", "(6,)", true), data)), (Rows{{1}, {2}, {3}, {4}, {5}, {6}}));
  EXPECT_EQ(*read_npy(npy(dictionary("<f8", "(1, 6)", true), data)), (Rows{{1, 2, 3, 4, 5, 6}}));
  EXPECT_EQ(*read_npy(npy(dictionary("<f8", "(0, 3)"), "")), Rows{});
  EXPECT_EQ(*read_npy(npy("{\"shape\":(2L,3L),\"fortran_order\":False,\"descr\":\"<f8\"}", data)),
            (Rows{{1, 2, 3}, {4, 5, 6}}));
}

TEST(Npy, ManyRowsInPieces) {
  std::vector<float> items(3 * 40000);
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = static_cast<float>(i);
  const std::string bytes = npy(dictionary("<f4", "(40000, 3)"), bytes_of(items));
  for (const std::size_t longest : {std::size_t{1}, std::size_t{5000}, std::size_t{1000000}}) {
    const auto rows = read_npy(bytes, longest);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 40000U);
    EXPECT_EQ((*rows)[39999], (std::vector<double>{119997, 119998, 119999}));
  }
}

std::string npy_error(const std::string& bytes) {
  const auto rows = read_npy(bytes);
  return rows ? "read" : rows.error().text();
}

TEST(Npy, TypesAndShapesThatAreNotRead) {
  EXPECT_EQ(npy_error(npy(dictionary("<f2", "(1,)"), "ab")),
            "t.npy: a .npy array of type '<f2' is not read; convert it: array.astype('float64'); read are f4 "
            "f8 i1 i2 i4 "
            "i8 u1 u2 u4 u8 b1");
  EXPECT_EQ(npy_error(npy(dictionary("<U10", "(1,)"), "ab")).substr(0, 43),
            "t.npy: a .npy array of type '<U10' is not r");
  EXPECT_EQ(
      npy_error(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", "")),
      "t.npy: a structured .npy array is not read; save one array of numbers, or write the table as CSV");
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "()"), "12345678")),
            "t.npy: a .npy array of 0 dimensions is not a table; reshape it to one or two dimensions");
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "(1, 1, 1)"), "12345678")),
            "t.npy: a .npy array of 3 dimensions is not a table; reshape it to one or two dimensions");
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "(5, 0)"), "")), "t.npy: a .npy array without columns");
  EXPECT_EQ(
      npy_error(npy(dictionary("<f8", "(2, 99999999)"), "")),
      "t.npy: a .npy array of 99999999 columns, more than 1000000; transpose it if its rows are the columns");
}

TEST(Npy, DamagedHeaders) {
  const std::string damaged = "t.npy: the .npy header is damaged; write the file again with numpy.save";
  for (const char* const text :
       {"", "{", "{}", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': False, 'shape': (1}",
        "{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr' '<f8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 999999)}",
        "{'descr: '<f8'"}) {
    EXPECT_EQ(npy_error(npy(text, "12345678")), damaged) << text;
  }
  EXPECT_EQ(npy_error("hello"), "t.npy: is not a .npy file; write the file again with numpy.save");
  EXPECT_EQ(npy_error("\x93NUMPY\x09\x00"s),
            "t.npy: the .npy version is not 1, 2 or 3; write the file again with numpy.save");
  EXPECT_EQ(npy_error("\x93NUMPY\x01\x00"s), damaged);
  EXPECT_EQ(npy_error("\x93NUMPY\x01\x00\xFF\x00{'descr'"s),
            "t.npy: the .npy header is cut off; write the file again with numpy.save");
  EXPECT_EQ(npy_error("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF"s), damaged);
}

TEST(Npy, CutOffDataAndTooMuch) {
  const std::string data = bytes_of<double>({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "(2, 3)"), data.substr(0, 47))),
            "t.npy: the .npy data are cut off: 1 of 2 rows are there; write the file again with numpy.save");
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "(2, 3)", true), data.substr(0, 47))),
            "t.npy: the .npy data are cut off; write the file again with numpy.save");
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "(2, 3)"), data + "x")),
            "t.npy: holds more bytes than its .npy header says; write one array in one file");
  // A header may say anything; memory is taken for bytes that are there.
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "(500000000, 1)"), data)),
            "t.npy: the .npy data are cut off: 6 of 500000000 rows are there; write the file again with "
            "numpy.save");
  EXPECT_EQ(npy_error(npy(dictionary("<f8", "(200000000, 2)", true), data)),
            "t.npy: the .npy data are cut off; write the file again with numpy.save");
  EXPECT_EQ(
      npy_error(npy(dictionary("<f8", "(2000000000, 2)", true), data)),
      "t.npy: a .npy array of 32000000000 bytes in Fortran order cannot be held in memory; save it by rows: "
      "numpy.save(file, numpy.ascontiguousarray(array))");
}

TEST(Npy, AsATable) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const std::string path =
      file("a.npy", npy(dictionary("<f8", "(4, 2)"), bytes_of<double>({1, 2, kNan, 3, 4, 5, 6, 7})));
  ColumnRequest request = target("x2");
  EXPECT_EQ(error_of({path}, request),
            "a.npy:2: column 'x1': the value is missing; leave such rows out with --missing drop, or put the "
            "column's mean "
            "with --missing mean");
  request.missing = MissingPolicy::mean;
  const auto read = read_table({path}, request);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->rows(), (Rows{{1, 2}, {0, 3}, {4, 5}, {6, 7}}));
  EXPECT_EQ(read->row_levels(), (std::vector<std::string>{"", "x1?", "", ""}));
  EXPECT_EQ(read->audit.delimiter, '\0');

  request.categorical = {"x1"};
  const auto text = read_table({path}, request);
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_EQ(text->row_levels(), (std::vector<std::string>{"x1=1", "x1=missing", "x1=4", "x1=6"}));
}

TEST(Npy, InfinityIsABadValueAndIsRejectedAsText) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const std::string path =
      file("b.npy", npy(dictionary("<f8", "(3, 3)"), bytes_of<double>({1, 2, 3, kInf, 0.5, kNan, 4, 5, 6})));
  ColumnRequest request = target("x2");
  request.drop = {"x3"};
  EXPECT_EQ(error_of({path}, request).substr(0, 56),
            "b.npy:2: column 'x1': 'inf' is not a finite number; mend");
  request.bad_rows = BadRowPolicy::skip;
  request.rejects = path_of("b.rejects");
  const auto read = read_table({path}, request);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->rows(), (Rows{{1, 2}, {4, 5}}));
  EXPECT_EQ(contents(request.rejects), "inf,0.5,nan\n");
}

}  // namespace
}  // namespace talweg::testing
