// SPDX-License-Identifier: Apache-2.0
#include "platform/cli/cli.h"
#include "platform/simulate.h"

/// libsystemc asks for it; every simulation runs in a child that builds its own machine.
extern "C" int sc_main(int, char*[]) { return drydock::cli::internal_fault; }

int main(int argc, char* argv[]) {
    return drydock::cli::program({argv + 1, argv + argc},
                                 {drydock::simulate, drydock::parameters_of, stdout, stderr,
                                  drydock::configuration_of, drydock::simulate_told});
}
