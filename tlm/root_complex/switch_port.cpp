// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/switch_port.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "tlm/pcie/atomics.h"
#include "tlm/pcie/config_image_builder.h"

namespace drydock::root_complex {
namespace {

constexpr unsigned messages_log2 = 2;                  // as a root port's
constexpr unsigned slot_message = 0, dpc_message = 2;  // likewise
constexpr unsigned link_capabilities = 0x0c, slot_control = 0x18;
constexpr std::uint16_t status_at = 0x06, interrupt_status = 8;
constexpr std::uint32_t surprise_down_capable = 1u << 19;

pcie::config_image make_image(const switch_config& c, unsigned number) {
    const bool upstream = number == 0;
    pcie::function_ids ids;
    ids.vendor = c.vendor;
    ids.device = upstream ? c.upstream_device : c.downstream_device;
    ids.class_code = 0x060400;  // PCI-to-PCI bridge
    if (!upstream) ids.interrupt_pin = 1;
    pcie::express_fields x;
    x.type = upstream ? pcie::port_type::switch_upstream : pcie::port_type::switch_downstream;
    x.max_payload = c.max_payload;
    x.flr = false;
    x.ari_forwarding = !upstream;
    x.prefixes = c.prefixes;
    x.atomic_routing = c.atomics;
    x.gen = upstream ? c.gen : c.ports[number - 1].gen;
    x.width = upstream ? c.width : c.ports[number - 1].width;
    x.port_number = number;
    x.surprise_down = !upstream && c.ports[number - 1].surprise_down;
    pcie::config_image_builder b(ids, true);
    b.express(x).power({});
    const std::optional<dpc_config> dpc = upstream ? std::nullopt : c.ports[number - 1].dpc;
    const std::optional<slot_config> slot = upstream ? std::nullopt : c.ports[number - 1].slot;
    if (dpc || slot) b.msi({.vectors_log2 = messages_log2, .wide = true, .maskable = true});
    b.aer({.ecrc = c.ecrc});
    if (dpc)
        b.dpc({.root_port_extensions = false,
               .poisoned_egress_blocking = false,
               .software_trigger = dpc->software_trigger});
    const unsigned channels = upstream ? c.virtual_channels : c.ports[number - 1].virtual_channels;
    const unsigned low =
        upstream ? c.low_priority_channels : c.ports[number - 1].low_priority_channels;
    if (channels > 1) b.vc({.channels = channels, .low_priority = low});
    const bool egress = (c.acs & pcie::acs_view::egress_control) != 0;
    if (!upstream && c.acs != 0)
        b.acs({.services = c.acs,
               .vector_bits = egress ? static_cast<unsigned>(c.ports.size()) + 1 : 0});
    pcie::config_image image = b.build();
    if (slot) port_slot::describe(image, image.bytes[0x34], *slot);
    return image;
}

/// Time that a TLP takes on a link of this port.
base::ps time_on_link(const pcie::serial_rate& rate, const pcie::tlp& t, unsigned gen) {
    return rate.of(t.wire_bytes() + pcie::tlp_framing_bytes(gen)).rounded();
}

}  // namespace

switch_port::switch_port(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                         const switch_config& config, unsigned number, switch_port_owner& owner)
    : sc_module(name),
      ctx_(ctx),
      number_(number),
      owner_(owner),
      gen_(number == 0 ? config.gen : config.ports[number - 1].gen),
      width_(number == 0 ? config.width : config.ports[number - 1].width),
      cut_through_(config.cut_through),
      rate_(gen_, width_, config.max_payload, pcie::dllp_accounting::mechanistic),
      place_(ctx.probe.place(this->name())),
      client_(ctx.timeline.join(this->name(), *this)),
      space_(make_image(config, number)),
      in_(ctx.timeline, std::string(this->name()) + ".in", pipeline_end{this}),
      lane_(0, config.ports.size() + 2),
      reason_reset_(ctx.probe.text("hot reset")),
      reason_contained_(ctx.probe.text("contained")),
      msi_(space_, *this) {
    if (is_upstream())
        up_.emplace("port", static_cast<pcie::tlp_receiver&>(*this), pool);
    else
        down_.emplace("port", static_cast<pcie::tlp_receiver&>(*this), pool);
    if (!is_upstream() && config.ports[number - 1].dpc) {
        dpc_config c = *config.ports[number - 1].dpc;
        c.root_port_extensions = false;
        dpc_ = std::make_unique<dpc>(ctx, std::string(this->name()) + ".dpc", place_,
                                     base::routing_id{}, c, space_, static_cast<dpc_owner&>(*this));
    }
    if (is_upstream()) {
        space_.express().set_link_status(gen_, width_, true);
    } else {
        const auto& times = config.ports[number - 1].times;
        link_ = std::make_unique<port_link>(ctx, std::string(this->name()) + ".ltssm", space_, gen_,
                                            width_, times.value_or(pcie::link_times::of(gen_)),
                                            static_cast<port_link_owner&>(*this));
        if (config.ports[number - 1].slot)
            slot_ = std::make_unique<port_slot>(ctx, std::string(this->name()) + ".slot",
                                                *config.ports[number - 1].slot, space_,
                                                static_cast<port_slot_owner&>(*this));
    }
    number_messages();
    if (space_.vc().present()) channels_ = std::make_unique<pcie::channel_end>(space_);
    space_.listen(*this);
    windows_.decode(space_);
    routes_atomics_ = space_.express().routes_atomics();
}

void switch_port::receive(pcie::tlp_ptr t) {
    ++count_.received;
    if (dpc_) return dpc_->judge_up(std::move(t));
    into_pipeline(std::move(t));
}

void switch_port::judged_up(pcie::tlp_ptr t, containment_verdict v) {
    if (v == containment_verdict::pass) return into_pipeline(std::move(t));
    emit_dropped(*t, reason_contained_);
    free_buffer(*t);
}

void switch_port::into_pipeline(pcie::tlp_ptr t) {
    // The link has told of the last byte; the first one came a TLP's time ago.
    const base::ps left = cut_through_ - time_on_link(rate_, *t, gen_);
    in_.push(ctx_.now() + std::max(left, base::ps{0}), std::move(t));
}

// -- the way out ---------------------------------------------------------------------------------

switch_port::lane& switch_port::lane_of(unsigned vc) {
    if (vc == 0) return lane_;
    auto& l = other_lanes_[vc];
    if (!l) l = std::make_unique<lane>(vc, lane_.out.size());
    return *l;
}

void switch_port::send(unsigned ingress, pcie::tlp_ptr t) {
    lane& l = lane_of(channels_ ? channels_->map().channel_of(t->traffic_class) : 0);
    l.out[ingress].push(std::move(t));
    l.waiting |= std::uint64_t{1} << ingress;
    pump_soon();
}

void switch_port::credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t) {
    lane_.room[static_cast<std::size_t>(c)] += hdr;  // the link's stores count TLPs, not data
    if (lane_.waiting != 0) pump_soon();
}

void switch_port::channel_credits(unsigned vc, pcie::fc_class c, std::uint32_t hdr, std::uint32_t) {
    lane& l = lane_of(vc);
    l.room[static_cast<std::size_t>(c)] += hdr;
    if (l.waiting != 0) pump_soon();
}

void switch_port::pump_soon() {
    again_ = pumping_;
    // Decided after everything that arrives in this instant.
    if (pumping_ || ctx_.timeline.pending(soon_)) return;
    soon_ = ctx_.timeline.at(ctx_.now(), base::phase::serve, client_);
}

void switch_port::on_time(std::uint64_t) {
    pumping_ = true;
    pump(lane_);
    while (channels_) {  // what one channel sends may make room for another
        again_ = false;
        pump(lane_);
        for (const auto& l : other_lanes_)
            if (l) pump(*l);
        if (!again_) break;
    }
    pumping_ = false;
}

void switch_port::pump(lane& l) {
    std::array<base::candidate, switch_config::most_ports + 2> among;
    std::array<pcie::fc_class, switch_config::most_ports + 2> what;
    const auto may = [&l](pcie::fc_class c, const pcie::tlp&) {
        return l.room[static_cast<std::size_t>(c)] > 0;
    };
    while (l.waiting != 0) {
        std::size_t ready = 0;
        const std::uint64_t from_next = l.waiting & ~((std::uint64_t{1} << l.next) - 1);
        for (std::uint64_t half : {from_next, l.waiting & ~from_next})
            for (; half != 0; half &= half - 1) {
                const auto ingress = static_cast<unsigned>(std::countr_zero(half));
                const auto c = l.out[ingress].pick(may);
                if (!c) continue;
                what[ready] = *c;
                among[ready++] = {owner_.ingress_name(ingress), ingress};
            }
        if (ready == 0) break;
        const std::size_t chosen =
            ready == 1 ? 0 : ctx_.chooser->choose("switch_egress", {among.data(), ready});
        const auto ingress = static_cast<unsigned>(among[chosen].key);
        const pcie::fc_class c = what[chosen];
        l.next = static_cast<unsigned>((ingress + 1) % l.out.size());
        pcie::tlp_ptr t = l.out[ingress].pop(c);
        if (l.out[ingress].empty()) l.waiting &= ~(std::uint64_t{1} << ingress);
        --l.room[static_cast<std::size_t>(c)];
        ++count_.sent;
        const std::uint32_t data = t->data_credits();
        const unsigned came_in = t->virtual_channel;
        t->virtual_channel = static_cast<std::uint8_t>(l.vc);
        if (is_upstream())
            up_->send(std::move(t));
        else
            down_->send(std::move(t));
        owner_.left(ingress, came_in, c, data);
    }
}

void switch_port::free_buffer(unsigned vc, pcie::fc_class c, std::uint32_t data) {
    if (is_upstream())
        up_->free_buffer(vc, c, data);
    else
        down_->free_buffer(vc, c, data);
}

void switch_port::flush(bool deliverable_elsewhere) {
    flush(lane_, deliverable_elsewhere);
    for (const auto& l : other_lanes_)
        if (l) flush(*l, deliverable_elsewhere);
}

void switch_port::flush(lane& l, bool deliverable_elsewhere) {
    for (unsigned ingress = 0; ingress < l.out.size(); ++ingress)
        l.out[ingress].clear([&](pcie::tlp_ptr t) {
            if (deliverable_elsewhere) return owner_.undeliverable(ingress, number_, std::move(t));
            emit_dropped(*t, reason_reset_);
            owner_.left(ingress, *t);
        });
    l.waiting = 0;
}

// -- registers and link --------------------------------------------------------------------------

void switch_port::use_channels() {
    if (!channels_ || !channels_->decode()) return;
    if (is_upstream())
        up_->set_channels(channels_->map());
    else
        down_->set_channels(channels_->map());
}

void switch_port::config_written(std::uint16_t offset) {
    windows_.decode(space_);
    acs_.decode(space_);
    use_channels();
    owner_.registers_changed(number_);
    apply_link_control();
    apply_device_control();
    if (msi_.config_written(offset)) number_messages();
    if (dpc_) dpc_->config_written(offset);
    if (slot_ && offset == space_.express().at + slot_control) slot_->look();
    update_intx();
}

/// A level: containment and slot, where MSI does not tell.
void switch_port::update_intx() {
    if (is_upstream()) return;
    const bool wants = (dpc_ && dpc_->asks()) || (slot_ && slot_->asks());
    space_.registers().set(status_at, 2, interrupt_status, wants ? interrupt_status : 0);
    const bool asserted = wants && !space_.msi().enabled() && !space_.command().intx_disable;
    if (asserted != std::exchange(intx_, asserted)) owner_.own_intx(number_, asserted);
}

void switch_port::slot_control_written() {
    if (slot_) slot_->control_written();
}

void switch_port::number_messages() {
    if (dpc_) dpc_->set_message_number(msi_.message_of(dpc_message));
    if (slot_) slot_->set_message_number(msi_.message_of(slot_message));
}

void switch_port::apply_link_control() {
    if (is_upstream()) return;  // Link Disable is reserved there; its SBR resets the ports below
    const bool reset = (space_.registers().get16(bridge_windows::bridge_control + 2u) &
                        bridge_windows::secondary_bus_reset) != 0;
    link_->set_hold(link_hold::secondary_bus_reset, reset);
    link_->set_hold(link_hold::disabled, space_.express().link_disabled());
    if (space_.express().take_retrain() && link_up_) (*down_)->recovery(true);
}

void switch_port::apply_device_control() {
    digests_ = space_.aer().generates_ecrc();
    checks_ecrc_ = space_.aer().checks_ecrc();
    const std::uint16_t control = space_.express().device_control2();
    blocks_atomics_ = (control & pcie::express_view::atomic_egress_blocking) != 0;
    blocks_prefixes_ = (control & pcie::express_view::prefix_blocking) != 0;
}

std::optional<pcie::error> switch_port::blocked_error(const pcie::tlp& t) const {
    if (blocks_atomics_ && pcie::is_atomic(t.type)) return pcie::error::atomic_egress_blocked;
    if (blocks_prefixes_ && t.pasid) return pcie::error::prefix_blocked;
    return std::nullopt;
}

void switch_port::link_changed(bool up) {
    if (is_upstream()) {
        if (up == link_up_) return;
        space_.express().set_link_status(gen_, width_, up);
        return link_is(up);
    }
    const std::uint32_t capabilities =
        space_.registers().get32(space_.express().at + link_capabilities);
    if (link_->changed(up) && (capabilities & surprise_down_capable) != 0)
        detect(pcie::error::surprise_down, nullptr, false);
}

void switch_port::link_is(bool up) {
    link_up_ = up;
    if (!up) flush(true);
    owner_.link_changed(number_, up);
    if (up && dpc_) dpc_->link_trained();
}

void switch_port::link_active_changed() {
    if (slot_) slot_->link_active_changed();
}

void switch_port::reset(pcie::reset_kind kind) {
    in_.clear([this](pcie::tlp_ptr t) {
        emit_dropped(*t, reason_reset_);
        free_buffer(*t);
    });
    flush(false);
    const bool active = space_.express().link_active();
    space_.reset(kind);
    space_.express().set_link_status(gen_, width_, active);
    windows_.decode(space_);
    acs_.decode(space_);
    use_channels();
    number_messages();
    if (dpc_) {
        dpc_->config_written(static_cast<std::uint16_t>(space_.dpc().at + 4));
        dpc_->config_written(static_cast<std::uint16_t>(space_.dpc().at + 8));
    }
    if (slot_) slot_->port_reset();
    update_intx();
    id_ = {};
    apply_link_control();
    apply_device_control();
    owner_.registers_changed(number_);
}

void switch_port::detect(pcie::error e, const pcie::tlp* t, bool advisory) {
    ++count_.errors;
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(),
                        t != nullptr ? t->span : base::no_span, id_.value,
                        ctx_.probe.text(pcie::name_of(e)), advisory ? 0 : 1);
    const pcie::logged_error l = pcie::log_uncorrectable(space_, e, t, advisory);
    if (dpc_ && l.uncorrectable) return dpc_->own_error(l);  // which decides about its message
    if (l.message) own_message(*l.message);
}

void switch_port::own_message(pcie::msg_code code) {
    pcie::note_sent(space_, code);
    owner_.report(number_, code);
}

void switch_port::detect_correctable(unsigned bit, std::string_view text) {
    ++count_.errors;
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(), base::no_span, id_.value,
                        ctx_.probe.text(text), 0);
    if (const auto code = pcie::log_correctable(space_, bit)) owner_.report(number_, *code);
}

void switch_port::link_error_found(pcie::link_error e) {
    const pcie::link_error_info& i = info(e);
    if (!i.correctable) return detect(static_cast<pcie::error>(i.bit), nullptr, false);
    detect_correctable(i.bit, i.name);
}

void switch_port::emit_dropped(const pcie::tlp& t, std::uint32_t reason) {
    ++count_.dropped;
    if (ctx_.probe.wants(base::kind::tlp_dropped))
        ctx_.probe.emit(base::kind::tlp_dropped, place_, ctx_.now(), t.span,
                        static_cast<std::uint64_t>(t.type), reason, t.bytes(),
                        (std::uint64_t{t.requester.value} << 16) | t.tag);
}

}  // namespace drydock::root_complex
