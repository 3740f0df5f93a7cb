// SPDX-License-Identifier: Apache-2.0
// A root port: configuration space, links' and errors' side, the way down.
#include "tlm/root_complex/root_port.h"

#include "tlm/pcie/config_image_builder.h"

namespace drydock::root_complex {
namespace {

constexpr std::uint16_t bus_numbers = 0x18, header_end = 0x40;
constexpr unsigned link_control = 0x10;      // in the PCIe capability
constexpr unsigned cxl_port_control = 0x0c;  // in CXL's DVSEC for ports
constexpr unsigned slot_control = 0x18;      // and Slot Status, in the same DW
constexpr unsigned power_control = 0x04;     // in the Power Management capability

pcie::config_image make_image(const root_port_config& c, unsigned index) {
    pcie::function_ids ids;
    ids.vendor = c.vendor;
    ids.device = c.device;
    ids.class_code = 0x060400;  // PCI-to-PCI bridge
    ids.interrupt_pin = 1;
    pcie::express_fields x;
    x.type = pcie::port_type::root_port;
    x.max_payload = c.max_payload;
    x.flr = false;
    x.prefixes = c.prefixes;
    x.gen = c.gen;
    x.width = c.width;
    x.port_number = index + 1;
    x.rrs_visibility = true;
    x.ari_forwarding = true;
    x.surprise_down = c.surprise_down;
    x.atomic_completer = c.atomics;
    pcie::config_image_builder b(ids, true);
    b.express(x).power({});
    if (c.msi_vectors_log2)
        b.msi({.vectors_log2 = *c.msi_vectors_log2, .wide = true, .maskable = true});
    b.aer({.ecrc = c.ecrc});
    if (c.acs != 0) b.acs({.services = c.acs});
    if (c.dpc)
        b.dpc({.root_port_extensions = c.dpc->root_port_extensions,
               .poisoned_egress_blocking = c.dpc->poisoned_egress_blocking,
               .software_trigger = c.dpc->software_trigger,
               .pio_log_size = c.dpc->pio_log_size});
    if (c.cxl) b.cxl_port({});
    if (c.virtual_channels > 1)
        b.vc({.channels = c.virtual_channels, .low_priority = c.low_priority_channels});
    pcie::config_image image = b.build();
    const std::uint16_t express_at = image.bytes[0x34];
    if (c.slot) port_slot::describe(image, express_at, *c.slot);
    if (c.rcb == 128) image.set16(express_at + 0x10u, 8);  // LnkCtl RCB, fixed by a port
    return image;
}

}  // namespace

root_port::root_port(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                     upstream_request_pool& requests, const root_complex_config& rc, unsigned index,
                     root_port_owner& owner)
    : sc_module(name),
      link("link", *this, pool),
      ctx_(ctx),
      pool_(pool),
      config_(rc.ports[index]),
      index_(index),
      owner_(owner),
      id_(pcie::make_routing_id(0, index + 1, 0)),
      latency_(rc.pipeline + rc.port),
      place_(ctx.probe.place(this->name())),
      client_(ctx.timeline.join(this->name(), *this)),
      lane_("", pool, requests, index, config_.outstanding_reads, link,
            static_cast<upstream_lane_owner&>(*this)),
      space_(make_image(config_, index)),
      errors_(ctx, place_, id_, space_, *this),
      link_state_(ctx, std::string(this->name()) + ".ltssm", space_, config_.gen, config_.width,
                  config_.times.value_or(pcie::link_times::of(config_.gen)), *this),
      msi_(space_, *this),
      down_(ctx.timeline, std::string(this->name()) + ".down", to_port_end{this}),
      up_(ctx.timeline, std::string(this->name()) + ".up", from_link{this}),
      reason_link_down_(ctx.probe.text("link down")),
      reason_malformed_(ctx.probe.text("malformed")),
      reason_refused_(ctx.probe.text("unsupported request")),
      reason_not_routed_(ctx.probe.text("not routed")),
      reason_contained_(ctx.probe.text("contained")),
      reason_blocked_(ctx.probe.text("blocked at egress")),
      reason_ecrc_(ctx.probe.text("ecrc")) {
    if (config_.dpc) {
        dpc_ = std::make_unique<dpc>(ctx, std::string(this->name()) + ".dpc", place_, id_,
                                     *config_.dpc, space_, static_cast<dpc_owner&>(*this));
        if (config_.dpc->poisoned_egress_blocking)  // PCIe AER: bit 26 is masked by default
            space_.registers().declare_rw(
                space_.aer().at + 8u, 4, pcie::aer_view::default_mask_with_egress_blocking,
                pcie::aer_view::default_mask_with_egress_blocking, pcie::retention::sticky);
    }
    if (config_.slot)
        slot_ = std::make_unique<port_slot>(ctx, std::string(this->name()) + ".slot", *config_.slot,
                                            space_, static_cast<port_slot_owner&>(*this));
    if (config_.virtual_channels > 1) channels_ = std::make_unique<pcie::channel_end>(space_);
    for (unsigned n = 1; n < config_.virtual_channels; ++n)
        other_lanes_.push_back(std::make_unique<upstream_lane>(
            "_vc" + std::to_string(n), pool, requests, index, config_.outstanding_reads, link,
            static_cast<upstream_lane_owner&>(*this)));
    number_messages();
    space_.listen(*this);
}

void root_port::start_of_simulation() {
    lane_.advertise();
    for (const auto& l : other_lanes_) l->advertise();
}

void root_port::config_written(std::uint16_t offset) {
    if (offset < header_end || offset == space_.power().at + power_control) windows_.decode(space_);
    if (offset == bus_numbers) owner_.buses_changed();
    const pcie::cxl_port_view cxl = space_.cxl_port();
    if (offset == bridge_windows::bridge_control || offset == space_.express().at + link_control ||
        (cxl.present() && offset == cxl.at + cxl_port_control)) {
        const std::uint16_t control = space_.registers().get16(bridge_windows::bridge_control + 2u);
        // Below a CXL port neither has an effect unless it is unmasked (P-136).
        link_state_.set_hold(link_hold::disabled,
                             space_.express().link_disabled() && cxl.link_disable_unmasked());
        link_state_.set_hold(
            link_hold::secondary_bus_reset,
            (control & bridge_windows::secondary_bus_reset) != 0 && cxl.sbr_unmasked());
        if (space_.express().take_retrain() && link_up()) link->recovery(true);
    }
    if (space_.acs().present()) acs_.decode(space_);
    digests_ = space_.aer().generates_ecrc();
    checks_ecrc_ = space_.aer().checks_ecrc();
    if (channels_ && space_.vc().has(offset) && channels_->decode())
        link.set_channels(channels_->map());
    errors_.config_written(offset);
    if (msi_.config_written(offset)) number_messages();
    if (dpc_) dpc_->config_written(offset);
    if (slot_ && offset == space_.express().at + slot_control) slot_->look();
    look_for_pme();
}

void root_port::slot_control_written() {
    if (slot_) slot_->control_written();
}

void root_port::emit_dropped(const pcie::tlp& t, std::uint32_t reason) {
    ++count_.dropped;
    if (ctx_.probe.wants(base::kind::tlp_dropped))
        ctx_.probe.emit(base::kind::tlp_dropped, place_, ctx_.now(), t.span,
                        static_cast<std::uint64_t>(t.type), reason, t.bytes(),
                        (std::uint64_t{t.requester.value} << 16) | t.tag);
}

// -- the way down --------------------------------------------------------------------------------

void root_port::from_smmu(upstream_lane& by, pcie::tlp_ptr t) {
    const bool by_id = t->is_message() && t->routing == pcie::msg_routing::by_id;
    const std::uint8_t bus = pcie::bus_of(t->target);
    if (by_id && (bus < secondary() || bus > subordinate())) {  // P-021
        detect(pcie::error::unsupported_request, t.get(), false);
        emit_dropped(*t, reason_not_routed_);
        by.ats.credit_return(t->flow_class(), 1, t->data_credits());
        return;
    }
    // Translation Completions are as many as the requests that were let in; only messages hold
    // their place.
    if (t->is_completion()) by.ats.credit_return(t->flow_class(), 1, t->data_credits());
    send_down(std::move(t));
}

void root_port::reach_link(pcie::tlp_ptr t) {
    if (t->is_message()) lane_.ats.credit_return(t->flow_class(), 1, t->data_credits());
    if (dpc_)
        dpc_->judge_down(std::move(t));
    else
        to_link(std::move(t));
}

void root_port::to_link(pcie::tlp_ptr t) {
    if (!link_up())
        return end_downward(*t, pcie::cpl_status::unsupported_request, reason_link_down_);
    if (blocked(*t))
        return end_downward(*t, pcie::cpl_status::unsupported_request, reason_blocked_);
    const unsigned vc = channels_ ? channels_->map().channel_of(t->traffic_class) : 0;
    t->virtual_channel = static_cast<std::uint8_t>(vc);
    t->digest = digests_;  // also where a peer's completion came with one
    t->digest_bad = false;
    egress& e = egress_of(vc);
    e.waiting.push(std::move(t));
    pump_down(e);
}

/// A TLP that does not leave the port.
void root_port::end_downward(const pcie::tlp& t, pcie::cpl_status status, std::uint32_t reason) {
    emit_dropped(t, reason);
    if (t.type == pcie::tlp_type::mwr) {
        --writes_inside_;
        owner_.write_left(index_);
    } else if (t.flow_class() == pcie::fc_class::non_posted) {
        owner_.request_lost(index_, t.tag, status);
    }
}

root_port::egress& root_port::egress_of(unsigned vc) {
    if (vc == 0) return egress_;
    auto& e = other_egress_[vc];
    if (!e) e = std::make_unique<egress>();
    return *e;
}

void root_port::pump_down(egress& e) {
    while (!e.waiting.empty()) {
        const auto c = e.waiting.pick([&e](pcie::fc_class k, const pcie::tlp&) {
            return e.room[static_cast<std::size_t>(k)] > 0;
        });
        if (!c) return;
        --e.room[static_cast<std::size_t>(*c)];
        pcie::tlp_ptr t = e.waiting.pop(*c);
        const bool cpu_write = t->type == pcie::tlp_type::mwr;
        link.send(std::move(t));
        if (cpu_write) {
            --writes_inside_;
            owner_.write_left(index_);
        }
    }
}

void root_port::credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t) {
    egress_.room[static_cast<std::size_t>(c)] += hdr;  // the link's stores count TLPs, not data
    pump_down(egress_);
}

void root_port::channel_credits(unsigned vc, pcie::fc_class c, std::uint32_t hdr, std::uint32_t) {
    egress& e = egress_of(vc);
    e.room[static_cast<std::size_t>(c)] += hdr;
    pump_down(e);
}

void root_port::channel_changed(unsigned vc, bool active) { channels_->set_active(vc, active); }

}  // namespace drydock::root_complex
