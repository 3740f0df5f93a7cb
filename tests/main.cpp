// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <systemc>

/// libsystemc's main() comes here; each TEST runs in a process of its own.
int sc_main(int argc, char* argv[]) {
    sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
