// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// A device that is neither in reset nor broken gets no service: an operation of one of its clients
/// is pending longer than the limit, at its end or at the end of the run, or all that its DMA meets
/// for longer than the limit are errors.
/// Not innocent is, from the first of these to the last: a function whose function_state is a
/// reset, one between r0 and r1, one that owes the answer to an Invalidate Request that it ignored,
/// and one that software holds blocked or fenced after it owed one.
class innocent_harmed final : public monitor {
public:
    /// @param limit longest service time that is no harm. Default 1 ms (choice).
    innocent_harmed(reporter& r, base::ps limit);
    void finish(base::ps now) override;

private:
    struct device {
        std::uint32_t debts = 0;  // ignored invalidates whose ITag has not expired
        bool in_reset = false;    // says the function
        bool resetting = false;   // r0 .. r1
        bool blocked = false;
        bool fenced = false;       // by the IOMMU driver
        bool broken = false;       // has owed an answer since its last reset
        base::ps last_guilty{-1};  // last instant at which it was not innocent
        bool guilty() const {
            return in_reset || resetting || debts > 0 || ((blocked || fenced) && broken);
        }
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
    void ended(const client_operation& of, const operation& op, const base::event& e);
    void judge(const client_operation& of, const operation& op, base::ps end, std::string_view how);

    base::ps limit_;
    waves::flat_map<std::uint64_t, device> devices_;
    std::map<client_operation, operation> open_;     // as many as clients have kinds of operations
    std::map<client_operation, operation> failing_;  // since the first error without a success
    std::uint32_t ready_, operational_, dma_, r0_, r1_, eats_, ats_, unfence_;
};

}  // namespace drydock::monitors
