// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/machine/lockstep_atc.h"
#include "platform/scenario/fidelity.h"
#include "tlm/base/signals.h"
#include "tlm/endpoint/shared_atc.h"

namespace drydock::rtl {
struct atc_unit;
}

namespace drydock::machine {

/// Makes the blocks that a scenario wants as RTL, and knows what became of those in lockstep.
class block_maker {
public:
    explicit block_maker(const scenario::fidelity& f) : fidelity_(f) {}
    ~block_maker();
    block_maker(const block_maker&) = delete;
    block_maker& operator=(const block_maker&) = delete;

    /// Null: every ATC is the transaction-level one.
    /// The maker throws scenario::bad_input for a shape that no Verilated block has, or an object
    /// that cannot be used.
    endpoint::atc_maker atc();

    /// Signals of every Verilated block go there; it outlives the run.
    void record_to(base::signal_recorder* to) const;

    /// By instance: what was compared and how it differed; empty without lockstep.
    nlohmann::json lockstep() const;

private:
    std::unique_ptr<endpoint::atc_if> make_atc(const std::string& name, base::context& ctx,
                                               const endpoint::atc_config& config,
                                               endpoint::atc_client& client);
    const rtl::atc_unit& atc_unit_for(const endpoint::atc_config& config);

    const scenario::fidelity fidelity_;
    void* object_ = nullptr;  ///< of dlopen
    const rtl::atc_unit* loaded_ = nullptr;
    struct compared {
        std::string name;
        std::shared_ptr<const lockstep_record> record;
    };
    std::vector<compared> lockstep_;
    std::vector<base::signal_source*> sources_;
};

}  // namespace drydock::machine
