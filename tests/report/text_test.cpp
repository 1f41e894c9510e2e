// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/text.h"

#include <gtest/gtest.h>

#include "talweg/report/table.h"

namespace talweg {
namespace {

TEST(TextTable, AlignsByWhatATerminalShows) {
  TextTable table({"name", "value"});
  table.add(
      {"gr\xC3\xB6\xC3\x9F"
       "e",
       "1"});
  table.add({"x", "-12.5"});
  EXPECT_EQ(table.text(),
            "  name   value\n  gr\xC3\xB6\xC3\x9F"
            "e      1\n  x      -12.5\n");
}

TEST(EpochTable, KeepsTenThenOneTwoFiveAndTheLast) {
  Plan plan;
  plan.parameters = {{"x", "x", std::nullopt, false}};
  EpochTable table;
  table.begin(plan);
  const std::vector<double> parameters = {1};
  for (std::uint64_t epoch = 0; epoch <= 1234; ++epoch) table.add({epoch, 1, 1, std::nullopt, parameters});
  std::vector<std::uint64_t> epochs;
  for (const TraceRow& row : table.rows()) epochs.push_back(row.epoch);
  EXPECT_EQ(epochs, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 100, 200, 500, 1000,
                                                1234}));
}

TEST(Style, ColoursOnlyWhereWanted) {
  EXPECT_EQ(Style{false}.bad("no"), "no");
  EXPECT_EQ(Style{true}.bad("no"), "\x1b[31mno\x1b[0m");
}

TEST(AuditText, NamesEveryColumn) {
  IngestAudit audit;
  audit.records = 1234;
  audit.delimiter = ';';
  audit.header = true;
  ColumnInfo size;
  size.name = "size";
  ColumnInfo cut;
  cut.name = "cut";
  cut.kind = ColumnKind::text;
  cut.levels = 3;
  ColumnInfo target;
  target.name = "y";
  FeatureSummary summary;
  summary.name = "size";
  summary.mean = 2.5;
  const std::string text = audit_text(audit, {size, cut, target}, {summary});
  EXPECT_NE(text.find("1,234 records, delimiter ';', a header"), std::string::npos);
  EXPECT_NE(text.find("constant"), std::string::npos);
  EXPECT_NE(text.find("target"), std::string::npos);
}

}  // namespace
}  // namespace talweg
