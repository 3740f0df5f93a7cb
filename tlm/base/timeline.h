// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tlm/base/time.h"

namespace drydock::base {

/// Order of work within one instant: everything that arrives, then arbiters that decide about it,
/// then RTL edges, then software.
enum class phase : std::uint8_t { arrive, serve, rtl, software };

/// Somebody whom the timeline calls. `op` is the caller's own, given back unchanged.
struct timeline_client {
    virtual void on_time(std::uint64_t op) = 0;

protected:
    ~timeline_client() = default;
};

/// The one queue that orders everything our models do: a 4-ary heap of plain records
/// {time, phase, rank, seq, client, op}. Equal times are ordered by phase, then rank (the client's
/// place in the alphabet of hierarchical names), then the order of pushing.
///
/// push, cancel and pop cost O(log n) in pending records; nothing allocates once the heap has
/// grown. Free of SystemC: `timeline_kernel` drives it under the SystemC kernel, tests may call
/// run().
class timeline {
public:
    using client_id = std::uint32_t;

    /// Names one pending record, for cancel(). A default-made handle names none.
    struct handle {
        std::uint32_t slot = UINT32_MAX;
        std::uint32_t generation = 0;
        explicit operator bool() const { return slot != UINT32_MAX; }
    };

    timeline();
    timeline(const timeline&) = delete;
    timeline& operator=(const timeline&) = delete;

    /// Registers a client under its hierarchical name. Only before seal().
    /// @throws std::logic_error on a name used twice or after seal()
    client_id join(std::string_view hierarchical_name, timeline_client& client);

    /// Ranks all clients by name; called once at the end of elaboration. Records pushed earlier
    /// are put in their final order.
    void seal();

    ps now() const { return now_; }

    /// Calls client.on_time(op) at `when`. @pre when >= now()
    handle at(ps when, phase p, client_id client, std::uint64_t op = 0);
    handle after(ps delay, phase p, client_id client, std::uint64_t op = 0) {
        return at(now_ + delay, p, client, op);
    }
    /// Takes a pending record out of the heap. @return false if it already ran or was cancelled
    bool cancel(handle& h);
    bool pending(handle h) const;

    // -- driving -----------------------------------------------------------------------------
    /// Time of the earliest record, `never` if there is none.
    ps next() const;
    /// Moves now() forward. @pre t >= now() and no record is due before t
    void advance(ps t);
    /// Runs what is due at now() until nothing is left, pause() or stop(). @return false if paused
    /// or stopped
    bool run_due();
    /// Runs everything up to and including `until` without a SystemC kernel.
    void run(ps until);

    /// Lets run_due() return after the current record; the owner of the pause calls resume().
    void pause() { paused_ = true; }
    void resume() { paused_ = false; }
    bool paused() const { return paused_; }
    /// Ends the run after the current record; pending records stay.
    void stop() { stopped_ = true; }
    bool stopped() const { return stopped_; }
    /// Takes a stop back: the run may be continued.
    void go_on() { stopped_ = false; }

    /// Called every `every` records with the count so far; for progress and for signals.
    struct ticker {
        virtual void tick(std::uint64_t records_run) = 0;

    protected:
        ~ticker() = default;
    };
    void set_ticker(ticker* t, std::uint32_t every = 4096);

    /// Whoever drives wants to know when something earlier than its next wake-up is pushed.
    struct driver {
        virtual void earlier(ps when) = 0;

    protected:
        ~driver() = default;
    };
    void set_driver(driver* d) { driver_ = d; }

    // -- work counters -----------------------------------------------------------------------
    std::uint64_t records_run() const { return records_run_; }
    std::uint64_t records_pushed() const { return seq_; }
    std::size_t pending_records() const { return size_ - (hole_ ? 1 : 0); }

private:
    /// One number to compare: time[125:64] phase[63:62] rank[61:40] seq[39:0].
    __extension__ using order = unsigned __int128;
    struct record {
        order when;
        std::uint64_t op;
        std::uint32_t slot;
        ps time() const { return ps{static_cast<std::int64_t>(when >> 64)}; }
        std::uint32_t rank() const;
    };
    struct slot {
        std::uint32_t position;  // in the heap; of a free slot: the next free one
        std::uint32_t generation;
        bool used;
    };
    struct member {
        std::string name;
        timeline_client* client;
    };

    /// Both find the place of a record from the free place i on, and return it. Its fields come in
    /// registers: one that is put together in memory and then moved as a whole waits for its
    /// stores.
    std::size_t sift_up(std::size_t i, order when, std::uint64_t op, std::uint32_t s);
    std::size_t sift_down(std::size_t i, order when, std::uint64_t op, std::uint32_t s);
    std::size_t place(std::size_t i, const record& r) {
        heap_[i] = r;
        slots_[r.slot].position = static_cast<std::uint32_t>(i);
        return i;
    }
    std::uint32_t take_slot();
    void give_slot(std::uint32_t s);
    void grow();
    void fill_from_back(std::size_t i);
    void close_hole();
    void dispatch_front();

    std::vector<record> heap_;  // [0, size_) is in use
    std::size_t size_ = 0;
    /// The place of the record that runs now is free: what it pushes first goes there.
    bool hole_ = false;
    std::vector<slot> slots_;
    std::uint32_t free_slot_ = UINT32_MAX;
    std::vector<member> members_;
    std::vector<timeline_client*> by_rank_;
    std::vector<std::uint64_t> rank_of_;  // of each member, shifted to its place in the order
    ps now_{};
    std::uint64_t seq_ = 0;
    std::uint64_t records_run_ = 0;
    std::uint64_t next_tick_ = UINT64_MAX;
    std::uint32_t tick_every_ = 0;
    ticker* ticker_ = nullptr;
    driver* driver_ = nullptr;
    bool sealed_ = false;
    bool paused_ = false;
    bool stopped_ = false;
};

}  // namespace drydock::base
