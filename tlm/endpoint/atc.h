// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/endpoint/atc_config.h"
#include "tlm/endpoint/atc_if.h"
#include "tlm/endpoint/atc_records.h"
#include "tlm/endpoint/ring.h"
#include "tlm/endpoint/translation_store.h"

namespace drydock::endpoint {

/// The ATC, transaction-level twin of the RTL block behind the same interface.
///
/// Every accepted input is sampled at the next clock edge: at most one control, one lookup, one
/// fill and one invalidate an edge; one request and one completion leave. Answers of lookups come
/// `lookup_cycles` later. From the edge at which an invalidate starts, what it reaches is neither
/// found nor kept; a cycle a set probe later no such entry is left. It has timeline records only
/// while there is work.
class atc final : public atc_if, base::timeline_client {
public:
    /// @throws std::invalid_argument for a shape outside the ranges of atc_config
    atc(std::string_view hierarchical_name, base::context& ctx, const atc_config& config,
        atc_client& client);

    bool try_lookup(lookup_id, const atc_key&, atc_access) override;
    bool try_fill(request_slot, const completion_entry&) override;
    bool try_invalidate(const invalidate&) override;
    void release(use_id) override;
    bool try_control(base::routing_id, atc_control) override;
    void resume() override;
    void set_stu(std::uint8_t log2_bytes) override { stu_ = log2_bytes; }

    const translation_store& store() const { return store_; }
    std::size_t uses() const { return live_uses_.size(); }
    /// Translation Requests asked for and not answered.
    std::size_t outstanding_requests() const { return active_requests_.size(); }

    struct counters {
        std::uint64_t lookups = 0, hits = 0, requests = 0, repeated_requests = 0, fills = 0;
        std::uint64_t invalidates = 0, completions = 0, completed_itags = 0;
        std::uint64_t uses_checked = 0;     ///< live uses looked at by invalidates
        std::uint64_t illegal_entries = 0;  ///< answers smaller than the STU
        std::uint64_t unexpected_fills = 0;
    };
    const counters& counted() const { return counted_; }

private:
    static constexpr std::uint32_t none = atc_records::none;
    using function = atc_records::function;
    using lookup = atc_records::lookup;
    using request = atc_records::request;
    using use = atc_records::use;
    using invalidation = atc_records::invalidation;
    using completion = atc_records::completion;
    using sampled_fill = atc_records::sampled_fill;
    using control = atc_records::control;

    void on_time(std::uint64_t) override;
    void arm(base::ps when);
    void rearm();
    void kick();
    bool tells(base::kind k) const { return ctx_.probe.wants(k) && !config_.silent; }
    void tell_ready();
    bool has_room() const {
        return lookups_.size() - free_lookups_.size() + live_uses_.size() < config_.uses;
    }
    base::ps now() const { return ctx_.timeline.now(); }
    base::ps sample_after(base::ps last) const;

    // atc.cpp: inputs
    void do_next_control();
    void do_control(const control& c);
    void empty();
    void make_room();
    void drop_invalidates();
    // atc_shared.cpp: one function among several
    function& function_of(base::routing_id rid) {
        return config_.shared ? shared_function(rid) : functions_.front();
    }
    function& shared_function(base::routing_id rid);
    void do_shared_control(const control& c);
    void remove_entries(base::routing_id rid);
    void disable_function(base::routing_id rid);
    void reset_function(base::routing_id rid);
    template <class T, class Drop, class Edge>
    base::ps close_ranks(ring<T>& queue, Drop drop, Edge edge) const;
    void drop_lookups(base::routing_id rid);
    void drop_requests(base::routing_id rid);
    void drop_uses(base::routing_id rid);
    void drop_invalidates(base::routing_id rid);
    // atc_lookups.cpp
    void do_lookups();
    void evaluate(std::uint32_t index);
    bool ends_lost(std::uint32_t index);
    bool join_or_request(std::uint32_t index);
    void wait_in(request_slot s, std::uint32_t index);
    void replay_stalled();
    void put_first(std::uint32_t index, base::ps sample);
    void grant(std::uint32_t index, const stored_translation& t);
    void refuse(std::uint32_t index, atc_fault why);
    void send_request();
    void ask(request_slot s);
    void finish_request(request_slot s);
    void do_fills();
    bool overtaken(const request& r, const ats_entry& e) const;
    void filled(request_slot s, const completion_entry& e);
    void answer_waiters(request_slot s, const stored_translation& t);
    void refuse_waiters(request_slot s, atc_fault why);
    std::uint32_t take_waiters(request_slot s);
    // atc_invalidates.cpp
    void do_invalidates();
    void start(std::uint8_t slot);
    bool shadows(const stored_translation& t) const;
    void finish_current();
    std::uint32_t hold_uses(unsigned slot);
    void overtake_requests(const invalidate& i);
    void drained(std::uint8_t slot, std::uint32_t& at_edge);
    void stage(unsigned boundary, base::span_id span, base::span_id waited_for = {});
    void ignored(const invalidate& i, std::uint32_t reason);
    void send_completion();
    void group_drained();

    base::context& ctx_;
    atc_config config_;
    atc_client& client_;
    base::clock_domain clock_;
    base::place_id place_;
    base::timeline::client_id id_;
    base::timeline::handle armed_;
    base::ps armed_at_ = base::never;
    bool working_ = false;
    std::uint8_t stu_ = min_page_log2;
    std::vector<function> functions_;  // by Routing ID; one for all if it is not shared
    translation_store store_;

    std::vector<lookup> lookups_;
    std::vector<std::uint32_t> free_lookups_;
    ring<std::uint32_t> pipeline_;  // by due time
    ring<std::uint32_t> stalled_;   // no request slot was free
    bool replaying_ = false;
    base::ps last_lookup_sample_{-1};
    bool lookup_refused_ = false;

    std::vector<request> requests_;
    std::vector<request_slot> free_requests_;
    std::vector<request_slot> active_requests_;
    ring<request_slot> to_send_;
    bool requests_blocked_ = false;
    ring<sampled_fill> fills_;
    base::ps last_fill_edge_{-1};
    base::ps fill_time_;

    std::vector<use> uses_;
    std::vector<std::uint32_t> free_uses_;
    std::vector<std::uint32_t> live_uses_;

    std::array<invalidation, 32> invalidations_{};
    std::uint32_t free_invalidations_;
    ring<std::uint8_t> queued_;  // invalidations in order of arrival
    std::uint8_t current_ = no_invalidation;
    base::ps current_ends_{};
    std::uint32_t drained_ = 0;  // completed at this edge, or at the next one
    std::uint32_t late_ = 0;     // by a release at an edge: completed at the next one
    base::ps last_invalidate_sample_{-1};
    base::span_id previous_{};
    bool invalidate_refused_ = false;
    std::array<completion, 32> ready_{};
    unsigned ready_count_ = 0;
    bool completions_blocked_ = false;
    static constexpr std::uint8_t no_invalidation = UINT8_MAX;

    ring<control> controls_{4};
    bool control_refused_ = false;
    base::ps control_edge_ = base::never;
    base::ps kick_edge_ = base::never;  // for what came between the edges
    std::uint32_t reason_disabled_;
    std::uint32_t reason_reset_;
    counters counted_;
};

}  // namespace drydock::endpoint
