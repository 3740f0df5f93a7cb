// SPDX-License-Identifier: Apache-2.0
// `inject: {device: ep0, error: ecrc}`: a function or a port detects an error of AER. What it does
// to registers, messages, containment and software is as if it had happened; nothing else is.
// `error: err_fatal_message`: only the message, of which its own registers know nothing.
#include <algorithm>

#include "platform/machine/machine.h"
#include "platform/scenario/nearest.h"
#include "tlm/pcie/errors.h"

namespace drydock::machine {
namespace {

using pcie::error;

enum class found_by : std::uint8_t { function, port, either };
enum class shape : std::uint8_t { none, write, read, completion };  ///< of the TLP at fault

/// One line per error: what AER calls it, who may detect it, the TLP that the header log shows.
struct error_line {
    std::string_view name;
    found_by by;
    std::uint8_t bit;
    bool correctable = false;
    shape tlp = shape::none;
    bool advisory = false;
    pcie::msg_code message{};  ///< sent, and nothing detected
};

constexpr std::uint8_t bit(error e) { return static_cast<std::uint8_t>(e); }
constexpr std::uint8_t corrected_internal_bit = 14, header_log_overflow_bit = 15;

constexpr auto errors = std::to_array<error_line>({
    {"surprise_down", found_by::port, bit(error::surprise_down)},
    {"poisoned", found_by::either, bit(error::poisoned), false, shape::write},
    {"completion_timeout", found_by::either, bit(error::completion_timeout)},
    {"completer_abort", found_by::either, bit(error::completer_abort), false, shape::write},
    {"unexpected_completion", found_by::either, bit(error::unexpected_completion), false,
     shape::completion},
    {"malformed", found_by::either, bit(error::malformed), false, shape::write},
    {"ecrc", found_by::either, bit(error::ecrc), false, shape::write},
    {"unsupported_request", found_by::either, bit(error::unsupported_request), false, shape::write},
    {"acs_violation", found_by::port, bit(error::acs_violation), false, shape::write},
    {"internal", found_by::either, bit(error::internal)},
    {"mc_blocked", found_by::port, bit(error::mc_blocked), false, shape::write},
    {"atomic_egress_blocked", found_by::port, bit(error::atomic_egress_blocked), false,
     shape::write},
    {"prefix_blocked", found_by::port, bit(error::prefix_blocked), false, shape::write},
    {"poisoned_egress_blocked", found_by::port, bit(error::poisoned_egress_blocked), false,
     shape::write},
    {"advisory_non_fatal", found_by::either, bit(error::unsupported_request), false, shape::read,
     true},
    {"corrected_internal", found_by::either, corrected_internal_bit, true},
    {"header_log_overflow", found_by::either, header_log_overflow_bit, true},
    {"err_cor_message", found_by::either, 0, false, shape::none, false, pcie::msg_code::err_cor},
    {"err_nonfatal_message", found_by::either, 0, false, shape::none, false,
     pcie::msg_code::err_nonfatal},
    {"err_fatal_message", found_by::either, 0, false, shape::none, false,
     pcie::msg_code::err_fatal},
});

const error_line* line_of(std::string_view name) {
    const auto found = std::find_if(errors.begin(), errors.end(),
                                    [&](const error_line& e) { return e.name == name; });
    return found == errors.end() ? nullptr : &*found;
}

std::vector<std::string> names_for(found_by who) {
    std::vector<std::string> names;
    for (const error_line& e : errors)
        if (e.by == found_by::either || e.by == who) names.emplace_back(e.name);
    return names;
}

/// A TLP as the header log shows it: one DW at address 0x1000.
pcie::tlp_ptr tlp_of(const error_line& e, pcie::tlp_pool& pool, base::routing_id requester) {
    if (e.tlp == shape::none) return {};
    pcie::tlp_ptr t = pool.make();
    t->requester = requester;
    if (e.tlp == shape::completion) {
        t->type = pcie::tlp_type::cpl;
        t->byte_count = 4;
        return t;
    }
    t->type = e.tlp == shape::read ? pcie::tlp_type::mrd : pcie::tlp_type::mwr;
    t->address = 0x1000;
    t->length = 1;
    t->first_be = 0xf;
    t->poisoned = e.bit == bit(error::poisoned) || e.bit == bit(error::poisoned_egress_blocked);
    return t;
}

template <class Detector>
void detect(Detector& at, const error_line& e, const pcie::tlp_ptr& t) {
    if (e.message != pcie::msg_code{})
        at.tell(e.message);
    else if (e.correctable)
        at.detect_correctable(e.bit, e.name);
    else
        at.detect(static_cast<error>(e.bit), t ? &*t : nullptr, e.advisory);
}

}  // namespace

void machine::inject_error(const scenario::do_inject& v) {
    const error_line& e = *line_of(v.error);
    const base::routing_id requester =
        v.port.empty() ? hardware_.seat_of(v.device).id : base::routing_id{};
    const pcie::tlp_ptr t = tlp_of(e, hardware_.tlps(), requester);
    if (v.port.empty()) return detect(*hardware_.seat_of(v.device).device, e, t);
    if (auto* root = hardware_.root_port_named(v.port)) return detect(*root, e, t);
    detect(*hardware_.switch_port_named(v.port), e, t);
}

void machine::check_error(const scenario::do_inject& v, const scenario::place& where) {
    const error_line* e = line_of(v.error);
    const auto here = names_for(v.port.empty() ? found_by::function : found_by::port);
    if (v.error == "poisoned_egress_blocked" && !v.port.empty() &&
        !hardware_.port(v.port).dpc().present())
        throw scenario::bad_input(where, "error: '" + v.error +
                                             "' exists with Downstream Port Containment; expected "
                                             "dpc: true at the port");
    if (std::find(here.begin(), here.end(), v.error) != here.end()) return;
    if (e != nullptr)
        throw scenario::bad_input(where, "error: '" + v.error +
                                             "' is detected by ports; expected port: in place of "
                                             "device:");
    throw scenario::bad_input(
        where, "there is no error '" + v.error + "'" + scenario::did_you_mean(v.error, here));
}

}  // namespace drydock::machine
