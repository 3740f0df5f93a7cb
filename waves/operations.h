// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tlm/base/probe.h"
#include "waves/flat_map.h"

namespace drydock::waves {

/// A transaction under way: how it began and the boundaries that it has passed.
struct operation {
    struct boundary {
        std::uint32_t number;
        std::int64_t after;        ///< ps since the beginning
        base::span_id waited_for;  ///< what the stage that ends here waited for, if anything
        base::place_id where;      ///< who told it
    };
    base::event begin;
    std::vector<boundary> stages;
};

/// Those under way, by span.
class operations {
public:
    void begin(const base::event& e);
    /// A boundary. Told again, as by the later of several completions, it and those after it count
    /// anew.
    void stage(const base::event& e);
    /// Null: none is under way.
    const operation* find(base::span_id s) const;
    void end(base::span_id s);
    /// In order of birth.
    std::vector<const operation*> all() const;

private:
    flat_map<std::uint64_t, std::uint32_t> open_;  // span -> slot
    std::vector<operation> slots_;
    std::vector<std::uint32_t> free_slots_;
};

}  // namespace drydock::waves
