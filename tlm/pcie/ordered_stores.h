// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "tlm/pcie/ordering.h"
#include "tlm/pcie/ring.h"
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// The three stores of a port that sends: posted, non-posted, completions, with the ordering rules
/// of PCIe (ordering.h) between them and, where somebody asks for it, within them. Unblocked TLPs
/// leave in the order in which they came; one that is blocked is passed by what may pass it.
class ordered_stores {
public:
    /// A TLP inside: its class and its place in the store of that class, 0 the oldest.
    struct place {
        fc_class c;
        unsigned index;
    };

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
    std::optional<fc_class> pick(May&& may) const {
        const auto p = pick(1, [&](const place& at, const tlp& t) { return may(at.c, t); });
        return p ? std::optional(p->c) : std::nullopt;
    }
    /// The oldest TLP among the first `window` of each store that the ordering rules and may(place,
    /// tlp) let go. Behind a head that may() holds back, only what is allowed to pass it is asked
    /// for.
    template <class May>
    std::optional<place> pick(unsigned window, May&& may) const {
        std::optional<place> best;
        std::uint64_t best_number = UINT64_MAX;
        for (const fc_class c : {fc_class::posted, fc_class::non_posted, fc_class::completion}) {
            const auto& s = stores_[static_cast<std::size_t>(c)];
            const auto most = static_cast<unsigned>(std::min<std::size_t>(s.size(), window));
            for (unsigned i = 0; i < most; ++i) {
                const entry& e = s.at(i);
                if (e.number >= best_number) break;
                if (i > 0 && !passes_within(s, i)) continue;
                if (c != fc_class::posted && !passes_posted(e)) continue;
                if (!may(place{c, i}, *e.t)) continue;
                best = place{c, i};
                best_number = e.number;
                break;
            }
        }
        return best;
    }
    tlp_ptr pop(fc_class c) { return pop(place{c, 0}); }
    tlp_ptr pop(const place& p) {
        --count_;
        return p.index == 0 ? store(p.c).pop().t : store(p.c).take(p.index).t;
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

private:
    struct entry {
        tlp_ptr t;
        std::uint64_t number = 0;
    };
    /// So many posted TLPs at most are held against one that passes by its ID.
    static constexpr std::size_t compared = 16;

    static bool passes_within(const ring<entry>& s, unsigned index) {
        for (unsigned i = 0; i < index; ++i)
            if (!may_pass(*s.at(index).t, *s.at(i).t)) return false;
        return true;
    }
    bool passes_posted(const entry& e) const {
        const auto& posted = stores_[static_cast<std::size_t>(fc_class::posted)];
        if (posted.empty() || posted.front().number > e.number) return true;
        if (may_pass_all_posted(*e.t)) return true;
        if (!e.t->id_based_ordering) return false;
        for (std::size_t i = 0; i < posted.size() && posted.at(i).number < e.number; ++i)
            if (i == compared || !may_pass(*e.t, *posted.at(i).t)) return false;
        return true;
    }
    ring<entry>& store(fc_class c) { return stores_[static_cast<std::size_t>(c)]; }

    std::array<ring<entry>, fc_classes> stores_;
    std::uint64_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace drydock::pcie
