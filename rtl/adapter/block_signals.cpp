// SPDX-License-Identifier: Apache-2.0
#include "rtl/adapter/block_signals.h"

#include <algorithm>

namespace drydock::rtl {

void block_signals::put(std::string_view name, unsigned bits, const std::uint32_t* value, words w) {
    const unsigned shown = std::min(bits, most_bits);
    if (made_) return to_.set(signals_[next_++], now_, std::span(value, (shown + 31) / 32));
    const std::size_t dot = name.rfind('.');
    std::string scope = instance_;
    if (dot != std::string_view::npos) scope.append(".").append(name.substr(0, dot));
    signals_.push_back(
        to_.add(scope, dot == std::string_view::npos ? name : name.substr(dot + 1), shown, w));
}

}  // namespace drydock::rtl
