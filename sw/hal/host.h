// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "sw/hal/dma_memory.h"
#include "sw/hal/irq.h"
#include "sw/hal/mmio.h"
#include "sw/hal/observe.h"
#include "sw/hal/task.h"

namespace drydock::sw::hal {

struct candidate {
    std::string_view name;
    u64 key = 0;
};

/// Asked wherever order is free.
struct choice {
    virtual ~choice() = default;
    virtual std::size_t choose(std::string_view point, std::span<const candidate> among) = 0;
};

/// All doors to the outside.
struct host {
    hal::clock& clock;
    hal::stacks& stacks;
    hal::mmio& mmio;
    hal::dma_memory& memory;
    hal::irq& irq;
    hal::observe& observe;
    hal::choice& choice;
};

}  // namespace drydock::sw::hal
