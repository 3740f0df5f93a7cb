// SPDX-License-Identifier: Apache-2.0
#define SC_INCLUDE_DYNAMIC_PROCESSES
#include "platform/hal/stacks.h"

#include <stdexcept>
#include <string>

namespace drydock::sw::hal {

struct stack {
    sc_core::sc_event go;
    void (*entry)(void*) = nullptr;
    void* argument = nullptr;
};

}  // namespace drydock::sw::hal

namespace drydock::hal_systemc {

stacks::stacks(sc_core::sc_module_name name, base::timeline& t, base::timeline_kernel& kernel,
               unsigned count, std::size_t bytes)
    : sc_module(name), timeline_(t), kernel_(kernel) {
    if (count == 0 || count > 65536 || bytes < 16 * 1024)
        throw std::invalid_argument("stacks: 1..65536 stacks of 16 KiB or more, not " +
                                    std::to_string(count) + " of " + std::to_string(bytes) +
                                    " bytes");
    for (unsigned i = 0; i < count; ++i) {
        sw::hal::stack* s = all_.emplace_back(std::make_unique<sw::hal::stack>()).get();
        sc_core::sc_spawn_options options;
        options.set_stack_size(static_cast<int>(bytes));
        // Begins with its first resume(), which may come in the very first evaluation.
        options.dont_initialize();
        options.set_sensitivity(&s->go);
        sc_core::sc_spawn([this, s] { live(*s); }, sc_core::sc_gen_unique_name("stack"), &options);
    }
    for (std::size_t i = all_.size(); i-- > 0;) free_.push_back(all_[i].get());
}

stacks::~stacks() = default;

sw::hal::stack* stacks::take(void (*entry)(void*), void* argument) {
    if (free_.empty())
        throw std::runtime_error("software: all " + std::to_string(all_.size()) +
                                 " stacks are in use; give the machine more (software.stacks)");
    sw::hal::stack* s = free_.back();
    free_.pop_back();
    s->entry = entry;
    s->argument = argument;
    return s;
}

void stacks::resume(sw::hal::stack* s) {
    if (holder_ != nullptr)
        throw std::logic_error("stacks: resumed while another stack has the baton");
    holder_ = s;
    ++switches_;
    timeline_.pause();
    s->go.notify();
}

void stacks::suspend() {
    sw::hal::stack* const me = holder_;
    holder_ = nullptr;
    kernel_.resume();
    sc_core::wait(me->go);
}

void stacks::live(sw::hal::stack& s) {
    for (;; sc_core::wait(s.go)) {
        run(s);
        holder_ = nullptr;
        kernel_.resume();
    }
}

void stacks::run(sw::hal::stack& s) {
    try {
        s.entry(s.argument);
        free_.push_back(&s);
    } catch (const sc_core::sc_unwind_exception&) {
        throw;
    } catch (...) {
        thrown_ = std::current_exception();
        timeline_.stop();
    }
}

}  // namespace drydock::hal_systemc
