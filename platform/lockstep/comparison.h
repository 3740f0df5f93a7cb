// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "tlm/base/context.h"
#include "tlm/pcie/ring.h"

namespace drydock::lockstep {

/// What came of running a block and its twin side by side.
struct findings {
    std::string block;           ///< its hierarchical name
    std::uint64_t compared = 0;  ///< answers that both gave
    std::uint64_t differences = 0;
    std::string first;      ///< the first difference, in words
    base::ps most_apart{};  ///< of answers that are the same, in time
};

/// A block and its twin, side by side.
struct pair {
    /// Lets the twin catch up and ends the comparison.
    virtual void settle() = 0;

protected:
    ~pair() = default;
};

/// Answers of one channel, in order: each of the block must be given by its twin too, at whatever
/// time.
class channel {
public:
    static constexpr std::size_t numbers = 4;
    using answer = std::array<std::uint32_t, numbers>;

    /// @param what  the channel's name; lives as long as the channel
    channel(findings& into, const char* what) : into_(into), what_(what) {}

    void from_block(base::ps at, const answer& a) { add({at, a}, block_, twin_, false); }
    void from_twin(base::ps at, const answer& a) { add({at, a}, twin_, block_, true); }
    /// What only one of the two has said by `now` is a difference, but for what is so young that
    /// the other may still say it.
    void finish(base::ps now);

    /// The answer of the block that the twin has not given yet. @pre waits()
    const answer& next() const { return block_.front().what; }
    bool waits() const { return !block_.empty(); }

private:
    struct said {
        base::ps at{};
        answer what{};
    };
    static constexpr base::ps young{1'000'000};
    void add(const said& s, pcie::ring<said>& mine, pcie::ring<said>& other, bool by_twin);
    void differs(const std::string& block, const std::string& twin, base::ps at);

    findings& into_;
    const char* what_;
    pcie::ring<said> block_, twin_;
};

/// The inputs that the block accepted, on their way to the twin, and the time that the twin lives
/// in. It lags: an instant is run when the block has done with it.
template <class Input>
class lagging_inputs {
public:
    base::context& context() { return context_; }
    void push(base::ps at, const Input& what) { waiting_.push({at, what}); }
    /// Runs the twin through everything before `now`.
    template <class Apply>
    void catch_up(base::ps now, Apply apply) {
        while (!waiting_.empty() && waiting_.front().at < now) {
            const dated d = waiting_.pop();
            context_.timeline.run(d.at);
            apply(d.what);
        }
        if (now > context_.now()) context_.timeline.run(now - base::ps{1});
    }

private:
    struct dated {
        base::ps at{};
        Input what{};
    };
    base::context context_;
    pcie::ring<dated> waiting_;
};

}  // namespace drydock::lockstep
