// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/root_complex/containment_if.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::test {

/// Who drives a tracker and looks at something else than what it is told.
struct deaf_tracker_client : smmu::invalidation_tracker_client {
    bool try_send(smmu::invalidation_id, base::itag, const smmu::invalidation&) override {
        return true;
    }
    void finished(smmu::invalidation_id, bool) override {}
    void drained(std::uint32_t) override {}
    void ready() override {}
};

/// The same for containment.
struct deaf_containment_client : root_complex::containment_client {
    void contained(const root_complex::containment_trigger&) override {}
    void released() override {}
    void release_too_early() override {}
    void rp_idle() override {}
    void answered(root_complex::containment_answer) override {}
    void judged(root_complex::containment_way, root_complex::containment_verdict) override {}
    void ready(root_complex::containment_channel) override {}
};

}  // namespace drydock::test
