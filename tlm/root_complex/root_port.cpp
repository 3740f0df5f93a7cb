// SPDX-License-Identifier: Apache-2.0
// A root port: configuration space, links' and errors' side, the way down.
#include "tlm/root_complex/root_port.h"

#include "tlm/pcie/config_image_builder.h"

namespace drydock::root_complex {
namespace {

constexpr auto fc_completion = pcie::fc_class::completion;
constexpr std::uint32_t smmu_posted_room = 64, smmu_completion_room = 64;

// Type-1 header, PCIe.
constexpr std::uint16_t bus_numbers = 0x18, memory_window = 0x20, prefetchable_window = 0x24,
                        prefetchable_base_high = 0x28, prefetchable_limit_high = 0x2c,
                        bridge_control = 0x3c;
constexpr std::uint16_t secondary_bus_reset =
    0x40;  // Bridge Control[6], in the upper half of DW 0x3c

pcie::config_image make_image(const root_port_config& c, unsigned index) {
    pcie::function_ids ids;
    ids.vendor = c.vendor;
    ids.device = c.device;
    ids.class_code = 0x060400;  // PCI-to-PCI bridge
    pcie::express_fields x;
    x.type = pcie::port_type::root_port;
    x.max_payload = c.max_payload;
    x.flr = false;
    x.prefixes = c.prefixes;
    x.gen = c.gen;
    x.width = c.width;
    x.port_number = index + 1;
    x.rrs_visibility = true;
    pcie::config_image image =
        pcie::config_image_builder(ids, true).express(x).power({}).aer({}).build();
    const std::uint16_t express_at = image.bytes[0x34];
    if (c.rcb == 128) image.set16(express_at + 0x10u, 8);  // LnkCtl RCB, fixed by a port
    return image;
}

}  // namespace

root_port::root_port(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
                     upstream_request_pool& requests, const root_complex_config& rc, unsigned index,
                     root_port_owner& owner)
    : sc_module(name),
      link("link", *this, pool),
      ats("ats", ats_end_, pool),
      ctx_(ctx),
      pool_(pool),
      requests_(requests),
      config_(rc.ports[index]),
      index_(index),
      owner_(owner),
      id_(pcie::make_routing_id(0, index + 1, 0)),
      latency_(rc.pipeline + rc.port),
      place_(ctx.probe.place(this->name())),
      client_(ctx.timeline.join(this->name(), *this)),
      posted_channel_("posted", posted_owner_),
      non_posted_channel_("non_posted", non_posted_owner_),
      space_(make_image(config_, index)),
      down_(ctx.timeline, std::string(this->name()) + ".down", to_link{this}),
      up_(ctx.timeline, std::string(this->name()) + ".up", from_link{this}),
      posted_queue_(64),
      reads_(64),
      translations_(64),
      completions_(64),
      reason_link_down_(ctx.probe.text("link down")),
      reason_malformed_(ctx.probe.text("malformed")),
      reason_refused_(ctx.probe.text("unsupported request")),
      reason_not_routed_(ctx.probe.text("not routed")) {
    space_.listen(*this);
    space_.express().set_link_status(config_.gen, config_.width, true);
}

void root_port::start_of_simulation() {
    ats.credit_return(pcie::fc_class::posted, smmu_posted_room, UINT32_MAX);
    ats.credit_return(pcie::fc_class::non_posted, 1, UINT32_MAX);  // the SMMU has none to send
    ats.credit_return(pcie::fc_class::completion, smmu_completion_room, UINT32_MAX);
}

void root_port::config_written(std::uint16_t offset) {
    const pcie::config_registers& r = space_.registers();
    switch (offset) {
        case bus_numbers:
            owner_.buses_changed();
            break;
        case memory_window:
            memory_.first = std::uint64_t{r.get16(memory_window) & 0xfff0u} << 16;
            memory_.last = (std::uint64_t{r.get16(memory_window + 2u) & 0xfff0u} << 16) | 0xfffff;
            break;
        case prefetchable_window:
        case prefetchable_base_high:
        case prefetchable_limit_high:
            prefetchable_.first = (std::uint64_t{r.get32(prefetchable_base_high)} << 32) |
                                  (std::uint64_t{r.get16(prefetchable_window) & 0xfff0u} << 16);
            prefetchable_.last =
                (std::uint64_t{r.get32(prefetchable_limit_high)} << 32) |
                (std::uint64_t{r.get16(prefetchable_window + 2u) & 0xfff0u} << 16) | 0xfffff;
            break;
        default:
            break;
    }
    const bool wanted = !space_.express().link_disabled() &&
                        (r.get16(bridge_control + 2u) & secondary_bus_reset) == 0;
    const bool decides =
        offset == bridge_control || offset == space_.find(pcie::express_view::id, false) + 0x10u;
    if (!decides || wanted == link_up_) return;
    link.set_link(wanted);
    link_changed(wanted);  // where a device is bound without a link between
}

bool root_port::window_has(std::uint64_t address, std::uint64_t bytes) const {
    const std::uint64_t last = address + (bytes - 1);
    if (!space_.command().memory || last < address) return false;
    return (address >= memory_.first && last <= memory_.last) ||
           (address >= prefetchable_.first && last <= prefetchable_.last);
}

void root_port::link_changed(bool up) {
    if (up == link_up_) return;
    link_up_ = up;
    space_.express().set_link_status(config_.gen, config_.width, up);
    ats.set_link(up);
    owner_.link_changed(index_, up);
}

void root_port::detect(pcie::error e, const pcie::tlp* t, bool advisory) {
    ++count_.errors;
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(),
                        t != nullptr ? t->span : base::no_span, id_.value,
                        ctx_.probe.text(pcie::name_of(e)), advisory ? 0 : 1);
    // An error of the root port itself counts like a received message.
    if (const auto code = pcie::log_error(space_, e, t, advisory))
        if (pcie::record_root_error(space_, *code, id_)) ++count_.interrupts;
}

void root_port::emit_dropped(const pcie::tlp& t, std::uint32_t reason) {
    ++count_.dropped;
    if (ctx_.probe.wants(base::kind::tlp_dropped))
        ctx_.probe.emit(base::kind::tlp_dropped, place_, ctx_.now(), t.span,
                        static_cast<std::uint64_t>(t.type), reason, t.bytes(),
                        (std::uint64_t{t.requester.value} << 16) | t.tag);
}

// -- the way down --------------------------------------------------------------------------------

void root_port::from_smmu(pcie::tlp_ptr t) {
    const bool by_id = t->is_message() && t->routing == pcie::msg_routing::by_id;
    const std::uint8_t bus = pcie::bus_of(t->target);
    if (by_id && (bus < secondary() || bus > subordinate())) {  // P-021
        detect(pcie::error::unsupported_request, t.get(), false);
        emit_dropped(*t, reason_not_routed_);
        ats.credit_return(t->flow_class(), 1, t->data_credits());
        return;
    }
    // Translation Completions are as many as the requests that were let in; only messages hold
    // their place.
    if (t->is_completion()) ats.credit_return(fc_completion, 1, t->data_credits());
    send_down(std::move(t));
}

void root_port::reach_link(pcie::tlp_ptr t) {
    if (t->is_message()) ats.credit_return(t->flow_class(), 1, t->data_credits());
    if (!link_up_) return drop_downward(*t);
    egress_.push(std::move(t));
    pump_down();
}

void root_port::drop_downward(const pcie::tlp& t) {
    emit_dropped(t, reason_link_down_);
    if (t.type == pcie::tlp_type::mwr) {
        --writes_inside_;
        owner_.write_left(index_);
    } else if (t.flow_class() == pcie::fc_class::non_posted) {
        owner_.request_lost(index_, t.tag);
    }
}

void root_port::pump_down() {
    while (!egress_.empty()) {
        const auto c = egress_.pick([this](pcie::fc_class k, const pcie::tlp&) {
            return link_room_[static_cast<std::size_t>(k)] > 0;
        });
        if (!c) return;
        --link_room_[static_cast<std::size_t>(*c)];
        pcie::tlp_ptr t = egress_.pop(*c);
        const bool cpu_write = t->type == pcie::tlp_type::mwr;
        link.send(std::move(t));
        if (cpu_write) {
            --writes_inside_;
            owner_.write_left(index_);
        }
    }
}

void root_port::credits(pcie::fc_class c, std::uint32_t hdr, std::uint32_t) {
    link_room_[static_cast<std::size_t>(c)] += hdr;  // the link's stores count TLPs, not data
    pump_down();
}

}  // namespace drydock::root_complex
