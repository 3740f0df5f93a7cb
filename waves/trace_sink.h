// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "waves/event_ring.h"
#include "waves/operations.h"
#include "waves/trace.h"
#include "waves/trace_counters.h"
#include "waves/trace_file.h"
#include "waves/trace_lanes.h"

namespace drydock::waves {

/// The sink behind open_trace().
class trace_sink final : public sink, base::observer {
public:
    trace_sink(base::context& ctx, const std::filesystem::path& file, window shown,
               const file_header& header, trace_options options);
    ~trace_sink() override;
    void close() override;
    std::uint64_t overflowed() const override { return 0; }

private:
    /// What has begun on a thread of its own and not ended: a state, a task on a CPU, a handler.
    struct slice {
        std::string name;  // empty: none
        base::ps since{};
    };
    struct flight {
        base::event sent;
        std::string text;
        trace_lanes::lane lane;
    };
    using track = trace_file::track;
    /// A function of the kernel that has begun and not returned.
    struct open_call {
        base::event begin;
        std::uint64_t number;
        bool written;
    };
    /// A thread of legs of arrows, and until when its last one lasts.
    struct leg_thread {
        track at;
        base::ps until;
    };

    void on_event(const base::event& e) override;
    void show(const base::event& e);
    void finish();
    bool inside(base::ps t) const { return t >= ring_.shown().from && t <= ring_.shown().to; }
    bool overlaps(base::ps from, base::ps to) const {
        return to >= ring_.shown().from && from <= ring_.shown().to;
    }
    void software(const base::event& e);
    void call(const base::event& e);
    void write(const open_call& c);
    void close_call(open_call c, base::ps now, const base::event* end);
    void instant(const base::event& e);
    /// On a thread of its own something else begins; nothing, if the name is empty.
    void change(track at, base::ps now, std::string_view name);
    // trace_spans.cpp
    void span_began(const base::event& e);
    void span_ended(const operation& o, base::ps now, const base::event* end);
    /// The async span of a transaction begins or ends; the first on its lane names the track.
    void open_lane(std::uint32_t process, std::string_view word, trace_lanes::lane l, base::ps at,
                   const std::string& track_name);
    void transaction_args(const operation& o, base::ps now, const base::event* end);
    void stages(const operation& o, std::uint32_t process, std::string_view word,
                trace_lanes::lane l);
    void arrows(const operation& o);
    track leg_track(base::place_id where, base::ps from, base::ps to);
    /// "INV 17", if it is under way.
    std::string id_of(base::span_id s) const;
    void tlp_sent(const base::event& e);
    void tlp_gone(const base::event& e);
    void write(const flight& f, base::ps until, std::string_view lost);
    std::string device(std::uint64_t rid) const {
        return names_.name(base::routing_id{static_cast<std::uint16_t>(rid)});
    }

    base::context& ctx_;
    device_names names_;
    trace_options options_;
    trace_file file_;
    event_ring<base::event> ring_;
    trace_counters counters_;
    operations under_way_;
    trace_lanes lanes_;
    flat_map<std::uint64_t, trace_lanes::lane> lane_of_;  // of each span under way
    std::map<base::place_id, std::vector<leg_thread>> legs_;
    std::map<base::place_id, std::vector<open_call>> open_calls_;  // the outermost first
    std::map<std::uint32_t, std::pair<track, slice>> slices_;      // by thread
    /// TLPs on their way, by wire and by type, requester and tag.
    std::map<std::pair<base::place_id, std::uint64_t>, std::deque<flight>> flying_;
    std::uint64_t tlps_ = 0, calls_ = 0;
    base::ps last_{};
};

}  // namespace drydock::waves
