// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// A device that is neither in reset nor broken gets no service: an operation of one of its clients
/// is pending longer than the limit, at its end or at the end of the run.
/// Not innocent is, from the first of these to the last: a function whose function_state is a
/// reset, one under a reset call (span of class reset), one that software holds blocked, and one
/// that owes the answer to an Invalidate Request that it ignored.
class innocent_harmed final : public monitor {
public:
    /// @param limit longest service time that is no harm. Default 1 ms (choice).
    innocent_harmed(reporter& r, base::ps limit);
    void finish(base::ps now) override;

private:
    struct device {
        std::uint32_t reset_calls = 0;
        std::uint32_t debts = 0;  // ignored invalidates whose ITag has not expired
        bool in_reset = false;
        bool blocked = false;
        base::ps last_guilty{-1};  // last instant at which it was not innocent
        bool guilty() const { return reset_calls > 0 || debts > 0 || in_reset || blocked; }
    };
    struct operation {
        base::ps begin{};
        base::span_id span{};
        std::uint16_t function = 0;
    };
    using client_operation = std::pair<base::place_id, std::uint64_t>;  // client, op's text

    void on_event(const base::event& e) override;
    template <class Change>
    void change(std::uint64_t function, base::ps now, Change&& c);
    void judge(const client_operation& of, const operation& op, base::ps end, bool still_open);

    base::ps limit_;
    waves::flat_map<std::uint64_t, device> devices_;
    std::map<client_operation, operation> open_;  // as many as clients have kinds of operations
    waves::flat_map<std::uint64_t, std::uint16_t> reset_spans_;
    std::uint32_t ready_, operational_;
};

}  // namespace drydock::monitors
