// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/bench/harness.h"

namespace drydock::bench {

/// Looks up page after page, again from the start after the last; `outstanding` at a time. It has
/// one timeline record an instant in which answers came, as a DMA engine has.
class lookup_load final : lookup_client, base::timeline_client {
public:
    lookup_load(harness& h, unsigned outstanding) : h_(h), most_(outstanding) {}

    /// Runs `warm_up` lookups, then `count` in the window.
    void run(std::uint64_t pages, std::uint64_t warm_up, std::uint64_t count, window* w);

private:
    void found() override;
    void lookup_ready() override { wake(); }
    void on_time(std::uint64_t) override;
    void wake();

    harness& h_;
    unsigned most_;
    unsigned outstanding_ = 0;
    bool awake_ = false;
    std::uint64_t pages_ = 0, next_ = 0, to_ask_ = 0, done_ = 0, warm_up_ = 0, total_ = 0;
    window* window_ = nullptr;
};

/// Puts batches of ATC_INV and one SYNC into the command queue: the next batch when CMDQ_CONS says
/// that the one before is consumed.
class command_load final : base::register_observer, base::timeline_client {
public:
    command_load(harness& h, unsigned per_batch) : h_(h), per_batch_(per_batch) {}

    /// Runs `warm_up` batches, then `count` in the window. The pages invalidated are in no cache,
    /// and spread over all sets.
    void run(std::uint64_t warm_up, std::uint64_t count, window& w);

private:
    void register_changed(std::uint64_t offset) override;
    void on_time(std::uint64_t) override;
    void put(std::uint64_t w0, std::uint64_t w1);
    void submit();

    harness& h_;
    unsigned per_batch_;
    std::uint32_t prod_ = 0;
    std::uint64_t page_ = 0, done_ = 0, warm_up_ = 0, total_ = 0;
    window* window_ = nullptr;
};

}  // namespace drydock::bench
