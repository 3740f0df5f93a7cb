// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/link.h"

#include <algorithm>

namespace drydock::pcie {

void link::end::deliver(tlp_ptr t) {
    if (is_above)
        owner.down.send(std::move(t));
    else
        owner.up.send(std::move(t));
}

void link::end::store_freed(unsigned vc, fc_class c, std::uint32_t data) {
    if (is_above)
        owner.up.free_buffer(vc, c, data);
    else
        owner.down.free_buffer(vc, c, data);
}

void link::end::found(link_error e, bool at_receiver) {
    if (at_receiver == is_above)
        owner.down.tell_error(e);
    else
        owner.up.tell_error(e);
}

link::link(sc_core::sc_module_name name, base::context& ctx, tlp_pool& pool,
           const link_config& config)
    : sc_module(name),
      up("up", above_, pool),
      down("down", below_, pool),
      ctx_(ctx),
      config_(config),
      place_(ctx.probe.place(this->name())),
      id_(ctx.timeline.join(std::string(this->name()) + ".ltssm", *this)),
      down_(ctx, std::string(this->name()) + ".down", config, config.device_buffers, above_),
      up_(ctx, std::string(this->name()) + ".up", config, config.port_buffers, below_),
      // InitFC1 and InitFC2 of three classes (PCIe, flow control initialisation).
      channel_init_((config.propagation +
                     serial_rate(config.gen, config.width, config.max_payload, config.dllp)
                         .of(std::uint64_t{3} * std::max(dllp_bytes(config.gen), 6u))
                         .rounded()) *
                    2) {
    down_.set_refreshed_classes(up_.finite_classes());
    up_.set_refreshed_classes(down_.finite_classes());
    for (const channel_buffers& b : config.channels) {
        check_credits(this->name(), config, b.device);
        check_credits(this->name(), config, b.port);
    }
}

void link::start_of_simulation() {
    for (std::size_t c = 0; c < fc_classes; ++c) {
        up.credit_return(static_cast<fc_class>(c), config_.store, UINT32_MAX);
        down.credit_return(static_cast<fc_class>(c), config_.store, UINT32_MAX);
    }
    down_.tell_advertisement();
    up_.tell_advertisement();
}

void link::tell(const char* state) {
    if (ctx_.probe.wants(base::kind::link_state))
        ctx_.probe.emit(base::kind::link_state, place_, ctx_.now(), base::no_span,
                        ctx_.probe.text(state));
}

void link::set_up(bool now_up) {
    if (now_up == is_up_) return;
    is_up_ = now_up;
    ctx_.timeline.cancel(recovered_);
    tell(now_up ? "up" : "down");
    if (!now_up) agree();  // channels other than VC0 are initialised anew
    down_.set_up(now_up);
    up_.set_up(now_up);
    up.set_link(now_up);
    down.set_link(now_up);
    if (now_up) agree();
}

void link::retrain() {
    if (!is_up_) return;
    const base::ps until = ctx_.now() + config_.recovery;
    if (!ctx_.timeline.cancel(recovered_)) {
        tell("recovery");
        up.set_recovery(true);
        down.set_recovery(true);
    }
    recovered_ = ctx_.timeline.at(until, base::phase::arrive, id_);
    down_.hold_until(until);
    up_.hold_until(until);
}

void link::on_time(std::uint64_t what) {
    if (what != 0) return channel_initialised(static_cast<unsigned>(what));
    tell("up");
    up.set_recovery(false);
    down.set_recovery(false);
}

void link::inject(link_error e, bool downward, std::uint32_t count) {
    link_direction& d = downward ? down_ : up_;
    d.retry().activate();
    link_retry::faults& f = d.retry().inject();
    switch (e) {
        case link_error::receiver:
            f.lost_tlps = count;
            return;
        case link_error::bad_tlp:
            f.bad_tlps = count;
            return;
        case link_error::bad_dllp:
            f.bad_dllps = count;
            return;
        case link_error::replay_timeout:
            f.replay_timeouts = count;
            return;
        case link_error::replay_rollover:  // the fourth replay without progress
            f.replay_timeouts = 4;
            return;
        case link_error::data_link_protocol:
            return d.retry().wrong_acknowledge();
        case link_error::fc_protocol:
            return d.wrong_update();
        case link_error::receiver_overflow:
            f.overflows = count;
            return;
    }
}

}  // namespace drydock::pcie
