// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/hal/cpu_port.h"
#include "tlm/base/register_observer.h"

namespace drydock::hal_systemc {

/// Registers and configuration space over one bus port per CPU. Registers of the watched block wake
/// polls when hardware (register_changed) or a CPU's store changed them; other locations cannot be
/// watched.
class mmio final : public sw::hal::mmio, public base::register_observer, store_observer {
public:
    mmio(const std::string& hierarchical_name, base::context& ctx, base::timeline_kernel& kernel,
         unsigned cpus, const mmio_config& config);

    cpu_port& port(unsigned cpu) { return *ports_.at(cpu); }

    std::optional<sw::hal::mmio_result> load(unsigned cpu, sw::phys_addr_t at, unsigned size,
                                             sw::hal::mmio_client& client,
                                             sw::u64 cookie) override {
        return ports_[cpu]->load(at, size, client, cookie);
    }
    std::optional<sw::hal::mmio_result> store(unsigned cpu, sw::phys_addr_t at, unsigned size,
                                              sw::u64 value, sw::hal::mmio_client& client,
                                              sw::u64 cookie) override {
        return ports_[cpu]->store(at, size, value, client, cookie);
    }
    sw::u64 peek(sw::phys_addr_t at, unsigned size) override {
        return ports_.front()->peek(at, size);
    }
    sw::hal::duration load_cost(sw::phys_addr_t, unsigned) override;
    sw::hal::watch_id watch(sw::phys_addr_t at, sw::hal::watch_client& client,
                            sw::u64 cookie) override;
    void unwatch(sw::hal::watch_id id) override;

    void register_changed(std::uint64_t offset) override;

private:
    struct watcher {
        sw::hal::watch_id id;
        std::uint64_t offset;
        sw::hal::watch_client* client;
        sw::u64 cookie;
    };
    void stored(std::uint64_t at) override;

    mmio_config config_;
    std::vector<std::unique_ptr<cpu_port>> ports_;
    std::vector<watcher> watchers_;  ///< at most one per CPU
    sw::hal::watch_id last_ = 0;
};

}  // namespace drydock::hal_systemc
