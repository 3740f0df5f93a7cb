// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tlm/base/context.h"
#include "tlm/smmu/event_record.h"
#include "tlm/smmu/gerror.h"
#include "tlm/smmu/record_queue.h"
#include "tlm/smmu/ring.h"

namespace drydock::smmu {

struct event_queue_client {
    /// One more event is in the queue or lost.
    virtual void event_settled() = 0;

protected:
    ~event_queue_client() = default;
};

/// Event queue (SMMUv3 7.2): records are written in order. A record that finds the queue full is
/// lost and toggles OVFLG; while EVENTQEN=0 or EVENTQ_ABT_ERR is active records are lost silently.
/// With config.merge_events one that may be merged and is like the newest that software has not
/// read is not written.
class event_queue final : record_queue_client {
public:
    event_queue(base::place_id, base::context&, const smmu_config&, register_map&, memory_port&,
                msi&, global_errors&, event_queue_client&);

    void observe(base::register_observer& o) { queue_.observe(o); }
    /// Effective EVENTQEN. 1→0 drops what is not being written.
    void enable(bool on);
    bool quiet() const { return !queue_.writing(); }
    void submit(const event_record&, base::span_id, bool may_merge = false);
    /// The record of a stalled transaction: waits until the queue can take it, before any other.
    void submit_stall(const event_record&, base::span_id);
    /// CONS has moved, or GERRORN was written: there may be room.
    void room() { write_next(); }

    /// Events submitted and settled so far; a CMD_SYNC waits until settled() reaches the
    /// submitted() it took.
    std::uint64_t submitted() const { return submitted_; }
    std::uint64_t settled() const { return settled_; }

private:
    struct waiting_record {
        event_record record;
        base::span_id span{};
    };
    void write_next();
    void lose(const waiting_record&, bool overflow);
    void settle(std::uint64_t n);
    void record_settled(bool aborted, bool was_empty) override;

    base::context& ctx_;
    base::place_id place_;
    register_map& regs_;
    msi& msi_;
    global_errors& errors_;
    event_queue_client& client_;
    bool merging_;
    record_queue queue_;
    ring<waiting_record> waiting_;  ///< front is being written while queue_.writing()
    ring<waiting_record> stalls_;   ///< likewise, while writing_stall_
    bool merges(const event_record&) const;
    event_record newest_;  ///< written last
    bool writing_stall_ = false;
    bool enabled_ = false;
    std::uint64_t submitted_ = 0, settled_ = 0;
};

}  // namespace drydock::smmu
