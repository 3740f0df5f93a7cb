// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// One more try at the end of the run, made in the simulated machine by whoever built it; it may
/// let simulated time pass. Each answers whether it went well.
struct retry {
    virtual ~retry() = default;
    /// Attaches the device's own domain once more, as a driver would.
    virtual bool attach(base::routing_id) = 0;
    /// Pushes a CMD_SYNC through the command queue that speaks at `where`.
    virtual bool command_queue(std::string_view where) = 0;
};

/// At the end an attach stands refused, a device blocked, or a command queue stopped, nothing that
/// could lift it is pending (no reset call is open), and one retry fails too. What is quarantined
/// and has not been reset since waits for that, and is not stuck; what is reported as broken and
/// neither blocked nor reset is, and what is fenced still though it has been reset. Without a retry
/// the state itself is the verdict.
class stuck final : public monitor {
public:
    explicit stuck(reporter& r);
    /// The caller keeps it alive.
    void connect(retry* probe) { retry_ = probe; }
    void finish(base::ps now) override;

private:
    struct device {
        bool blocked = false;  // says the core
        bool parked = false;   // attached to the blocked domain, whatever the core says
        bool wants = true;     // its group is not in the blocked domain by choice
        bool refused = false;
        bool ill = false;          // an ITag of it has timed out since it was reset
        bool reported = false;     // as broken, since it was reset
        bool quarantined = false;  // blocked for it
        bool fenced = false;       // by the IOMMU driver
        std::uint32_t resets = 0;
        base::ps since{};
        base::span_id span{};
        std::string call;
        std::int64_t result = 0;
        bool astray() const { return parked && wants; }
        bool held() const { return blocked || astray(); }
    };
    void on_event(const base::event& e) override;
    void returned(const base::event& e);
    void called(const base::event& e);
    void judge_quarantine(std::uint16_t function, const device& d);
    void judge(std::uint16_t function, const device& d);

    retry* retry_ = nullptr;
    std::map<std::uint16_t, device> devices_;
    std::map<base::place_id, std::pair<base::ps, base::span_id>> stopped_;  // queues in CERROR
    waves::flat_map<std::uint64_t, std::uint16_t> reset_spans_;
    std::uint32_t blocked_, none_, ready_, operational_, dead_;
    std::uint32_t report_, q1_report_, quarantine_, eats_, ats_, unfence_;
};

}  // namespace drydock::monitors
