// SPDX-License-Identifier: Apache-2.0
#include "platform/hal/mmio.h"

#include "platform/hal/time.h"

namespace drydock::hal_systemc {

mmio::mmio(const std::string& name, base::context& ctx, base::timeline_kernel& kernel,
           unsigned cpus, const mmio_config& config)
    : config_(config) {
    store_observer& self = *this;
    for (unsigned n = 0; n < cpus; ++n)
        ports_.push_back(std::make_unique<cpu_port>(name + ".cpu" + std::to_string(n), ctx, kernel,
                                                    config_, self));
}

sw::hal::duration mmio::load_cost(sw::phys_addr_t, unsigned) { return to_sw(config_.load_time); }

sw::hal::watch_id mmio::watch(sw::phys_addr_t at, sw::hal::watch_client& client, sw::u64 cookie) {
    if (!config_.in_registers(at)) return 0;
    watchers_.push_back({++last_, at - config_.registers.value, &client, cookie});
    return last_;
}

void mmio::unwatch(sw::hal::watch_id id) {
    std::erase_if(watchers_, [id](const watcher& w) { return w.id == id; });
}

void mmio::register_changed(std::uint64_t offset) {
    // 64-bit registers are watched by their address and may change in either half.
    for (const watcher& w : watchers_)
        if (offset == w.offset || offset == w.offset + 4 || offset + 4 == w.offset)
            w.client->changed(w.cookie);
}

void mmio::stored(std::uint64_t at) {
    if (!watchers_.empty() && config_.in_registers(at))
        register_changed(at - config_.registers.value);
}

}  // namespace drydock::hal_systemc
