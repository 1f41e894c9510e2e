// SPDX-License-Identifier: Apache-2.0
// Columns of a table and their roles: what is asked for, what was found, and what is said of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "talweg/base/error.h"
#include "talweg/data/cell.h"

namespace talweg {

/// Records on which the kinds of the columns are decided.
inline constexpr std::size_t kKindRows = 1000;
/// Features (numeric columns, levels, gap indicators) that one fold can hold; beyond it reading ends with an
/// error that names the text column with the most levels.
inline constexpr std::size_t kMostFeatures = 10000;

enum class ColumnKind { numeric, text };
enum class MissingPolicy { error, drop, mean };
enum class BadRowPolicy { error, skip };

/// Which columns, in which role, and what to do about gaps and bad rows. Names are column names; an unknown
/// one is an error that offers the nearest names.
struct ColumnRequest {
  std::string target;  ///< empty: none, and features stand in the order of the table
  std::optional<std::vector<std::string>>
      features;  ///< absent: every column but target, weights and dropped ones
  std::vector<std::string> drop;
  std::vector<std::string> categorical;
  std::vector<std::string> numeric;
  std::string weights;  ///< empty: none
  MissingPolicy missing = MissingPolicy::error;
  BadRowPolicy bad_rows = BadRowPolicy::error;
  std::string rejects;  ///< file for bad records under skip, empty: none; opened before reading
  std::vector<std::string> missing_words = kMissingWords;
  /// Dense columns stand in the order of the table, the target in its place: then the bits of their products
  /// do not depend on which column is the target. Else features as named, and the target last.
  bool table_order = false;
  std::size_t table_order_most = SIZE_MAX;  ///< with more dense columns the target is last all the same
  /// The target is one of two classes, and may be a text: its level is a number then that depends on the text
  /// alone (RowReader::target_classes). A third level is an error.
  bool classes = false;
  /// Number of the first record, a multiple of kBlockRows: above 0 for a part of a larger table.
  std::uint64_t first_record = 0;
  /// Whether a text column used by default that looks like a name for the rows is an error.
  bool refuse_names_of_rows = true;
  /// (column, level): numbered before all others, in this order, whether or not a row has them.
  std::vector<std::pair<std::string, std::string>> first_levels;
};

/// One column in use.
struct ColumnInfo {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;
  bool named = false;         ///< named by --features, --categorical or --numeric rather than used by default
  std::uint64_t missing = 0;  ///< missing cells, in all records that are not bad
  std::size_t levels = 0;     ///< levels of a text column that occur in used rows
};

/// A level of a target that is text.
struct TargetClass {
  std::string text;
  double value = 0;  ///< in the target's dense column
};

/// Level number -> what the indicator stands for. Numbers are given in order of first appearance in used
/// rows.
struct Level {
  std::size_t column = 0;  ///< index into RowReader::features()
  bool gap = false;        ///< the indicator "this numeric column is missing here"
  std::string text;        ///< the level's bytes
};

/// Rows left out for want of a cell, by the columns that lack one (features, then the target, then the
/// weights; ascending). Beyond kMostGapSets sets of several columns those are only counted together.
struct GapSets {
  static constexpr std::size_t kMostGapSets = 1000;
  std::map<std::vector<std::size_t>, std::uint64_t> sets;
  std::size_t several = 0;  ///< sets of several columns
  std::uint64_t other = 0;  ///< rows whose set of several columns is not kept

  void add(const std::vector<std::size_t>& columns, std::uint64_t rows);
  void add(const GapSets& more);

 private:
  void forget_several();
};

/// What is wrong with a text column used by default: 10 or more levels and more than a tenth as many levels
/// as rows. Absent where nothing is.
std::optional<Error> name_of_rows(const std::vector<ColumnInfo>& features, std::uint64_t rows);

struct IngestAudit {
  std::uint64_t records = 0;          ///< data records read
  std::uint64_t rows = 0;             ///< rows used
  std::uint64_t rows_rejected = 0;    ///< bad records left out under skip
  std::uint64_t rows_missing = 0;     ///< rows left out because a cell is missing
  std::uint64_t rows_weightless = 0;  ///< rows left out because their weight is 0
  bool header = false;
  bool header_sniffed = false;
  char delimiter = 0;
  bool delimiter_sniffed = false;
  GapSets gap_sets;                     ///< of the rows_missing
  std::optional<Error> first_rejected;  ///< what was wrong with the first bad record
  std::vector<std::string> unused;      ///< columns that play no part
};

}  // namespace talweg
