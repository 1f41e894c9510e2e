// SPDX-License-Identifier: Apache-2.0
// The numbers of a picture of a function that was descended: its curve (one variable) or its contours (two)
// around the way that the descent took.
#pragma once

#include "talweg/model/function_run.h"

namespace talweg {

/// 401 points over the way and a quarter more on either side; epochs that shot far above the start do not
/// count.
CostCurve picture_curve(const FunctionRun& run);
/// 61 x 61 points, likewise.
CostContours picture_contours(const FunctionRun& run);

}  // namespace talweg
