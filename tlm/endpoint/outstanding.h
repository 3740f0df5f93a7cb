// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/endpoint/ring.h"

namespace drydock::endpoint {

/// Which tags a requester may use (PCIe): 0..31, 0..255, or 256..1023 (T9:T8 never 00).
enum class tag_width : std::uint8_t { five, eight, ten };

/// Who waits for a completion.
enum class waiter_kind : std::uint8_t { dma, translation };

struct outstanding_request {
    enum class state : std::uint8_t {
        free,
        waiting,
        quarantined  ///< forgotten by a reset: the tag stays taken until its completion or its
                     ///< timeout comes
    };
    state is = state::free;
    waiter_kind kind{};
    std::uint32_t owner = 0;  ///< DMA reader or request slot
    std::uint32_t bytes = 0;  ///< asked for
    std::uint32_t received = 0;
    base::ps deadline{};
    std::uint16_t previous = 0, next = 0;  ///< in the list by deadline: tag + 1, 0 is its head
};

/// Told when a request's completion did not come in time; the tag is free again after the call.
struct timeout_listener {
    virtual void timed_out(std::uint16_t tag) = 0;

protected:
    ~timeout_listener() = default;
};

/// The non-posted requests of a function that wait for completions: tags, which are reused as late
/// as possible, and one timeline record for the oldest deadline while anything is outstanding.
class outstanding_requests final : base::timeline_client {
public:
    outstanding_requests(std::string_view hierarchical_name, base::context& ctx,
                         timeout_listener& listener);

    void set_width(tag_width w);
    /// Completion Timeout of requests from now on; `never`: disabled.
    void set_timeout(base::ps t) { timeout_ = t; }

    /// none: every tag is taken.
    std::optional<std::uint16_t> take(waiter_kind kind, std::uint32_t owner, std::uint32_t bytes);
    /// @pre taken
    outstanding_request& at(std::uint16_t tag) { return requests_[tag + 1u]; }
    /// null: a tag that was never in use.
    outstanding_request* find(std::uint16_t tag) {
        return tag + 1u < requests_.size() ? &requests_[tag + 1u] : nullptr;
    }
    void free(std::uint16_t tag);
    /// Reset: nobody waits any more. Tags stay out of use until their completion or their deadline;
    /// where the Completion Timeout is disabled, for 50 ms, its longest default.
    void forget();
    /// Requests that somebody waits for.
    unsigned waiting() const { return waiting_; }

private:
    static constexpr std::uint16_t tags = 1024;
    static constexpr std::uint16_t end = 0;  // head of the list by deadline

    void on_time(std::uint64_t) override;
    void arm(base::ps deadline);
    bool usable(std::uint16_t tag) const;
    std::uint16_t tags_of_width() const;
    void refill();

    base::context& ctx_;
    timeout_listener& listener_;
    base::timeline::client_id id_;
    base::timeline::handle timer_;
    base::ps armed_{};
    base::ps timeout_;
    tag_width width_ = tag_width::five;
    ring<std::uint16_t> free_{tags};
    std::vector<outstanding_request> requests_;  // head of the list, then by tag, as wide as needed
    unsigned waiting_ = 0;
};

}  // namespace drydock::endpoint
