// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <systemc>

#include "tests/bench/table.h"

/// libsystemc asks for it; every experiment runs in a child that builds its own hardware.
extern "C" int sc_main(int, char*[]) { return 1; }

int main(int argc, char* argv[]) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    drydock::bench::print_table();
    return 0;
}
