// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "tlm/base/choice.h"
#include "tlm/base/parameters.h"
#include "tlm/base/probe.h"
#include "tlm/base/provenance.h"
#include "tlm/base/rng.h"
#include "tlm/base/timeline.h"

namespace drydock::base {

/// What every component is built with. One per simulation; no globals stand beside it.
struct context {
    explicit context(std::uint64_t seed_value = 1, choice* chooser_or_null = nullptr)
        : seed(seed_value), chooser(chooser_or_null != nullptr ? chooser_or_null : &first_) {}
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    class timeline timeline;
    class probe probe;
    class parameters parameters;
    class provenance provenance;
    std::uint64_t seed;
    choice* chooser;

    class rng rng(std::string_view hierarchical_name, std::string_view purpose = "") const {
        return base::rng(seed, hierarchical_name, purpose);
    }
    ps now() const { return timeline.now(); }

private:
    default_choice first_;
};

}  // namespace drydock::base
