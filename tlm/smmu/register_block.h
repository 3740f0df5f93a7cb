// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "tlm/base/context.h"
#include "tlm/base/register_observer.h"
#include "tlm/smmu/registers.h"

namespace drydock::smmu {

/// What register writes make the rest of the SMMU do.
struct register_effects {
    /// CR0 fields (bits of `changed`) take effect with the values in `value`.
    virtual void cr0_updated(std::uint64_t value, std::uint64_t changed) = 0;
    /// Nothing of what a field switched off is still under way: its ACK may follow.
    virtual bool cr0_quiet(std::uint64_t field) const = 0;
    /// Every earlier MSI of the source (a bit of IRQ_CTRL) is visible or aborted.
    virtual bool irq_quiet(std::uint64_t source) const = 0;
    virtual void control_changed() = 0;       ///< CR2, GBPA in force
    virtual void stream_table_changed() = 0;  ///< STRTAB_BASE, STRTAB_BASE_CFG
    virtual void command_prod_written(std::uint64_t before) = 0;
    virtual void event_cons_written() = 0;
    virtual void errors_acknowledged(std::uint64_t gerrorn_before) = 0;

protected:
    ~register_effects() = default;
};

/// Write guards (SMMUv3) and Updates: CR0, IRQ_CTRL and GBPA act config.cr0_update after they
/// are written, each field by itself; a field written again before its ACK keeps its first value
/// (choice).
class register_block final : base::register_client, base::timeline_client {
public:
    register_block(std::string_view name, base::context&, base::place_id, const smmu_config&,
                   register_effects&);

    register_map map;

    void observe(base::register_observer& o) { observer_ = &o; }
    std::uint64_t read(std::uint64_t offset, unsigned size) const {
        return file_.read(offset, size);
    }
    void write(std::uint64_t offset, unsigned size, std::uint64_t value);

    /// CR0 as it is in force: fields act here no later than they appear in CR0ACK.
    std::uint64_t effective_cr0() const { return effective_cr0_; }
    /// Something that an ACK may wait for has ended.
    void poke();

private:
    enum class op : std::uint64_t { cr0, irq_ctrl, gbpa };

    std::uint64_t unlocked(const base::reg&) const override;
    void written(base::reg&, std::uint64_t before) override;
    void on_time(std::uint64_t op) override;
    void later(op what, std::uint64_t fields);
    void update_cr0(std::uint64_t fields);
    void acknowledge(base::reg& ack, std::uint64_t fields, std::uint64_t values);
    /// Any of the fields is set in CR0 or in CR0ACK.
    bool on(std::uint64_t fields) const {
        return ((map.cr0.value | map.cr0ack.value) & fields) != 0;
    }
    bool irq_on(std::uint64_t source) const {
        return ((map.irq_ctrl.value | map.irq_ctrlack.value) & source) != 0;
    }

    base::context& ctx_;
    base::place_id place_;
    const smmu_config& config_;
    register_effects& effects_;
    base::register_observer* observer_ = nullptr;
    base::timeline::client_id timeline_id_;
    base::register_file file_;
    std::uint64_t effective_cr0_ = 0;
    std::uint64_t cr0_falling_ = 0;  ///< switched off, ACK waits for quiet
    std::uint64_t irq_falling_ = 0;
};

}  // namespace drydock::smmu
