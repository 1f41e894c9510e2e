// SPDX-License-Identifier: Apache-2.0
// What a fit has to say, in sentences: the same words on a terminal and on the page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "talweg/model/fit.h"

namespace talweg {

/// At most `digits` significant digits, "-" for what does not exist.
std::string optional_text(const std::optional<double>& value, int digits = 6);
/// "1 row", "53,940 rows".
std::string plural(std::uint64_t count, const char* one);
/// "53,940 rows, 9 parameters -> price", and what was left out.
std::string rows_text(const IngestAudit& audit, const Plan& plan);
/// Optimizer, learning rate, coordinates, and why.
std::string method_text(const Plan& plan);
/// How many epochs were told beforehand.
std::string forecast_line(const Plan& plan);
/// How the run ended, with numbers.
std::string ending_text(const Fit& fit);
std::string certificate_text(const Fit& fit);
/// What to do next. `model_path`: where the model was written, empty: nowhere.
std::string next_text(const Fit& fit, const std::string& model_path);

}  // namespace talweg
