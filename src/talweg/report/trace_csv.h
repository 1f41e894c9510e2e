// SPDX-License-Identifier: Apache-2.0
// The trace as CSV: `epoch,cost,gradient_norm,learning_rate,<parameter>,...`, a row for every epoch as it
// happens, the start first; shortest round-trip numbers; learning_rate is that of the step that led to the
// row and empty in the first. Where rows are held out their cost is a last column, validation_cost.
#pragma once

#include <string>

#include "talweg/base/output_file.h"
#include "talweg/model/problem.h"
#include "talweg/model/request.h"

namespace talweg {

class TraceCsv {
 public:
  static Result<TraceCsv> open(const std::string& path);
  /// The header. A parameter named like one of the first four columns is written as parameter[name]; what was
  /// renamed is returned.
  std::vector<std::string> begin(const Plan& plan);
  /// False once writing has failed; finish() tells why.
  bool epoch(const EpochView& view);
  Result<void> finish();

 private:
  explicit TraceCsv(OutputFile file) : file_(std::move(file)) {}
  OutputFile file_;
  bool validated_ = false;  // a last column: the cost of the rows held out
  std::string line_;
  std::optional<Error> error_;
};

/// A field of CSV, quoted where it has to be.
std::string csv_field(std::string_view text, char delimiter = ',');

}  // namespace talweg
