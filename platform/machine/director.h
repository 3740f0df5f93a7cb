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
    /// Lets a task that hold() stopped go on.
    virtual void release(const std::string& task) = 0;
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
    /// A task stands at a named point. @return true if the scenario wants it held there
    bool at_point(std::string_view task, std::string_view point);
    /// A task's function came back.
    void returned(std::string_view task);

    /// When the run will end, `never` while that is not known.
    base::ps end() const { return end_at_; }
    bool ended() const { return ended_; }
    /// Entries whose condition never came true, as places in the file, and the end itself if the
    /// run was cut at its limit. Empty for a run that was stopped.
    std::vector<std::string> never_happened() const;

private:
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
    const scenario::condition& condition(std::size_t index) const;

    base::context& context_;
    const scenario::run& run_;
    stage& stage_;
    base::timeline::client_id id_;
    base::ps end_at_ = base::never;
    bool begun_ = false;
    bool ended_ = false;
    std::size_t end_conditions_left_ = 0;
    std::vector<bool> fulfilled_;  // timeline entries first, then the end's conditions
    std::vector<pending_event> events_;
    std::multimap<std::pair<std::string, std::string>, std::size_t, std::less<>> points_;
    std::multimap<std::string, std::size_t, std::less<>> returns_;
};

}  // namespace drydock::machine
