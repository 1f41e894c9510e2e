// SPDX-License-Identifier: Apache-2.0
// One function a command: options in, exit code out.
#pragma once

#include "talweg/base/stop.h"
#include "talweg/cli/options.h"

namespace talweg::cli {

int run_fit(Options options, const StopFlag& stop);
int run_forecast(Options options, const StopFlag& stop);
int run_predict(Options options, const StopFlag& stop);
int run_evaluate(Options options, const StopFlag& stop);
int run_show(const Options& options);
int run_explain(Options options, const StopFlag& stop);
int run_minimize(Options options, const StopFlag& stop);
int run_fold(const Options& options, const StopFlag& stop);
int run_merge(const Options& options);

}  // namespace talweg::cli
