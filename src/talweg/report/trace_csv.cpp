// SPDX-License-Identifier: Apache-2.0
#include "talweg/report/trace_csv.h"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace talweg {
namespace {

constexpr std::string_view kValidationColumn = "validation_cost";

}  // namespace

std::string csv_field(std::string_view text, char delimiter) {
  const bool plain = text.find_first_of("\"\n\r") == std::string_view::npos &&
                     text.find(delimiter) == std::string_view::npos;
  if (plain) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

Result<TraceCsv> TraceCsv::open(const std::string& path) {
  auto file = OutputFile::open(path);
  if (!file) return fail(file.error());
  return TraceCsv(std::move(*file));
}

std::vector<std::string> TraceCsv::begin(const Plan& plan) {
  constexpr std::array<std::string_view, 4> kOwn = {"epoch", "cost", "gradient_norm", "learning_rate"};
  std::vector<std::string> renamed;
  validated_ = plan.validated;
  line_ = "epoch,cost,gradient_norm,learning_rate";
  for (const Parameter& parameter : plan.parameters) {
    const bool clash = std::find(kOwn.begin(), kOwn.end(), parameter.name) != kOwn.end() ||
                       (validated_ && parameter.name == kValidationColumn);
    if (clash) renamed.push_back(parameter.name);
    line_ += ',' + csv_field(clash ? fmt::format("parameter[{}]", parameter.name) : parameter.name);
  }
  if (validated_) line_ += fmt::format(",{}", kValidationColumn);
  line_ += '\n';
  if (auto written = file_.write(line_); !written) error_ = written.error();
  return renamed;
}

bool TraceCsv::epoch(const EpochView& view) {
  if (error_) return false;
  line_.clear();
  auto out = std::back_inserter(line_);
  fmt::format_to(out, "{},{},{},", view.epoch, view.cost, view.gradient_norm);
  if (view.learning_rate) fmt::format_to(out, "{}", *view.learning_rate);
  for (const double value : view.parameters) fmt::format_to(out, ",{}", value);
  if (validated_)
    fmt::format_to(out, ",{}", view.validation_cost.value_or(std::numeric_limits<double>::quiet_NaN()));
  line_ += '\n';
  if (auto written = file_.write(line_); !written) error_ = written.error();
  return !error_;
}

Result<void> TraceCsv::finish() {
  if (error_) return fail(*error_);
  return file_.commit();
}

}  // namespace talweg
