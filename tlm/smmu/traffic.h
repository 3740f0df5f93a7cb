// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/smmu/inbound.h"
#include "tlm/smmu/memory_port.h"
#include "tlm/smmu/performed.h"
#include "tlm/smmu/stall_probe.h"
#include "tlm/smmu/stream_map.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu {

struct traffic_client {
    /// A posted write of the port is performed or dropped.
    virtual void write_performed(unsigned port) = 0;
    /// A look-up's effect is visible.
    virtual void lookup_performed() = 0;
    virtual void report(const event_record&, base::span_id, bool may_merge) = 0;

protected:
    ~traffic_client() = default;
};

/// Emits kind::translation_done.
inline void tell_translation(base::context& ctx, base::place_id place, base::span_id span,
                             base::stream_id sid, std::uint64_t address,
                             const translate_result& r) {
    if (!ctx.probe.wants(base::kind::translation_done)) return;
    // status of the kind: 0 ok, 1 abort, 2 unsupported request, 3 completer abort, 4 no access, 5
    // zero/ignore
    constexpr std::uint8_t status[] = {0, 1, 5, 2, 3, 4};
    ctx.probe.emit(base::kind::translation_done, place, ctx.now(), span, sid.value, address,
                   r.pa.value, status[static_cast<std::size_t>(r.result)]);
}

/// How the translation slots are shared: each kind has its own, so that none blocks another.
struct slot_plan {
    std::uint32_t posted, non_posted, ats;
    /// A quarter for posted writes, half for reads, the rest for Translation Requests. @throws
    /// std::invalid_argument below 4 slots
    static slot_plan of(const smmu_config&);
};

/// Memory requests of devices on their way to memory. Posted writes of one port are performed in
/// the order in which they arrived; a read is not performed before the posted writes with a smaller
/// `order` (PCIe 2.4).
class traffic final : gatekeeper, memory_client {
public:
    traffic(base::context&, base::place_id, const slot_plan&, const stream_map&, translator&,
            memory_port&, traffic_client&);

    /// A root port's pair of sockets, in order of the port's index.
    void add_port(tlm::tlm_target_socket<64>& posted, tlm::tlm_target_socket<64>& non_posted);

    /// Slots [0, slots()) of the translator are ours.
    std::uint32_t slots() const { return static_cast<std::uint32_t>(slots_.size()); }
    void translated(std::uint32_t slot, const translate_result&);
    base::span_id span_of(std::uint32_t index) const { return slots_[index].from->span; }
    const posted_order& order(unsigned port) const { return ports_[port].order; }

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    enum class stage : std::uint8_t { free, translating, ready, at_memory };
    struct slot {
        stage state = stage::free;
        tlm::tlm_generic_payload* payload = nullptr;
        base::requester* from = nullptr;
        inbound* way = nullptr;
        std::uint64_t address = 0;  ///< as it came
        translate_result::outcome result{};
        base::phys_addr pa{};
        std::uint64_t number = 0;
        base::ps since{};  ///< a read: when it began to wait for older writes
        std::uint32_t next_free = none;
    };
    struct root_port {
        root_port(gatekeeper& g, unsigned index, tlm::tlm_target_socket<64>& p,
                  tlm::tlm_target_socket<64>& np)
            : posted(g, index, true, p), non_posted(g, index, false, np) {}
        inbound posted, non_posted;
        base::ps waits_since[2];  ///< for a slot: posted, non-posted
        posted_order order;
        ring<std::uint32_t> writes;        ///< slots in order of arrival
        std::vector<std::uint32_t> reads;  ///< translated, behind older posted writes
        bool performing = false;           ///< front of writes is at memory, not yet performed
        bool advancing = false;
    };

    void arrived(inbound&, tlm::tlm_generic_payload&) override;
    bool admit(inbound&, tlm::tlm_generic_payload&) override;
    void performed(std::uint64_t slot) override;
    void answered(std::uint64_t slot, tlm::tlm_generic_payload&) override;

    void advance_writes(root_port&);
    void write_done(root_port&);
    void advance_reads(root_port&);
    void go(std::uint32_t slot);
    void end_without_memory(std::uint32_t slot);
    void free_and_respond(std::uint32_t slot);
    std::uint32_t& free_list(bool posted) { return posted ? free_posted_ : free_non_posted_; }

    base::context& ctx_;
    base::place_id place_;
    const stream_map& streams_;
    translator& translator_;
    memory_port& memory_;
    traffic_client& client_;
    stall_probe no_slot_, older_writes_;
    std::vector<slot> slots_;
    std::deque<root_port> ports_;  ///< never moves: sockets point into it
    std::uint32_t free_posted_ = none, free_non_posted_ = none;
    unsigned next_port_[2] = {0,
                              0};  ///< who is asked first when a slot is free: posted, non-posted
};

}  // namespace drydock::smmu
