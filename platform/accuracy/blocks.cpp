// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/blocks.h"

#include "rtl/adapter/atc.h"
#include "rtl/adapter/atc_units.h"
#include "rtl/adapter/dpc_containment_rtl.h"
#include "rtl/adapter/invalidation_tracker_rtl.h"
#include "tlm/endpoint/atc.h"
#include "tlm/root_complex/containment.h"
#include "tlm/smmu/invalidation_tracker.h"

namespace drydock::accuracy {
namespace {

const rtl::atc_unit& unit_of(const pattern& p) {
    const auto units = rtl::atc_units();
    return p.large ? units.back() : units.front();
}

constexpr base::ps invalidate_timeout{10'000'000'000};

}  // namespace

atc_shape shape_of(const pattern& p) {
    const rtl::atc_shape& s = unit_of(p).shape;
    return {s.sets * s.ways, s.ways, s.uses, s.slots, s.queue};
}

unsigned itags_of(const pattern& p) { return p.large ? 32 : 8; }

std::unique_ptr<endpoint::atc_if> make_atc(fidelity f, const pattern& p, base::context& ctx,
                                           endpoint::atc_client& client) {
    const atc_shape s = shape_of(p);
    const bool shared = p.functions > 1;
    if (f == fidelity::rtl) {
        rtl::atc_config c;
        c.clock = block_clock;
        c.uses = s.uses;
        c.invalidate_queue = s.queue;
        c.shared = shared;
        return std::make_unique<rtl::atc>("atc", ctx, unit_of(p), c, client);
    }
    endpoint::atc_config c;
    c.clock = block_clock;
    c.entries = s.entries;
    c.ways = s.ways;
    c.uses = s.uses;
    c.request_slots = s.requests;
    c.invalidate_queue = s.queue;
    c.shared = shared;
    c.lookup_cycles = p.times.lookup;
    c.fill_cycles = p.times.fill;
    c.invalidate_cycles = p.times.invalidate;
    c.probe_cycles = p.times.probe;
    c.completion_cycles = p.times.completion;
    return std::make_unique<endpoint::atc>("atc", ctx, c, client);
}

std::unique_ptr<smmu::invalidation_tracker_if> make_tracker(
    fidelity f, const pattern& p, base::context& ctx, smmu::invalidation_tracker_client& client) {
    const smmu::invalidation_tracker_config c{invalidate_timeout, block_clock, itags_of(p),
                                              p.times.issue, p.times.match};
    if (f == fidelity::rtl)
        return std::make_unique<rtl::invalidation_tracker_rtl>(
            "tracker", ctx, c, client, p.large ? rtl::tracker_set::large : rtl::tracker_set::small);
    return std::make_unique<smmu::invalidation_tracker>("tracker", ctx, c, client);
}

std::unique_ptr<root_complex::containment_if> make_dpc(fidelity f, const dpc_pattern& p,
                                                       base::context& ctx,
                                                       root_complex::containment_client& client) {
    root_complex::containment_config c;
    c.clock = dpc_clock;
    c.root_port_extensions = p.root_port_extensions;
    c.rp_busy = p.rp_busy;
    c.lanes = p.lanes;
    c.trigger_cycles = p.times.trigger;
    c.release_cycles = p.times.release;
    c.verdict_cycles = p.times.verdict;
    if (f == fidelity::rtl)
        return std::make_unique<rtl::dpc_containment_rtl>(
            "dpc", ctx, c, client,
            p.large ? rtl::containment_set::large : rtl::containment_set::small);
    return std::make_unique<root_complex::containment>("dpc", ctx, c, client);
}

}  // namespace drydock::accuracy
