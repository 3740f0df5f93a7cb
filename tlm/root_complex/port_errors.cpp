// SPDX-License-Identifier: Apache-2.0
#include "tlm/root_complex/port_errors.h"

#include <utility>

namespace drydock::root_complex {
namespace {

using pcie::msg_code;

constexpr unsigned secondary_status = 0x1e;
constexpr std::uint16_t received_system_error = 0x4000;  // Secondary Status[14]
constexpr unsigned root_control = 0x1c;                  // in the PCIe capability
constexpr unsigned root_command = 0x2c, root_status = 0x30;

/// System Error on Correctable, Non-Fatal, Fatal Error Enable: Root Control[2:0].
unsigned system_error_bit(msg_code code) {
    switch (code) {
        case msg_code::err_cor:
            return 1;
        case msg_code::err_nonfatal:
            return 2;
        default:
            return 4;
    }
}

}  // namespace

port_errors::port_errors(base::context& ctx, base::place_id place, base::routing_id id,
                         pcie::config_space& space, port_errors_owner& owner)
    : ctx_(ctx), place_(place), id_(id), space_(space), owner_(owner) {}

void port_errors::detect(pcie::error e, const pcie::tlp* t, bool advisory) {
    ++count_;
    const pcie::logged_error l = pcie::log_uncorrectable(space_, e, t, advisory);
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(),
                        t != nullptr ? t->span : base::no_span, id_.value,
                        ctx_.probe.text(pcie::name_of(e)),
                        l.fatal    ? 2
                        : advisory ? 0
                                   : 1);
    if (l.uncorrectable && owner_.may_contain(l)) return;
    if (l.message) own_message(*l.message);
}

void port_errors::detect(pcie::link_error e) {
    const pcie::link_error_info& i = info(e);
    if (!i.correctable) return detect(static_cast<pcie::error>(i.bit), nullptr, false);
    detect_correctable(i.bit, i.name);
}

void port_errors::own_message(msg_code code) {
    pcie::note_sent(space_, code);
    record(code, id_);
}

void port_errors::detect_correctable(unsigned bit, std::string_view text) {
    ++count_;
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(), base::no_span, id_.value,
                        ctx_.probe.text(text), 0);
    if (const auto code = pcie::log_correctable(space_, bit)) own_message(*code);
}

void port_errors::message(msg_code code, base::routing_id source) {
    if (code != msg_code::err_cor)
        space_.registers().set(secondary_status, 2, received_system_error, received_system_error);
    if (!pcie::passes_to_root(space_, code)) return;
    pcie::note_sent(space_, code);
    record(code, source);
}

void port_errors::record(msg_code code, base::routing_id source) {
    pcie::record_root_error(space_, code, source);
    const std::uint16_t enabled = space_.registers().get16(space_.express().at + root_control);
    if ((enabled & system_error_bit(code)) != 0) system_error();
    look();
}

void port_errors::look() {
    const bool asks = pcie::root_errors_ask(space_);
    if (asks && !std::exchange(asked_, asks)) owner_.root_error_interrupt();
    asked_ = asks;
}

void port_errors::config_written(std::uint16_t offset) {
    const std::uint16_t at = space_.aer().at;
    if (offset == at + root_command || offset == at + root_status) look();
}

void port_errors::set_message_number(unsigned n) {
    space_.registers().set(space_.aer().at + root_status, 4, 0xf800'0000, n << 27);
}

}  // namespace drydock::root_complex
