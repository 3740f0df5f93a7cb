// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/latency/listener.h"
#include "waves/device_names.h"
#include "waves/flat_map.h"

namespace drydock::profile {

/// Whom a span belongs to. Of the latest `remembered` spans, since one is often waited for after
/// its end.
class span_owners {
public:
    struct owner {
        base::span_id span{}, operation{};  ///< operation: the outermost span around it, or itself
        base::span_class of{}, operation_of{};
        base::place_id client = 0;
        std::uint16_t device = 0;
    };
    span_owners() : recent_(remembered) {}
    void began(const base::event& span_begin);
    /// Null if it is unknown or forgotten.
    const owner* find(base::span_id span) const {
        const owner& o = recent_[span.value % remembered];
        return o.span == span && span != base::no_span ? &o : nullptr;
    }

private:
    static constexpr std::size_t remembered = 1u << 16;
    std::vector<owner> recent_;
};

/// A wait, with names that outlive it.
struct named_wait {
    latency::wait what;
    span_owners::owner waiter, holder;
};

/// A transaction in full: what it consisted of and whom it waited for.
struct kept_transaction {
    latency::transaction what;
    span_owners::owner parent;  ///< what it is part of, if anything
    std::vector<latency::piece> pieces;
    std::vector<named_wait> waits;
    std::vector<kept_transaction> parts;
};

/// Keeps the slowest few transactions of a group in full, one for about each duration (to show a
/// typical one), and those that timed out, the first of them.
class gallery {
public:
    static constexpr std::size_t slowest = 12, timed_out = 40;

    /// @return whether it is worth to keep this one
    bool wants(const latency::transaction& t) const;
    void keep(kept_transaction&& t);

    const std::vector<kept_transaction>& worst() const { return worst_; }  ///< longest first
    const std::vector<kept_transaction>& lost() const { return lost_; }    ///< earliest first
    /// The one whose duration is nearest; null if there is none.
    const kept_transaction* nearest(base::ps took) const;

private:
    std::vector<kept_transaction> worst_, lost_;
    std::map<std::uint32_t, kept_transaction> typical_;  // by bin
};

/// Puts together the parts and the waits of operations while they are under way.
class workbench {
public:
    void waited(const named_wait& w);
    void part_ended(const latency::transaction& part, const span_owners::owner& parent);
    /// What was gathered for `t`; it is over.
    kept_transaction finish(const latency::transaction& t, bool wanted);

private:
    struct notes {
        std::vector<named_wait> waits;
        std::vector<kept_transaction> parts;
    };
    notes& of(base::span_id operation);

    waves::flat_map<std::uint64_t, std::uint32_t> open_;  // span -> slot
    std::vector<notes> slots_;
    std::vector<std::uint32_t> free_;
};

/// How a reader calls things.
struct words {
    const base::probe& probe;
    const waves::device_names& names;

    std::string client(base::place_id p) const;
    std::string device(std::uint16_t routing_id) const;
    std::string whose(base::place_id client, std::uint16_t device) const;  ///< "net@nic"
};

/// {"id","operation","class","who","client","device","where","begin_ps","took_ps","ended","pieces":[[name,
/// ps]..],
///  "waits":[{"id","stage","began_ps","took_ps","for","for_who","for_operation"}..],"parts":[..]}
nlohmann::json to_json(const kept_transaction& t, const words& w);
/// The same of a wait alone, as text: there are as many as transactions.
void append_json(std::string& to, const named_wait& n, const words& w);

}  // namespace drydock::profile
