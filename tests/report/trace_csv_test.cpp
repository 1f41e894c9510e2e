// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/trace_csv.h"

#include "support/temporary.h"

namespace talweg {
namespace {

Plan plan_with(const std::vector<std::string>& names) {
  Plan plan;
  for (const auto& name : names) plan.parameters.push_back({name, name, std::nullopt, false});
  return plan;
}

TEST(TraceCsv, WritesEveryEpochShortestAndRenamesClashes) {
  const Temporary folder;
  auto trace = TraceCsv::open(folder.path("t.csv"));
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->begin(plan_with({"cost", "a,b"})), std::vector<std::string>{"cost"});
  const std::vector<double> parameters = {0.1, 1e-300};
  EXPECT_TRUE(trace->epoch({0, 3, 0.5, std::nullopt, parameters}));
  EXPECT_TRUE(trace->epoch({1, 1.0 / 3, 0.25, 0.15, parameters}));
  EXPECT_EQ(folder.read("t.csv"), "");  // not there before it is whole
  ASSERT_TRUE(trace->finish());
  EXPECT_EQ(folder.read("t.csv"),
            "epoch,cost,gradient_norm,learning_rate,parameter[cost],\"a,b\"\n"
            "0,3,0.5,,0.1,1e-300\n1,0.3333333333333333,0.25,0.15,0.1,1e-300\n");
}

TEST(TraceCsv, LeavesTheOldFileAloneUntilFinished) {
  const Temporary folder;
  folder.file("t.csv", "old");
  {
    auto trace = TraceCsv::open(folder.path("t.csv"));
    ASSERT_TRUE(trace);
    trace->begin(plan_with({"x"}));
  }
  EXPECT_EQ(folder.read("t.csv"), "old");
}

TEST(TraceCsv, ReportsAFullDisk) {
  auto trace = TraceCsv::open("/dev/full");
  ASSERT_TRUE(trace);
  trace->begin(plan_with({"x"}));
  const auto finished = trace->finish();
  ASSERT_FALSE(finished);
  EXPECT_NE(finished.error().text().find("No space left"), std::string::npos);
  EXPECT_FALSE(TraceCsv::open("/nowhere/at/all/t.csv"));
}

TEST(CsvField, QuotesWhatHasToBe) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("a \"b\""), "\"a \"\"b\"\"\"");
  EXPECT_EQ(csv_field("a;b", ';'), "\"a;b\"");
}

}  // namespace
}  // namespace talweg
