// SPDX-License-Identifier: Apache-2.0
// The Verilated ATC keeps what every ATC keeps.
#include "rtl/adapter/atc.h"

#include "rtl/adapter/atc_units.h"
#include "tests/tlm/endpoint/atc_conformance.h"

namespace drydock::endpoint {
namespace {

/// The smallest named set that holds the shape.
const rtl::atc_unit& unit_for(const atc_config& c) {
    for (const rtl::atc_unit& u : rtl::atc_units())
        if (u.shape.sets * u.shape.ways == c.entries && u.shape.ways == c.ways &&
            u.shape.slots == c.request_slots)
            return u;
    throw std::invalid_argument("no named set has this shape");
}

atc_factory verilated() {
    return {"rtl", [](base::context& ctx, const atc_config& config, atc_client& client) {
                rtl::atc_config c;
                c.clock = config.clock;
                c.uses = config.uses;
                c.invalidate_queue = config.invalidate_queue;
                c.shared = config.shared;
                c.ignore_when_disabled = config.ignore_when_disabled;
                c.retry_after_ur = config.retry_after_ur;
                return std::make_unique<rtl::atc>("ep.atc", ctx, unit_for(config), c, client);
            }};
}

INSTANTIATE_TEST_SUITE_P(rtl, AtcConformance, testing::Values(verilated()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace drydock::endpoint
