// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "tlm/smmu/event_queue.h"
#include "tlm/smmu/page_request_trace.h"
#include "tlm/smmu/ste_reader.h"
#include "tlm/smmu/stream_map.h"

namespace drydock::smmu {

/// A Page Request as it arrives from a root port (PCIe PRI; SMMUv3 8.1).
struct page_request {
    std::uint16_t port = 0;
    base::routing_id function;
    std::optional<base::substream_id> ssid;
    bool privileged = false, execute = false;  ///< from the PASID prefix
    bool read = false, write = false, last = false;
    std::uint16_t group = 0;  ///< PRG index, 9 bits
    std::uint64_t page = 0;   ///< address, [11:0] = 0
    base::span_id span{};

    /// With PASID, Last and neither R nor W: needs no response.
    bool stop_marker() const { return ssid && last && !read && !write; }
};

/// PRG Response codes (PCIe PRI).
inline constexpr std::uint8_t prg_success = 0b0000, prg_failure = 0b1111;

struct pri_queue_client {
    virtual void respond(std::uint16_t port, base::routing_id, std::uint16_t group,
                         std::uint8_t code, std::optional<base::substream_id>) = 0;
    /// The request has left: written, answered or dropped.
    virtual void request_gone(const page_request&) = 0;
    virtual void report(const event_record&) = 0;

protected:
    ~pri_queue_client() = default;
};

/// PRI queue (SMMUv3 8): writes Page Requests, or answers them itself when it cannot (SMMUv3).
class pri_queue final : record_queue_client, ste_reader_client {
public:
    pri_queue(base::context&, base::place_id, const smmu_config&, register_map&, const stream_map&,
              memory_port&, msi&, global_errors&, pri_queue_client&);

    void observe(base::register_observer& o) { queue_.observe(o); }
    void set_stream_table(const stream_table_base& b) { reader_.set(b); }
    /// Effective PRIQEN.
    void enable(bool on);
    bool quiet() const { return !queue_.writing(); }
    void submit(const page_request&);
    /// CMD_PRI_RESP to this group was consumed.
    void answered_by_software(base::routing_id function, std::uint16_t group) {
        ++count_.responses;
        trace_.answered(function, group);
    }

    struct counters {
        std::uint64_t requests = 0,              ///< written to the queue, Stop Markers included
            overflows = 0,                       ///< times that OVFLG toggled
            dropped = 0,                         ///< not written, whatever the reason
            auto_success = 0, auto_failure = 0,  ///< responses of the SMMU itself
            responses = 0;                       ///< by software
    };
    const counters& count() const { return count_; }

private:
    void work();
    void drop(const page_request&);
    void drop_disabled(const page_request&);
    void overflow(const page_request&);
    void interrupt(bool was_empty, bool last);
    void answer(const page_request&, std::uint8_t code, bool with_pasid);
    void leave();
    void record_settled(bool aborted, bool was_empty) override;
    void ste_read(const ste*, const std::optional<event_record>&) override;

    const smmu_config& config_;
    register_map& regs_;
    const stream_map& streams_;
    msi& msi_;
    global_errors& errors_;
    pri_queue_client& client_;
    record_queue queue_;
    ste_reader reader_;
    ring<page_request> waiting_;  ///< front is in work while busy_
    bool enabled_ = false;
    bool busy_ = false;  ///< being written, or its STE being read
    bool working_ = false;
    page_request_trace trace_;
    counters count_;
};

}  // namespace drydock::smmu
