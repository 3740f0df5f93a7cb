// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/pcie/sockets.h"
#include "tlm/smmu/invalidation_tracker_if.h"
#include "tlm/smmu/performed.h"
#include "tlm/smmu/pri_queue.h"
#include "tlm/smmu/stall_probe.h"
#include "tlm/smmu/stream_map.h"
#include "tlm/smmu/traffic.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu {

/// What the ATS side needs of the rest of the SMMU.
struct ats_client {
    virtual const posted_order& posted(unsigned port) const = 0;
    /// An Invalidate Completion behind which nothing older of its port is left.
    /// @param behind  span of the posted write it waited for, none if it did not wait
    virtual void completion_arrived(const invalidate_completion&, base::span_id behind) = 0;
    virtual void page_requested(const page_request&) = 0;
    virtual void room_to_send(unsigned port) = 0;
    virtual void link_lost(unsigned port) = 0;
    virtual void lookup_performed() = 0;
    virtual void report(const event_record&, base::span_id, bool may_merge) = 0;

protected:
    ~ats_client() = default;
};

/// The TLP sides of the root ports: Translation Requests, Page Requests and Invalidate Completions
/// in, Translation Completions, Invalidate Requests and PRG Responses out, within the credits of
/// the other side.
class ats final {
public:
    ats(base::context&, base::place_id, pcie::tlp_pool&, const slot_plan&, const stream_map&,
        translator&, ats_client&);

    pcie::downstream_socket& add_port(const char* socket_name);
    /// A way belongs to a root port of another number: it carries one more virtual channel of it.
    void belongs_to(unsigned way, unsigned port) { ports_.at(way).home = port; }
    /// Advertises buffers; at start of simulation.
    void advertise();

    /// Translator slots [first, first + plan.ats) are ours.
    bool owns(std::uint32_t slot) const { return slot >= first_slot_; }
    void translated(std::uint32_t slot, const translate_result&);

    /// @return false while the port has no posted credit; room_to_send() follows
    bool send_invalidate(base::itag, const invalidation&);
    void send_prg_response(std::uint16_t port, base::routing_id, std::uint16_t group,
                           std::uint8_t code, std::optional<base::substream_id>);
    /// A posted write of the port is performed: completions behind it may go on.
    void write_performed(unsigned port);
    /// A Page Request has left the PRI queue's input: its buffer is free.
    void page_request_gone(unsigned port);

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    static constexpr unsigned most_entries = 8;  ///< RCB of 64 bytes
    struct credit {
        std::uint32_t header = 0, data = 0;
        bool take(std::uint32_t d);
        void give(std::uint32_t h, std::uint32_t d);
    };
    struct request {
        pcie::tlp_ptr tlp;
        unsigned port = 0, wanted = 0, done = 0;
        std::array<std::uint64_t, most_entries> entries{};
        std::array<std::uint64_t, most_entries> numbers{};
        std::uint32_t next_free = none;
    };
    struct waiting_request {
        pcie::tlp_ptr tlp;
        base::ps since{};
    };
    struct root_port final : pcie::tlp_receiver {
        root_port(ats& owner, unsigned i, const char* socket_name, pcie::tlp_pool& pool)
            : self(owner), index(i), home(i), socket(socket_name, *this, pool) {}
        void receive(pcie::tlp_ptr t) override { self.receive(*this, std::move(t)); }
        void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t data) override;
        void link_changed(bool up) override;

        ats& self;
        unsigned index;
        unsigned home;  ///< root port
        pcie::downstream_socket socket;
        credit posted_credit, completion_credit;
        ring<waiting_request> requests;   ///< Translation Requests without a slot
        ring<pcie::tlp_ptr> completions;  ///< Invalidate Completions behind posted writes
        ring<pcie::tlp_ptr> out_posted, out_completions;
    };

    void receive(root_port&, pcie::tlp_ptr);
    void stage(base::span_id, std::uint64_t boundary);
    void free_buffer(root_port&, const pcie::tlp&);
    bool start_request(root_port&, pcie::tlp_ptr&);
    void start_waiting(root_port&);
    void translate_next(std::uint32_t index);
    void complete(std::uint32_t index, pcie::cpl_status);
    void take_completion(root_port&, pcie::tlp_ptr, base::span_id behind);
    void take_page_request(root_port&, const pcie::tlp&);
    void flush(root_port&);

    base::context& ctx_;
    base::place_id place_;
    pcie::tlp_pool& pool_;
    const stream_map& streams_;
    translator& translator_;
    ats_client& client_;
    stall_probe no_slot_;
    std::uint32_t first_slot_;
    std::vector<request> requests_;
    std::uint32_t free_ = none;
    std::deque<root_port> ports_;  ///< never moves: sockets point into it
};

}  // namespace drydock::smmu
