// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "tlm/smmu/event_record.h"
#include "tlm/smmu/memory_port.h"
#include "tlm/smmu/stream_table.h"

namespace drydock::smmu {

struct ste_reader_client {
    /// @param entry  the STE, or null if it cannot be used
    /// @param error  what made it unusable
    virtual void ste_read(const ste* entry, const std::optional<event_record>& error) = 0;

protected:
    ~ste_reader_client() = default;
};

/// Reads one STE from memory, past every cache, for what needs an STE but translates nothing:
/// automatic PRG responses (STE.PPAR).
class ste_reader final : memory_client {
public:
    ste_reader(const smmu_config& c, memory_port& memory, ste_reader_client& client)
        : config_(c), table_(c), memory_(memory), client_(client) {}

    void set(const stream_table_base& b) { table_.set(b); }
    bool busy() const { return busy_; }
    /// @pre !busy(). May answer within the call.
    void read(base::stream_id);

private:
    enum token : std::uint64_t { level1, entry };
    void read_entry(std::optional<base::phys_addr>);
    void fail(event_id, std::optional<base::phys_addr> fetch);
    void answered(std::uint64_t token, tlm::tlm_generic_payload&) override;

    const smmu_config& config_;
    stream_table table_;
    memory_port& memory_;
    ste_reader_client& client_;
    base::stream_id sid_{};
    bool busy_ = false;
};

}  // namespace drydock::smmu
