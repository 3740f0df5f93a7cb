// SPDX-License-Identifier: Apache-2.0
#include "waves/fst_lanes.h"

namespace drydock::waves {

bool fst_lanes::take(fst_signals& to, std::uint64_t key, base::ps now, std::string_view text) {
    std::optional<std::size_t> lowest, quiet;  // of the free ones; without words of this instant
    for (std::size_t i = 0; i < lanes_.size() && !quiet; ++i) {
        const lane& l = lanes_[i];
        if (l.taken != 0) continue;
        if (!lowest) lowest = i;
        if (!l.signal || to.changed(*l.signal) != now || to.text(*l.signal).empty()) quiet = i;
    }
    if (!lowest) {
        if (!more_) more_ = to.add(scope_, name_ + "_more");
        to.note(*more_, now, text);
        return false;
    }
    const std::size_t i = quiet.value_or(*lowest);
    lane& l = lanes_[i];
    if (!l.signal) l.signal = to.add(scope_, name_ + "_" + std::to_string(i));
    l.key = key;
    l.taken = ++order_;
    if (quiet)
        to.set(*l.signal, now, text);
    else
        to.note(*l.signal, now, text);
    return true;
}

bool fst_lanes::release(fst_signals& to, std::uint64_t key, base::ps now,
                        std::string_view last_words) {
    lane* oldest = nullptr;
    for (lane& l : lanes_)
        if (l.taken != 0 && l.key == key && (oldest == nullptr || l.taken < oldest->taken))
            oldest = &l;
    if (oldest == nullptr) return false;
    oldest->taken = 0;
    if (last_words.empty() && to.changed(*oldest->signal) == now) return true;
    to.set(*oldest->signal, now, last_words);
    return true;
}

}  // namespace drydock::waves
