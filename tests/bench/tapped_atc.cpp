// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/tapped_atc.h"

#include <stdexcept>

namespace drydock::bench {
namespace {

tapped_atc* made_last = nullptr;

}  // namespace

std::unique_ptr<endpoint::atc_if> tapped_atc::make(const std::string& name, base::context& ctx,
                                                   const endpoint::atc_config& config,
                                                   endpoint::atc_client& outer) {
    auto made = std::make_unique<tapped_atc>(name, ctx, config, outer);
    made_last = made.get();
    return made;
}

tapped_atc& tapped_atc::latest() { return *made_last; }

void tapped_atc::hit(endpoint::lookup_id, endpoint::use_id u, const endpoint::translation&) {
    inner_.release(u);
    lookups_->found();
}

void tapped_atc::fault(endpoint::lookup_id, endpoint::atc_fault why) {
    throw std::runtime_error("a lookup ended in fault " + std::to_string(static_cast<int>(why)));
}

void tapped_atc::ready(endpoint::atc_channel c) {
    if (c == endpoint::atc_channel::lookup)
        lookups_->lookup_ready();
    else
        outer_.ready(c);
}

}  // namespace drydock::bench
