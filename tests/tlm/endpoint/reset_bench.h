// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/tlm/endpoint/endpoint_bench.h"

namespace drydock::endpoint {

/// A function with ATS enabled and one queue, which is then reset or made to fail.
struct reset_bench : endpoint_bench {
    using endpoint_bench::endpoint_bench;
    void flr() { set_device_control(0x212f | 0x8000); }
    void start() {
        enable();
        enable_ats();
        setup(0, {});
    }
    std::vector<seen_tlp> completions() const {
        return messages(pcie::msg_code::invalidate_completion);
    }
    pcie::cpl_status config_status() {
        send(config_request(0, false));
        return last().status;
    }
};

}  // namespace drydock::endpoint
