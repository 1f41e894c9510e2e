// SPDX-License-Identifier: Apache-2.0
// Columns of a table and their roles: what is asked for, what was found, and what is said of it.
#pragma once

#include <cstdint>
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
  std::string target;
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

/// Level number -> what the indicator stands for. Numbers are given in order of first appearance in used
/// rows.
struct Level {
  std::size_t column = 0;  ///< index into RowReader::features()
  bool gap = false;        ///< the indicator "this numeric column is missing here"
  std::string text;        ///< the level's bytes
};

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
  std::optional<Error> first_rejected;  ///< what was wrong with the first bad record
  std::vector<std::string> unused;      ///< columns that play no part
};

}  // namespace talweg
