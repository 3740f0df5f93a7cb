// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tlm/pcie/ring.h"
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// The three stores of a port that sends: posted, non-posted, completions, with the ordering rules
/// of PCIe between them. Within a class TLPs stay in order. Posted passes everything; a
/// non-posted request never passes an older posted one; a completion passes an older posted TLP
/// only where cell (d) allows: RO=1, or the completion of a config or IO write.
class ordered_stores {
public:
    void push(tlp_ptr t) {
        const fc_class c = t->flow_class();
        store(c).push({std::move(t), next_++});
        ++count_;
    }
    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    std::size_t size(fc_class c) const { return stores_[static_cast<std::size_t>(c)].size(); }
    const tlp& head(fc_class c) const { return *stores_[static_cast<std::size_t>(c)].front().t; }

    /// The oldest head that the ordering rules and may(class, tlp) let go.
    template <class May>
    std::optional<fc_class> pick(May&& may) {
        std::optional<fc_class> best;
        std::uint64_t best_number = UINT64_MAX;
        const auto& posted = store(fc_class::posted);
        const std::uint64_t posted_number = posted.empty() ? UINT64_MAX : posted.front().number;
        for (const fc_class c : {fc_class::posted, fc_class::non_posted, fc_class::completion}) {
            auto& s = store(c);
            if (s.empty() || s.front().number >= best_number) continue;
            const entry& e = s.front();
            if (c != fc_class::posted && e.number > posted_number && !may_pass_posted(*e.t))
                continue;
            if (!may(c, *e.t)) continue;
            best = c;
            best_number = e.number;
        }
        return best;
    }
    tlp_ptr pop(fc_class c) {
        --count_;
        return store(c).pop().t;
    }
    /// Empties everything, each through f(tlp_ptr).
    template <class F>
    void clear(F&& f) {
        for (auto& s : stores_)
            while (!s.empty()) {
                --count_;
                f(s.pop().t);
            }
    }
    static bool may_pass_posted(const tlp& t) {
        if (!t.is_completion()) return false;
        return t.relaxed_ordering || (t.type == tlp_type::cpl && t.status == cpl_status::success);
    }

private:
    struct entry {
        tlp_ptr t;
        std::uint64_t number = 0;
    };
    ring<entry>& store(fc_class c) { return stores_[static_cast<std::size_t>(c)]; }

    std::array<ring<entry>, fc_classes> stores_;
    std::uint64_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace drydock::pcie
