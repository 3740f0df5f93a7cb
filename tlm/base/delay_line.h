// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tlm/base/timeline.h"

namespace drydock::base {

/// A pipe: what goes in comes out later, in order. One timeline record at most is pending however
/// many items are inside; a ring buffer that grows to the working set holds them.
/// @tparam T movable  @tparam Sink callable with T&&
template <class T, class Sink>
class delay_line final : timeline_client {
public:
    delay_line(timeline& t, std::string_view hierarchical_name, Sink sink, phase p = phase::arrive)
        : timeline_(t),
          sink_(std::move(sink)),
          phase_(p),
          id_(t.join(hierarchical_name, *this)),
          ring_(16) {}

    /// Comes out at `when`; an earlier time than that of an item before it is moved up to that
    /// item's.
    void push(ps when, T item) {
        if (count_ == ring_.size()) grow();
        if (count_ > 0) when = std::max(when, last_);
        last_ = when;
        ring_[(head_ + count_) & (ring_.size() - 1)] = {when, std::move(item)};
        if (count_++ == 0) pending_ = timeline_.at(when, phase_, id_);
    }
    std::size_t size() const { return count_; }

    /// Drops everything inside, each through f.
    template <class F>
    void clear(F&& f) {
        timeline_.cancel(pending_);
        while (count_ > 0) f(take());
    }

private:
    struct entry {
        ps when{};
        T item{};
    };
    T take() {
        T item = std::move(ring_[head_].item);
        head_ = (head_ + 1) & (ring_.size() - 1);
        --count_;
        return item;
    }
    void on_time(std::uint64_t) override {
        const ps now = timeline_.now();
        // Items that fall due now leave now; the sink may push or clear meanwhile.
        T item = take();
        if (count_ > 0) pending_ = timeline_.at(std::max(now, ring_[head_].when), phase_, id_);
        sink_(std::move(item));
    }
    void grow() {
        std::vector<entry> bigger(ring_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i)
            bigger[i] = std::move(ring_[(head_ + i) & (ring_.size() - 1)]);
        ring_.swap(bigger);
        head_ = 0;
    }

    timeline& timeline_;
    Sink sink_;
    phase phase_;
    timeline::client_id id_;
    timeline::handle pending_;
    std::vector<entry> ring_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
    ps last_{};
};

}  // namespace drydock::base
