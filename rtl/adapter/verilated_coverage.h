// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <verilated.h>

#if VM_COVERAGE
#include <verilated_cov.h>

#include <cstdlib>
#include <string>
#endif

namespace drydock::rtl {

/// In a build for `script/coverage rtl`, leaves what the models of a context have run through, in
/// the folder that DRYDOCK_RTL_COVERAGE names. Otherwise nothing.
inline void leave_coverage([[maybe_unused]] VerilatedContext& context) {
#if VM_COVERAGE
    static unsigned count = 0;
    if (const char* folder = std::getenv("DRYDOCK_RTL_COVERAGE"))
        context.coveragep()->write(
            (std::string(folder) + "/" + std::to_string(count++) + ".dat").c_str());
#endif
}

}  // namespace drydock::rtl
