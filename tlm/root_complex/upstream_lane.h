// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tlm>

#include "tlm/base/context.h"
#include "tlm/pcie/ring.h"
#include "tlm/pcie/sockets.h"
#include "tlm/root_complex/upstream_requests.h"

namespace drydock::root_complex {

/// What a lane tells its root port.
struct upstream_lane_owner {
    /// A completion for a CPU's request, behind all posted writes that came before it.
    virtual void to_cpu(pcie::tlp_ptr t) = 0;
    /// A memory read ended.
    virtual void answer(upstream_request& r, base::ps later) = 0;
    /// A TLP of the SMMU wants its way down.
    virtual void from_smmu(class upstream_lane& by, pcie::tlp_ptr t) = 0;
    /// pump() wishes to be called in a step of its own.
    virtual void pump_later() = 0;

protected:
    ~upstream_lane_owner() = default;
};

/// The way of one virtual channel from a root port to the SMMU: posted and non-posted memory
/// requests as generic payloads, ATS and PRI traffic as TLPs, and the order between them and the
/// completions for CPUs. Lanes of one port know nothing of each other.
class upstream_lane {
public:
    /// @param suffix  of the sockets' names; none for VC0
    upstream_lane(const std::string& suffix, pcie::tlp_pool& pool, upstream_request_pool& requests,
                  unsigned port, unsigned outstanding_reads, pcie::downstream_socket& link,
                  upstream_lane_owner& owner);

    pcie::upstream_socket ats;
    tlm::tlm_initiator_socket<64>& posted() { return posted_channel_.socket; }
    tlm::tlm_initiator_socket<64>& non_posted() { return non_posted_channel_.socket; }

    /// Buffers for what the SMMU sends; at start of simulation.
    void advertise();
    /// A memory write; own: made by the port, it holds no buffer of the link.
    void write(pcie::tlp_ptr t, bool own = false);
    void message(pcie::tlp_ptr t) { hand_over(std::move(t), false); }
    void read(pcie::tlp_ptr t);
    void translation(pcie::tlp_ptr t);
    void completion(pcie::tlp_ptr t) { completions_.push({std::move(t), writes_in_}); }
    /// Hands on what may go.
    void pump();
    bool idle() const {
        return posted_queue_.empty() && reads_.empty() && translations_.empty() &&
               completions_.empty();
    }
    bool pumping() const { return pumping_; }

private:
    struct posted_entry {
        pcie::tlp_ptr t;
        bool own = false;
    };
    struct gated {
        pcie::tlp_ptr t;
        std::uint64_t gate = 0;  ///< number of posted TLPs (completions: of writes) before it
    };
    /// The SMMU's end.
    struct ats_end final : pcie::tlp_receiver {
        explicit ats_end(upstream_lane& l) : lane(l) {}
        void receive(pcie::tlp_ptr t) override { lane.owner_.from_smmu(lane, std::move(t)); }
        void credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t) override {
            lane.room_at_smmu(c, hdr);
        }
        void link_changed(bool) override {}
        upstream_lane& lane;
    };
    struct channel_owner final : upstream_owner {
        explicit channel_owner(upstream_lane& l) : lane(l) {}
        void accepted(upstream_request& r) override { lane.request_accepted(r); }
        void done(upstream_request& r, base::ps later) override { lane.request_done(r, later); }
        void channel_free() override { lane.pump_soon(); }
        upstream_lane& lane;
    };

    void hand_over(pcie::tlp_ptr t, bool own);
    void room_at_smmu(pcie::fc_class c, std::uint32_t hdr);
    bool pump_posted();
    bool pump_reads();
    bool pump_translations();
    bool pump_completions();
    void pump_soon();
    void request_accepted(upstream_request& r);
    void request_done(upstream_request& r, base::ps later);

    ats_end ats_end_{*this};
    channel_owner channel_owner_{*this};
    pcie::tlp_pool& pool_;
    upstream_request_pool& requests_;
    unsigned port_, outstanding_reads_;
    pcie::downstream_socket& link_;  ///< whose buffers TLPs hold
    upstream_lane_owner& owner_;
    upstream_channel posted_channel_, non_posted_channel_;
    std::array<std::uint64_t, pcie::fc_classes> smmu_room_{};
    pcie::ring<posted_entry> posted_queue_;
    pcie::ring<gated> reads_, translations_, completions_;
    std::uint64_t order_ = 0;        ///< of everything upward (contract: root complex and SMMU)
    std::uint64_t posted_in_ = 0;    ///< posted TLPs queued so far
    std::uint64_t posted_out_ = 0;   ///< of these, handed to the SMMU
    std::uint64_t writes_in_ = 0;    ///< memory writes among posted_in_
    std::uint64_t writes_done_ = 0;  ///< of these, performed or dropped
    unsigned reads_open_ = 0;
    bool pumping_ = false;
};

}  // namespace drydock::root_complex
