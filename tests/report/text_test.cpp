// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "talweg/report/cost_curve.h"
#include "talweg/report/sentences.h"
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

TEST(TextTable, LeavesColumnsOutWhereALineIsShort) {
  TextTable table({"name", "value", "error", "exact", "bound"});
  table.add({"a rather long name", "12", "3", "12", "1"});
  EXPECT_EQ(table.text(0), table.text(200));
  EXPECT_EQ(table.text(41, {3, 4, 2}),
            "  name                value  error  bound\n"
            "  a rather long name     12      3      1\n"
            "  (no room for: exact)\n");
  EXPECT_EQ(
      table.text(30, {3, 4, 2}),
      "  name                value\n  a rather long name     12\n  (no room for: error, exact, bound)\n");
  EXPECT_EQ(table.text(20, {3, 4, 2}),
            "  name         value\n  a rather l~     12\n  (no room for: error, exact, bound)\n");
}

TEST(Wrapped, BreaksBetweenWordsBehindTheLabel) {
  const std::string text =
      "cost        one two three four five six seven eight nine\n  a table line that stays as long as it is, "
      "whatever happens\n";
  EXPECT_EQ(wrapped(text, 0), text);
  EXPECT_EQ(wrapped(text, 50),
            "cost        one two three four five six seven\n            eight nine\n"
            "  a table line that stays as long as it is, whatever happens\n");
  EXPECT_EQ(wrapped("cost        one two three four\n", 24), "cost        one two\n  three four\n");
  // Colour codes take no place; a word longer than a line is cut.
  EXPECT_EQ(wrapped("ended       \x1b[32mone two three four five six\x1b[0m", 40),
            "ended       \x1b[32mone two three four five six\x1b[0m");
  EXPECT_EQ(wrapped("next        " + std::string(30, 'x'), 32),
            "next        " + std::string(20, 'x') + "\n  " + std::string(10, 'x'));
}

Fit fit_with_costs(const std::vector<double>& costs) {
  Fit fit;
  fit.exact_parameters = {0};
  const std::vector<double> parameters = {0};
  for (std::size_t k = 0; k < costs.size(); ++k) fit.trace.add(k, costs[k], 1, std::nullopt, parameters);
  return fit;
}

TEST(CostCurve, DrawsEveryEpochOfAShortRun) {
  const std::string curve = cost_curve(fit_with_costs({1000, 100, 10, 1}), {false, 0, false});
  EXPECT_EQ(curve,
            "  cost - lowest cost, logarithmic\n"
            "  1000  ####\n"
            "        ####::::\n"
            "        ########....\n"
            "     1  ############....\n"
            "        epoch 0        3\n");
}

TEST(CostCurve, LeavesOutWhatIsLostAndWhatHasNoRoom) {
  Fit fit = fit_with_costs({1e6 + 1, 1e6 + 0.5, 1e6, 1e6});
  fit.exact_cost = 1e6;
  EXPECT_NE(cost_curve(fit, {false, 0, true}).find("below the cost's last digit"), std::string::npos);
  EXPECT_NE(cost_curve(fit, {false, 0, true}).find("█"), std::string::npos);
  EXPECT_EQ(cost_curve(fit, {false, 12, true}), "");
  EXPECT_EQ(cost_curve(fit_with_costs({5}), {}), "");
  EXPECT_EQ(cost_curve(fit_with_costs({0, 0}), {}), "");
  std::vector<double> many;
  for (int k = 0; k < 5000; ++k) many.push_back(std::exp(-0.01 * k));
  std::istringstream lines(cost_curve(fit_with_costs(many), {false, 40, false}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(shown_width(line), 40U) << line;
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

// What is proven is called so; a gap that the curvature judges keeps its name.
TEST(Sentences, TellAProofFromAnEstimate) {
  Fit fit;
  fit.plan.over_rows = true;
  fit.plan.cost = CostKind::mae;
  fit.plan.loss = LossSettings{CostKind::mae, 1, 0.5, 0};
  fit.plan.start_cost = 2;
  fit.cost = 1;
  fit.epochs = 1;
  fit.certificate.cost_gap_bound = 1e-9;
  EXPECT_EQ(certificate_text(fit), "the cost is proven within 1e-09 of the lowest cost");
  fit.certificate.is_estimate = true;
  EXPECT_EQ(certificate_text(fit), "the cost is within 1e-09 of the lowest cost (smoothing gap)");
  fit.termination = {Reason::rounding, 1e-9, 0};
  EXPECT_EQ(ending_text(fit), "stopped after 1 epoch: no step lowers the cost any more");
  fit.cost = 1e-15;
  EXPECT_EQ(ending_text(fit), "converged in 1 epoch: all rows are fitted, the cost is as good as zero");
  fit.l2 = 1;
  EXPECT_EQ(ending_text(fit), "stopped after 1 epoch: no step lowers the cost any more");
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
