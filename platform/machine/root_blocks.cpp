// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/root_blocks.h"

#include <stdexcept>

#include "platform/lockstep/containment.h"
#include "platform/lockstep/invalidation_tracker.h"
#include "rtl/adapter/dpc_containment_rtl.h"
#include "rtl/adapter/invalidation_tracker_rtl.h"

namespace drydock::machine {
namespace {

using root_complex::containment_client;
using root_complex::containment_config;
using smmu::invalidation_tracker_client;
using smmu::invalidation_tracker_config;

/// Makes a block of class Block, and puts it among those that have signals.
template <class Block, class Config, class Client>
auto maker_of(std::vector<base::signal_source*>& sources) {
    return [&sources](std::string_view name, base::context& ctx, const Config& c, Client& client) {
        auto block = std::make_unique<Block>(name, ctx, c, client);
        sources.push_back(block.get());
        return block;
    };
}

}  // namespace

smmu::invalidation_tracker_maker root_blocks::trackers(unsigned ways) {
    if (!fidelity_.invalidation_tracker.has_rtl()) return {};
    const unsigned ports = rtl::invalidation_tracker_limits(rtl::tracker_set::large).ports;
    if (ways > ports)
        throw scenario::bad_input(
            fidelity_.invalidation_tracker.where,
            "fidelity.invalidation_tracker: the SMMU has " + std::to_string(ways) +
                " ways from root ports, the block in SystemVerilog has " + std::to_string(ports) +
                "; expected fewer ports and virtual channels, or tlm");
    const auto in_rtl = maker_of<rtl::invalidation_tracker_rtl, invalidation_tracker_config,
                                 invalidation_tracker_client>(sources_);
    if (!fidelity_.invalidation_tracker.has_twin()) return in_rtl;
    return
        [this, in_rtl](std::string_view name, base::context& ctx,
                       const invalidation_tracker_config& c, invalidation_tracker_client& client) {
            auto both = std::make_unique<lockstep::invalidation_tracker>(
                name, ctx, c, client, in_rtl, findings_.emplace_back());
            pairs_.push_back(both.get());
            return both;
        };
}

root_complex::containment_maker root_blocks::containments() {
    if (!fidelity_.dpc.has_rtl()) return {};
    const auto in_rtl =
        maker_of<rtl::dpc_containment_rtl, containment_config, containment_client>(sources_);
    if (!fidelity_.dpc.has_twin()) return in_rtl;
    return [this, in_rtl](std::string_view name, base::context& ctx, const containment_config& c,
                          containment_client& client) {
        auto both = std::make_unique<lockstep::containment>(name, ctx, c, client, in_rtl,
                                                            findings_.emplace_back());
        pairs_.push_back(both.get());
        return both;
    };
}

void root_blocks::record_to(base::signal_recorder* to) const {
    for (base::signal_source* s : sources_) s->record_to(to);
}

nlohmann::json root_blocks::findings() {
    for (lockstep::pair* p : pairs_) p->settle();
    nlohmann::json all = nlohmann::json::object();
    for (const lockstep::findings& f : findings_)
        all[f.block] = {{"compared", f.compared},
                        {"differences", f.differences},
                        {"largest_ps", f.most_apart.count},
                        {"first", f.first}};
    return all;
}

void root_blocks::check() const {
    for (const lockstep::findings& f : findings_)
        if (f.differences > 0)
            throw std::logic_error(f.block + ": the block and its twin differ " +
                                   std::to_string(f.differences) + " times, first " + f.first);
}

}  // namespace drydock::machine
