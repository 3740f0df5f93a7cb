// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/endpoint/faults.h"
#include "tlm/endpoint/ring.h"
#include "tlm/endpoint/transmitter.h"
#include "tlm/pcie/tlp.h"

namespace drydock::endpoint {

/// The way of Invalidate Completions to the transmitter, where injected faults meet them.
class completion_faults {
public:
    completion_faults(std::string_view hierarchical_name, base::context& ctx, pcie::tlp_pool& pool,
                      faults& f, outlet& tx);

    void send(pcie::tlp_ptr t);
    /// An Invalidate Request with this ITag came: what is late goes out.
    void reused(base::itag tag);
    /// There is room for posted TLPs.
    void room();
    /// So many more may wait here for room, each for that of its channel.
    std::size_t free_places() const { return most_owed - owed_.size(); }
    /// Drops what was kept, each TLP through f.
    template <class F>
    void drop(F&& f) {
        while (!owed_.empty()) f(owed_.pop());
        delayed_.clear(f);
        if (overtaken_) f(std::exchange(overtaken_, pcie::tlp_ptr{}));
        for (pcie::tlp_ptr& t : late_)
            if (t) f(std::exchange(t, pcie::tlp_ptr{}));
    }

private:
    struct sink {
        completion_faults* self;
        void operator()(pcie::tlp_ptr&& t) const { self->post(std::move(t)); }
    };
    static constexpr std::size_t most_owed = 64;

    void post(pcie::tlp_ptr t);
    pcie::tlp_ptr copy_of(const pcie::tlp& t);

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    faults& faults_;
    outlet& tx_;
    ring<pcie::tlp_ptr> owed_{most_owed};  // wait for room
    bool sending_ = false;
    base::delay_line<pcie::tlp_ptr, sink> delayed_;
    pcie::tlp_ptr overtaken_;
    std::array<pcie::tlp_ptr, 32> late_;  // by ITag
};

}  // namespace drydock::endpoint
