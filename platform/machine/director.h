// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/scenario/scenario.h"
#include "tlm/base/context.h"

namespace drydock::machine {

/// What a director can make happen. The machine implements it on the modelled software.
struct stage {
    virtual ~stage() = default;
    virtual void reset(const scenario::do_reset&) = 0;
    virtual void start(const scenario::do_start&) = 0;
    virtual void attach(const scenario::do_attach&) = 0;
    virtual void detach(const scenario::do_detach&) = 0;
    virtual void inject(const scenario::do_inject&) = 0;
    virtual void set(const scenario::do_set&) = 0;
    virtual void unmap(const scenario::do_unmap&) = 0;
    virtual void use(const scenario::do_use&) = 0;
    virtual void call(const scenario::do_call&) = 0;
    virtual void manage(const scenario::do_manage&) = 0;
    virtual void free(const scenario::do_free&) = 0;
    virtual void fail(const scenario::do_fail&) = 0;
    /// Lets a task that hold() stopped go on. @return false if it is not held
    virtual bool release(const std::string& task) = 0;
    virtual base::routing_id routing_id_of(const std::string& device) const = 0;
};

/// Plays a scenario's timeline: waits for times, points, returns and events, carries out the verbs
/// in the file's order, and says when the run ends. It decides what happens, never what comes of
/// it.
class director final : base::timeline_client, base::observer {
public:
    director(base::context& ctx, const scenario::run& run, stage& on);
    ~director();

    /// Everything is booted. What the scenario wants at an earlier time happens now.
    void begin();
    /// A task stands at a named point. @param device 0: of none  @return true if the scenario wants
    /// it held there
    bool at_point(std::string_view task, std::string_view point, base::routing_id device = {});
    /// A task's function came back.
    void returned(std::string_view task);

    /// When the run will end, `never` while that is not known.
    base::ps end() const { return end_at_; }
    bool ended() const { return ended_; }
    /// Entries whose condition never came true, and releases of what was not held, as places in the
    /// file, and the end itself if the run was cut at its limit. Optional entries are left out.
    /// Empty for a run that was stopped.
    std::vector<std::string> never_happened() const;
    /// Of a hazard: when the last condition of its oracle's `after` came true; none: not all did.
    std::optional<base::ps> oracle_since() const;

private:
    struct awaited_point {
        std::string task, point;
        std::optional<std::uint64_t> device;
        std::uint64_t left;
        std::size_t condition;
    };
    struct pending_event {
        base::kind kind;
        int field = -1;  // field of the event that holds a routing ID; -1: any device
        std::optional<std::uint64_t> device;
        std::uint64_t left = 1;
        std::size_t condition;
    };
    base::ps not_before_now(base::ps t) const;
    void watch(const scenario::condition& c, std::size_t index);
    void on_time(std::uint64_t op) override;
    void on_event(const base::event& e) override;
    void fulfil(std::size_t index);
    void carry_out(const scenario::timeline_entry& entry);
    void tell(const scenario::timeline_entry& entry);
    const scenario::condition& condition(std::size_t index) const;

    base::context& context_;
    const scenario::run& run_;
    stage& stage_;
    base::timeline::client_id id_;
    base::ps end_at_ = base::never;
    bool begun_ = false;
    bool ended_ = false;
    std::size_t end_conditions_left_ = 0;
    static bool stands_at(awaited_point& a, std::string_view task);
    bool released_before(const std::string& task);
    void release(const std::string& task, std::size_t entry);
    void flight(const base::event& e);

    // Timeline entries first, then the end's conditions, then those of the oracle.
    std::vector<bool> fulfilled_;
    std::vector<bool> in_vain_;  // releases that nobody waits for, by entry
    std::size_t oracle_conditions_left_ = 0;
    base::ps oracle_since_{};
    std::vector<pending_event> events_;
    std::multimap<std::string, awaited_point, std::less<>> points_;  // by point
    std::map<std::string, std::string> held_;  // as the scenario calls it: as the kernel does
    std::map<std::string, std::vector<std::size_t>> to_release_;  // task: releases before its hold
    /// Where the unmaps of which tasks are, if somebody waits for their Invalidate Requests: a span
    /// of an ATC_INV and the place of the task that issued it.
    std::map<std::uint64_t, base::place_id> in_flight_;
    bool watches_flight_ = false;
    std::multimap<std::string, std::size_t, std::less<>> returns_;
};

}  // namespace drydock::machine
