// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "sw/hal/types.h"

namespace drydock::sw {

class kernel;

/// One queued function; queueing it again while it is pending does nothing, while it runs queues it
/// once more. Never run by two workers at the same time. Outlives its run.
struct work {
    explicit work(std::string n, std::function<void()> f) : name(std::move(n)), run(std::move(f)) {}
    std::string name;
    std::function<void()> run;
    bool pending = false;
};

/// Counts owners; reports use after the last put and what is left at the end (monitors judge).
class refcount {
public:
    refcount(kernel& k, std::string object, u32 initial = 1);
    void get();
    /// @return true if this was the last
    bool put();
    u32 count() const { return count_; }

private:
    void tell();
    kernel& kernel_;
    std::string object_;
    hal::text_id text_;
    u32 count_;
};

}  // namespace drydock::sw
