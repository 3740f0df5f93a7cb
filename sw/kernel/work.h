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
    /// @param initial references that stay: those above are a debt when nothing is under way
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
    u32 count_, rest_;
};

/// The life of an object of the modelled kernel. Its memory stays, so that a use after its end is
/// told (monitor use_after_free judges) instead of happening.
class lifetime {
public:
    lifetime(kernel& k, std::string object);
    /// kfree(). Once more is a use.
    void release();
    bool released() const { return released_; }
    /// Whoever follows a pointer to the object says so. One branch while it lives.
    void use() const {
        if (released_) tell(1);
    }

private:
    void tell(u64 state) const;
    kernel& kernel_;
    hal::text_id text_;
    bool released_ = false;
};

}  // namespace drydock::sw
