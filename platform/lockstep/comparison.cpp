// SPDX-License-Identifier: Apache-2.0
#include "platform/lockstep/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace drydock::lockstep {

void channel::add(const said& s, pcie::ring<said>& mine, pcie::ring<said>& other, bool by_twin) {
    if (other.empty()) return mine.push(s);
    const said o = other.pop();
    ++into_.compared;
    const base::ps apart = s.at < o.at ? o.at - s.at : s.at - o.at;
    into_.most_apart = std::max(into_.most_apart, apart);
    if (o.what == s.what) return;
    const std::string a = fmt::format("{}", o.what), b = fmt::format("{}", s.what);
    differs(by_twin ? a : b, by_twin ? b : a, by_twin ? o.at : s.at);
}

void channel::differs(const std::string& block, const std::string& twin, base::ps at) {
    if (into_.differences++ == 0)
        into_.first = fmt::format("{} at {} ps: the block says {}, its twin {}", what_, at.count,
                                  block, twin);
}

void channel::finish(base::ps now) {
    for (; !block_.empty() && block_.front().at + young < now; block_.pop())
        differs(fmt::format("{}", block_.front().what), "nothing", block_.front().at);
    for (; !twin_.empty() && twin_.front().at + young < now; twin_.pop())
        differs("nothing", fmt::format("{}", twin_.front().what), twin_.front().at);
}

}  // namespace drydock::lockstep
