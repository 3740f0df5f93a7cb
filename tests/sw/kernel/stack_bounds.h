// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace drydock::sw::test {

/// Tells the address sanitizer where the stack lies that code runs on: after an exception it frees
/// what was skipped on the stack that it knows, and reports accesses there otherwise. In a build
/// without it all of this is nothing. (libsystemc tells it of its own stacks.)
class stack_bounds {
public:
    stack_bounds() = default;
    stack_bounds(const void* bottom, std::size_t bytes) : bottom_(bottom), bytes_(bytes) {}
    /// The stack has just been switched to.
    void enter() { declare(bottom_, bytes_, &left_, &left_bytes_); }
    /// It is about to be left for the one that it was entered from.
    void leave() { declare(left_, left_bytes_, nullptr, nullptr); }

private:
#if defined(__SANITIZE_ADDRESS__)
    static void declare(const void* bottom, std::size_t bytes, const void** before,
                        std::size_t* bytes_before) {
        void* fake_frames = nullptr;
        __sanitizer_start_switch_fiber(&fake_frames, bottom, bytes);
        __sanitizer_finish_switch_fiber(fake_frames, before, bytes_before);
    }
#else
    static void declare(const void*, std::size_t, const void**, std::size_t*) {}
#endif

    const void* bottom_ = nullptr;
    std::size_t bytes_ = 0;
    const void* left_ = nullptr;
    std::size_t left_bytes_ = 0;
};

}  // namespace drydock::sw::test
