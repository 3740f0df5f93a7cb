// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "tlm/base/context.h"
#include "tlm/base/ids.h"

namespace drydock::smmu {

/// Tells that something inside the SMMU cannot go on for one reason, and when it can again:
/// kind::smmu_stall. Costs the test of a bit while nobody listens.
class stall_probe {
public:
    stall_probe(base::context& ctx, base::place_id place, std::string_view reason)
        : ctx_(ctx), place_(place), reason_(ctx.probe.text(reason)) {}

    void begins(base::span_id span, base::stream_id sid) const { tell(span, sid, 1, base::ps{}); }
    void ends(base::span_id span, base::stream_id sid, base::ps since) const {
        tell(span, sid, 0, ctx_.now() - since);
    }

private:
    void tell(base::span_id span, base::stream_id sid, unsigned begins, base::ps waited) const {
        if (ctx_.probe.wants(base::kind::smmu_stall))
            ctx_.probe.emit(base::kind::smmu_stall, place_, ctx_.now(), span, reason_, sid.value,
                            begins, static_cast<std::uint64_t>(waited.count));
    }

    base::context& ctx_;
    base::place_id place_;
    std::uint32_t reason_;
};

}  // namespace drydock::smmu
