// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/smmu/invalidation_tracker_if.h"

namespace drydock::smmu {

/// What an invalidation tracker, whatever it is made of, tells the probe and counts.
class invalidation_tracker_trace {
public:
    enum class oddity : std::uint8_t { not_outstanding, wrong_function, completion_count_differs };
    enum class lack : std::uint8_t { no_free_itag, invalidate_queue_depth };

    invalidation_tracker_trace(std::string_view name, base::context&);

    /// One was refused; the answer is told once for it.
    /// @param holder  gives the span that owns what it waits for
    template <class Holder>
    void waits(invalidation_id id, const invalidation& what, lack of, Holder holder) {
        if (waited_ && refused_ == id) return;
        waited_ = true;
        refused_ = id;
        if (ctx_.probe.wants(base::kind::itag_wait)) tell_wait(what, of, holder());
    }
    void taken(invalidation_id, const invalidation&, unsigned tag, unsigned free_itags);
    void completed(const invalidation& what, unsigned tag, unsigned free_itags) {
        ++count_.completed;
        retired(what, tag, free_itags);
    }
    void given_up(const invalidation& what, unsigned tag, unsigned free_itags) {
        ++count_.given_up;
        retired(what, tag, free_itags);
    }
    void expired(const invalidation&, unsigned tag, unsigned free_itags, base::ps age);
    void unexpected(std::uint32_t itag_vector, base::routing_id from, oddity);

    const invalidation_tracker_counters& count() const { return count_; }

private:
    void tell_wait(const invalidation&, lack, base::span_id holder);
    void retired(const invalidation&, unsigned tag, unsigned free_itags);

    base::context& ctx_;
    base::place_id place_;
    bool waited_ = false;  ///< refused_ has waited; who made it room is in freed_by_
    invalidation_id refused_ = 0;
    base::span_id freed_by_{};
    invalidation_tracker_counters count_;
    std::uint32_t no_itag_text_, depth_text_, oddity_texts_[3];
};

}  // namespace drydock::smmu
