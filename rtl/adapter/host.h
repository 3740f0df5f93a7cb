// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "tlm/base/context.h"

namespace drydock::rtl {

/// Gives a Verilated block its clock: a client of the timeline, in the phase of RTL edges. Asleep
/// while the block has nothing to do; edges lie at whole multiples of the period all the same, so
/// that the edges that were slept through are only not computed.
///
/// Where no other record of the timeline is due before the next edge nothing can be handed to the
/// block in between: with look-ahead its edges then run one after the other within one record.
class host final : base::timeline_client {
public:
    /// What is clocked: the adapter of one block.
    struct clocked {
        enum class state : std::uint8_t { idle, busy, results };
        /// Computes one rising edge; its instant is host::edge_time().
        /// @return what it leaves: idle until an input or a tick, busy (inputs that wait to be
        ///         sampled included), or results to hand out
        virtual state edge() = 0;
        /// Hands out the results of the last edge; now() is its instant.
        /// @return true: busy
        virtual bool hand_out() = 0;

    protected:
        ~clocked() = default;
    };

    /// @param look_ahead  compute edges ahead of now() while the timeline has nothing before them;
    ///                    only where every input comes out of a record of the timeline
    host(std::string_view hierarchical_name, base::context& ctx, base::ps period, clocked& what,
         bool look_ahead = false);

    /// An input was handed in: the block has the next edge strictly after now().
    /// @return that edge, at which the input is sampled
    base::ps wake();
    /// The block has the edge at `when` too (a tick); a later call takes the place of this one.
    void wake_at(base::ps when);

    /// The instant of the edge that edge() computes.
    base::ps edge_time() const { return edge_time_; }
    /// The first edge at which what is handed in now is sampled.
    base::ps next_edge() const {
        // Under load now() is less than two periods past the edge computed last: no division.
        const base::ps now = ctx_.timeline.now(), period = clock_.period();
        const base::ps first = edge_time_ + period, second = first + period;
        if (edge_time_ <= now && now < second) return now < first ? first : second;
        return clock_.next_edge(now);
    }
    base::ps period() const { return clock_.period(); }
    std::uint64_t edges() const { return edges_; }  ///< computed so far

private:
    static constexpr std::uint64_t hand_out_op = 1;

    void on_time(std::uint64_t op) override;
    void run_ahead();
    void arm(base::ps when, std::uint64_t op = 0);
    void compute(base::ps at);

    base::context& ctx_;
    base::clock_domain clock_;
    clocked& what_;
    base::timeline::client_id id_;
    base::timeline::handle armed_;
    base::ps armed_at_ = base::never;
    base::ps edge_time_{};
    base::ps tick_ = base::never;
    bool look_ahead_;
    bool running_ = false;
    clocked::state left_ = clocked::state::idle;
    std::uint64_t edges_ = 0;
};

}  // namespace drydock::rtl
