// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <systemc>

#include "tlm/base/context.h"
#include "tlm/base/timeline_kernel.h"

namespace {

struct greeter final : drydock::base::timeline_client {
    explicit greeter(drydock::base::context& c) : id(c.timeline.join("greeter", *this)) {}
    void on_time(std::uint64_t op) override { std::printf("op %d\n", static_cast<int>(op)); }
    drydock::base::timeline::client_id id;
};

}  // namespace

int sc_main(int, char**) {
    sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
    drydock::base::context ctx;
    drydock::base::timeline_kernel kernel("kernel", ctx.timeline);
    greeter g(ctx);
    ctx.timeline.at(drydock::base::ps{1000}, drydock::base::phase::serve, g.id, 42);
    sc_core::sc_start();
    return 0;
}
