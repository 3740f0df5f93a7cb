// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string_view>

#include "platform/monitors/reporter.h"
#include "tlm/base/probe.h"

namespace drydock::monitors {

/// One rule over the probe's events. A monitor judges what happened; it reads no ATC, TLB or
/// tracker state, keeps no rank on the timeline and changes nothing.
class monitor : public base::observer {
public:
    monitor(std::string_view name, reporter& r, std::initializer_list<base::kind> kinds)
        : name_(name), report_(r) {
        for (const base::kind k : kinds) r.probe().subscribe(*this, k);
    }
    virtual ~monitor() { report_.probe().unsubscribe(*this); }
    monitor(const monitor&) = delete;
    monitor& operator=(const monitor&) = delete;

    std::string_view name() const { return name_; }
    /// The run is over at `now`: judge what is still open.
    virtual void finish(base::ps now) { static_cast<void>(now); }

protected:
    /// Reports one occurrence. @param describe called for the first of a cause only; returns a
    /// finding
    template <class Describe>
    void found(const cause& c, base::span_id span, Describe&& describe) {
        if (!report_.again(name_, c, span)) report_.first(name_, c, describe());
    }
    static base::routing_id rid(std::uint64_t v) {
        return base::routing_id{static_cast<std::uint16_t>(v)};
    }
    reporter& report() { return report_; }
    /// Text of an event's field.
    const std::string& text(std::uint64_t index) const { return report_.probe().text_of(index); }
    const std::string& place(std::uint64_t index) const {
        return report_.probe().name(static_cast<base::place_id>(index));
    }

private:
    std::string_view name_;
    reporter& report_;
};

/// "16.4 ms", for texts.
std::string readable(base::ps t);
/// "0x7f00".
std::string hex(std::uint64_t v);

}  // namespace drydock::monitors
