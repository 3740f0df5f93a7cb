// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tlm/base/context.h"
#include "tlm/base/register_observer.h"
#include "tlm/smmu/msi.h"
#include "tlm/smmu/registers.h"

namespace drydock::smmu {

/// Bits of GERROR (SMMUv3 6.3.17).
enum class global_error : std::uint8_t {
    cmdq = 0,
    eventq_abt = 2,
    priq_abt = 3,
    msi_cmdq_abt = 4,
    msi_eventq_abt = 5,
    msi_priq_abt = 6,
    msi_gerror_abt = 7,
    sfm = 8
};

/// GERROR and GERRORN: an error is active while its bits differ; hardware toggles inactive ones
/// only.
class global_errors {
public:
    global_errors(base::place_id place, base::context& ctx, register_map& regs, msi& interrupts)
        : ctx_(ctx), place_(place), regs_(regs), msi_(interrupts) {}

    void observe(base::register_observer& o) { observer_ = &o; }
    bool active(global_error e) const {
        return ((regs_.gerror.value ^ regs_.gerrorn.value) & mask(e)) != 0;
    }

    /// Makes the error active; nothing if it is. The GERROR interrupt follows, but for its own
    /// MSI's abort.
    void raise(global_error e) {
        if (active(e)) return;
        regs_.gerror.value ^= mask(e);
        tell();
        if (observer_ != nullptr) observer_->register_changed(regs_.gerror.offset);
        if (e != global_error::msi_gerror_abt && (regs_.irq_ctrlack.value & irq_ctrl::gerror) != 0)
            msi_.send(msi_source::gerror, regs_.gerror_irq);
    }

    /// Software wrote GERRORN.
    void acknowledged() const { tell(); }

private:
    void tell() const {
        if (ctx_.probe.wants(base::kind::gerror))
            ctx_.probe.emit(base::kind::gerror, place_, ctx_.now(), base::no_span,
                            regs_.gerror.value, regs_.gerrorn.value);
    }
    static constexpr std::uint64_t mask(global_error e) {
        return std::uint64_t{1} << static_cast<unsigned>(e);
    }

    base::context& ctx_;
    base::place_id place_;
    register_map& regs_;
    msi& msi_;
    base::register_observer* observer_ = nullptr;
};

}  // namespace drydock::smmu
