// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/errors.h"

#include <array>
#include <bit>
#include <vector>

#include "tlm/pcie/codec.h"

namespace drydock::pcie {
namespace {

constexpr unsigned command_status = 0x04;
constexpr std::uint32_t signaled_system_error = 1u << 30;  // Status[14]
// Root Error Status
constexpr unsigned root_status = 0x30, sources = 0x34;
constexpr std::uint32_t root_cor = 1, root_cor_multiple = 2, root_unc = 4, root_unc_multiple = 8,
                        root_first_fatal = 16, root_nonfatal = 32, root_fatal = 64;
constexpr unsigned control = 0x18, prefix_log = 0x38;
constexpr std::uint32_t first_error_pointer = 0x1f, prefix_log_present = 1u << 11;

/// Header log, prefix log and First Error Pointer.
void log_header(config_space& config, unsigned bit, const tlp& t) {
    aer_view aer = config.aer();
    std::array<std::uint8_t, 16> header{};
    const std::vector<std::uint8_t> bytes = pack(t);
    const std::size_t skip = t.pasid ? 4 : 0;
    for (std::size_t i = 0; i < t.header_bytes(); ++i) header[i] = bytes[skip + i];
    aer.log_first(bit, header.data());
    if (!config.express().prefixes_supported()) return;
    std::uint32_t prefix = 0;
    for (std::size_t i = 0; i < skip; ++i) prefix = (prefix << 8) | bytes[i];
    config.registers().set(aer.at + control, 4, prefix_log_present,
                           t.pasid ? prefix_log_present : 0);
    config.registers().set(aer.at + prefix_log, 4, 0xffff'ffff, prefix);
}

bool reports(const config_space& config, msg_code code) {
    const device_control_bits d = config.device_control();
    switch (code) {
        case msg_code::err_cor:
            return d.correctable_reporting;
        case msg_code::err_nonfatal:
            return d.nonfatal_reporting || config.command().serr;
        default:
            return d.fatal_reporting || config.command().serr;
    }
}

}  // namespace

std::string_view name_of(error e) {
    switch (e) {
        case error::data_link_protocol:
            return "data_link_protocol";
        case error::surprise_down:
            return "surprise_down";
        case error::poisoned:
            return "poisoned";
        case error::fc_protocol:
            return "fc_protocol";
        case error::completion_timeout:
            return "completion_timeout";
        case error::completer_abort:
            return "completer_abort";
        case error::unexpected_completion:
            return "unexpected_completion";
        case error::receiver_overflow:
            return "receiver_overflow";
        case error::malformed:
            return "malformed";
        case error::ecrc:
            return "ecrc";
        case error::unsupported_request:
            return "unsupported_request";
        case error::acs_violation:
            return "acs_violation";
        case error::internal:
            return "internal";
        case error::mc_blocked:
            return "mc_blocked";
        case error::atomic_egress_blocked:
            return "atomic_egress_blocked";
        case error::prefix_blocked:
            return "prefix_blocked";
        case error::poisoned_egress_blocked:
            return "poisoned_egress_blocked";
    }
    return "unknown";
}

std::array<std::uint32_t, 4> header_log_of(const tlp& t) {
    const std::vector<std::uint8_t> bytes = pack(t);
    const std::size_t skip = t.pasid ? 4 : 0;
    std::array<std::uint32_t, 4> log{};
    for (std::size_t i = 0; i < t.header_bytes(); ++i)
        log[i / 4] |= std::uint32_t{bytes[skip + i]} << (24 - 8 * (i % 4));
    return log;
}

void note_sent(config_space& config, msg_code code) {
    if (code == msg_code::err_cor || !config.command().serr) return;
    config.registers().set(command_status, 4, signaled_system_error, signaled_system_error);
}

logged_error log_uncorrectable(config_space& config, error e, const tlp* header, bool advisory) {
    const auto bit = static_cast<unsigned>(e);
    aer_view aer = config.aer();
    const std::uint32_t severity = aer.present() ? aer.severity() : aer_view::default_severity;
    const bool fatal = ((severity >> bit) & 1) != 0;
    advisory = advisory && !fatal;
    const bool is_ur = e == error::unsupported_request;
    if (express_view x = config.express(); x.present())
        x.set_device_status(
            static_cast<std::uint16_t>((advisory ? express_view::correctable_detected
                                        : fatal  ? express_view::fatal_detected
                                                 : express_view::nonfatal_detected) |
                                       (is_ur ? express_view::unsupported_request_detected : 0)));
    bool masked = false;
    if (aer.present()) {
        const bool log_taken = aer.first_error_taken();
        aer.set_uncorrectable(1u << bit);
        masked = ((aer.uncorrectable_mask() >> bit) & 1) != 0;
        if (advisory) {
            aer.set_correctable(aer_view::advisory_bit);
            masked = masked || (aer.correctable_mask() & aer_view::advisory_bit) != 0;
        }
        if (!log_taken) {
            // A pointer left over from an error that software has cleared names no error.
            config.registers().set(aer.at + control, 4, first_error_pointer, 0);
            if (!masked && header != nullptr) log_header(config, bit, *header);
        }
    }
    logged_error result{!masked && !advisory, fatal, std::nullopt};
    const msg_code code = advisory ? msg_code::err_cor
                          : fatal  ? msg_code::err_fatal
                                   : msg_code::err_nonfatal;
    const bool serr_path = !advisory && config.command().serr;
    const bool told = !is_ur || config.device_control().unsupported_request_reporting || serr_path;
    if (!masked && told && reports(config, code)) result.message = code;
    return result;
}

std::optional<msg_code> log_error(config_space& config, error e, const tlp* header, bool advisory) {
    const logged_error l = log_uncorrectable(config, e, header, advisory);
    if (l.message) note_sent(config, *l.message);
    return l.message;
}

std::optional<msg_code> log_correctable(config_space& config, unsigned bit) {
    if (express_view x = config.express(); x.present())
        x.set_device_status(express_view::correctable_detected);
    aer_view aer = config.aer();
    if (aer.present()) {
        aer.set_correctable(1u << bit);
        if (((aer.correctable_mask() >> bit) & 1) != 0) return std::nullopt;
    }
    return reports(config, msg_code::err_cor) ? std::optional(msg_code::err_cor) : std::nullopt;
}

tlp_ptr make_error_message(tlp_pool& pool, msg_code code, base::routing_id reporter) {
    tlp_ptr t = pool.make();
    t->type = tlp_type::msg;
    t->code = code;
    t->routing = msg_routing::to_root;
    t->requester = reporter;
    return t;
}

bool passes_to_root(config_space& port, msg_code code) {
    constexpr std::size_t bridge_control = 0x3e;
    return (port.registers().get16(bridge_control) & 2) != 0 && reports(port, code);
}

bool root_errors_ask(config_space& port) {
    const aer_view aer = port.aer();
    if (!aer.present()) return false;
    const std::uint32_t s = aer.root_status(), enabled = aer.root_command();
    return ((s & root_cor) != 0 && (enabled & 1) != 0) ||
           ((s & root_nonfatal) != 0 && (enabled & 2) != 0) ||
           ((s & root_fatal) != 0 && (enabled & 4) != 0);
}

bool record_root_error(config_space& port, msg_code code, base::routing_id source) {
    aer_view aer = port.aer();
    if (!aer.present()) return false;
    const bool asked = root_errors_ask(port);
    const std::uint32_t status = aer.root_status();
    std::uint32_t set;
    if (code == msg_code::err_cor) {
        set = (status & root_cor) != 0 ? root_cor_multiple : root_cor;
        if ((status & root_cor) == 0)
            port.registers().set(aer.at + sources, 2, 0xffff, source.value);
    } else {
        const bool is_fatal = code == msg_code::err_fatal;
        set = is_fatal ? root_fatal : root_nonfatal;
        if ((status & root_unc) != 0) {
            set |= root_unc_multiple;
        } else {
            set |= root_unc | (is_fatal ? root_first_fatal : 0);
            port.registers().set(aer.at + sources + 2u, 2, 0xffff, source.value);
        }
    }
    port.registers().set(aer.at + root_status, 4, set, set);
    return !asked && root_errors_ask(port);
}

}  // namespace drydock::pcie
