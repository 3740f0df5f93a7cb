// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "tlm/endpoint/atc_if.h"

/// What the ATC keeps of everything that is in it.
namespace drydock::endpoint::atc_records {

inline constexpr std::uint32_t none = UINT32_MAX;

/// What is said of a function as a whole.
struct function {
    base::routing_id rid{};
    bool enabled = false;
    bool denied = false;  // a UR came: no more requests until enabled anew
};
/// A lookup in progress.
struct lookup {
    lookup_id id = 0;
    atc_key key{};
    atc_access access{};
    base::ps due{};
    /// The first time through the pipeline, or again since no request slot was free; lost: its
    /// function was reset meanwhile, and it keeps its place until its turn comes.
    enum class turn : std::uint8_t { first, again, lost, lost_again } is = turn::first;
    std::uint32_t next = none;  // in the list of a request's waiters
};
/// An outstanding Translation Request.
struct request {
    enum class state : std::uint8_t { free, to_send, sent };
    atc_key key{};
    state is = state::free;
    bool no_write = false;
    bool overtaken = false;  // an invalidate for its range came: drop the answer and ask again
    bool abandoned = false;  // disabled meanwhile: drop the answer
    std::uint32_t first_waiter = none, last_waiter = none;
    // Smallest range that holds all invalidates since it was sent: the answer may be larger than
    // the STU and reach into it.
    std::uint64_t gone_first = UINT64_MAX, gone_last = 0;
};
/// A translation that something on its way to the link, or waiting for its data, was made by.
struct use {
    std::uint64_t first = 0, last = 0;  // range of the entry in use
    std::optional<base::substream_id> ssid;
    base::routing_id rid{};
    bool global = false;
    std::uint16_t generation = 0;
    std::uint32_t holds = 0;  // bit n: invalidation n waits for its release
    std::uint32_t position = none;
};
struct invalidation {
    invalidate what{};
    base::ps sample{};           // edge at which it was taken in
    base::span_id waited_for{};  // whom the engine worked for while this one waited
    std::uint32_t uses = 0;      // still to be released
    std::uint32_t removed = 0;   // entries
    std::uint32_t held = 0;      // uses at its start
    std::uint32_t probes = 0;    // cycles that the engine works
    bool processed = false;      // no matching entry is left
    bool killed = false;         // its function was reset while it was queued
};
/// ITags of one function and traffic class that are ready.
struct completion {
    base::routing_id rid{};
    std::uint8_t traffic_class = 0;
    itag_vector vector = 0;
    std::uint32_t invalidations = 0;  // their places, free once it is handed over
    base::ps due{};                   // not offered before
};
struct sampled_fill {
    request_slot slot = 0;
    completion_entry entry{};
    base::ps edge{};
};
struct control {
    base::routing_id rid{};
    atc_control what{};
};

}  // namespace drydock::endpoint::atc_records
