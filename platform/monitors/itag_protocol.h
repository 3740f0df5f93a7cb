// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// ITags (PCIe ATS): an ITag has one owner at a time, comes free by a completion of that function
/// or after its timeout, is never lost, and no completion arrives that nobody waits for.
class itag_protocol final : public monitor {
public:
    explicit itag_protocol(reporter& r);

private:
    static constexpr std::size_t itags = 32;  // PCIe ATS: 5-bit ITag
    struct owner {
        bool taken = false;
        bool lost = false;  // timed out, not retired yet
        std::uint16_t function = 0;
        base::span_id span{};
    };
    struct tracker {
        std::array<owner, itags> owners{};
        std::uint32_t in_use = 0;
        std::uint64_t total = 0;  // in use + free, as first told
    };
    void on_event(const base::event& e) override;
    void taken(const base::event& e, tracker& t);
    void timed_out(const base::event& e, tracker& t);
    void retired(const base::event& e, tracker& t);
    bool owned(const base::event& e, const owner& o);
    void count(const base::event& e, tracker& t);
    void wrong(const base::event& e, std::uint64_t function, std::uint64_t detail,
               std::string what);

    std::map<base::place_id, tracker> trackers_;
};

}  // namespace drydock::monitors
