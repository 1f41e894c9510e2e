// SPDX-License-Identifier: Apache-2.0
// A diagnostic switch: the environment variable TALWEG_INSTRUCTION_SET names the one set of vector
// instructions that the kernels are to use, instead of the best that the machine has. Results never depend on
// it; a test holds that, and a machine that computes wrongly can be found by it.
#pragma once

#include "talweg/base/error.h"

namespace talweg::cli {

inline constexpr const char* kInstructionSetVariable = "TALWEG_INSTRUCTION_SET";

/// Before anything is computed. `name`: the variable, null or empty where it is not set. Errors: not the name
/// of a set that this program and machine have; the message lists them.
Result<void> choose_instruction_set(const char* name);

}  // namespace talweg::cli
