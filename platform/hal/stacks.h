// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <systemc>
#include <vector>

#include "sw/hal/task.h"
#include "tlm/base/timeline.h"
#include "tlm/base/timeline_kernel.h"

namespace drydock::hal_systemc {

/// Stacks are SC_THREADs spawned while the machine is built; nothing else of SystemC's scheduling
/// is used. The baton: resume() pauses the timeline and wakes one thread, suspend() resumes the
/// timeline. So at most one of them is runnable, and only while no timeline record runs.
class stacks final : public sc_core::sc_module, public sw::hal::stacks {
public:
    /// @param count  tasks, workers, interrupt threads and CPUs that may exist at once, 1..65536
    /// @param bytes  of each, 16 KiB or more
    stacks(sc_core::sc_module_name name, base::timeline& t, base::timeline_kernel& kernel,
           unsigned count, std::size_t bytes);
    ~stacks() override;

    sw::hal::stack* take(void (*entry)(void*), void* argument) override;
    void resume(sw::hal::stack* s) override;
    void suspend() override;

    std::size_t in_use() const { return all_.size() - free_.size(); }
    std::uint64_t switches() const { return switches_; }
    /// What a task threw; it stopped the timeline. Null if none did.
    std::exception_ptr thrown() const { return thrown_; }

private:
    void live(sw::hal::stack& s);
    void run(sw::hal::stack& s);

    base::timeline& timeline_;
    base::timeline_kernel& kernel_;
    std::vector<std::unique_ptr<sw::hal::stack>> all_;
    std::vector<sw::hal::stack*> free_;
    sw::hal::stack* holder_ = nullptr;  ///< has the baton
    std::uint64_t switches_ = 0;
    std::exception_ptr thrown_;
};

}  // namespace drydock::hal_systemc
