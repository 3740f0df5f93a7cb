// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rtl/adapter/signal_sink.h"
#include "tlm/base/signals.h"

namespace drydock::rtl {

/// The signals of one block in a waveform, under the block's instance.
class block_signals final : signal_sink {
public:
    /// @param block  has show(signal_sink&), which shows them all; so has sample()'s
    template <class Block>
    block_signals(base::signal_recorder& to, std::string_view instance, const Block& block)
        : to_(to), instance_(instance) {
        block.show(static_cast<signal_sink&>(*this));
        made_ = true;
    }
    /// Their values at an edge and behind it. Fields beside a valid that is low keep their value.
    template <class Block>
    void sample(base::ps now, const Block& block) {
        if (!to_.recording(now)) return;
        now_ = now;
        next_ = 0;
        block.show(static_cast<signal_sink&>(*this));
    }

    /// Whether the block is clocked again. One edge after its last, so that what stood for one
    /// cycle is not seen to stay; by its contract nothing else changes then.
    bool again(bool busy) { return busy || (ended_ = !ended_); }
    void has_results() { ended_ = false; }

private:
    void put(std::string_view name, unsigned bits, const std::uint32_t* value, words) override;

    base::signal_recorder& to_;
    std::string instance_;
    std::vector<base::signal_recorder::signal> signals_;  ///< in the order in which they are shown
    std::size_t next_ = 0;
    base::ps now_{};
    bool made_ = false;
    bool ended_ = false;
};

/// Null where nobody records.
template <class Block>
std::unique_ptr<block_signals> make_signals(base::signal_recorder* to, std::string_view instance,
                                            const Block& block) {
    return to == nullptr ? nullptr : std::make_unique<block_signals>(*to, instance, block);
}

}  // namespace drydock::rtl
