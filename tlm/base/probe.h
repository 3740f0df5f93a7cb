// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tlm/base/ids.h"
#include "tlm/base/probe_kinds.h"
#include "tlm/base/time.h"

namespace drydock::base {

/// Index of a named place (a component, a CPU, a client) in the probe's table.
using place_id = std::uint32_t;

/// One thing that happened. What a..d mean is said at each kind in probe_kinds.h.
struct event {
    kind what{};
    place_id where = 0;
    ps time{};
    span_id span{};
    std::uint64_t a = 0, b = 0, c = 0, d = 0;
};

/// Listens. Observers never change what they observe; they hold no rank on the timeline.
struct observer {
    virtual void on_event(const event&) = 0;

protected:
    ~observer() = default;
};

/// The one door through which data leaves the models. Emitting a kind that nobody subscribed to
/// costs the test of one bit: `if (probe.wants(kind::x)) probe.emit(...)`.
class probe {
public:
    /// Gives a place its index; same name, same index. Elaboration time only.
    place_id place(std::string_view hierarchical_name);
    const std::string& name(place_id p) const { return names_[p]; }
    std::size_t places() const { return names_.size(); }

    void subscribe(observer& o, kind k);
    void unsubscribe(observer& o);

    bool wants(kind k) const { return (wanted_[index(k) / 64] >> (index(k) % 64)) & 1; }

    void emit(const event& e) {
        for (observer* o : observers_[index(e.what)]) o->on_event(e);
    }
    void emit(kind k, place_id where, ps time, span_id span, std::uint64_t a = 0,
              std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0) {
        emit(event{k, where, time, span, a, b, c, d});
    }

    /// Texts that events refer to by index (names of locks, reasons, points). Same text, same
    /// index.
    std::uint32_t text(std::string_view s);
    const std::string& text_of(std::uint64_t index) const { return texts_[index]; }

    /// A new span, numbered from 1 in order of birth.
    span_id new_span() { return span_id{++last_span_}; }

private:
    static constexpr std::size_t index(kind k) { return static_cast<std::size_t>(k); }

    std::array<std::vector<observer*>, kind_count> observers_;
    std::array<std::uint64_t, (kind_count + 63) / 64> wanted_{};
    std::vector<std::string> names_;
    std::vector<std::string> texts_{""};
    std::uint32_t last_span_ = 0;
};

}  // namespace drydock::base
