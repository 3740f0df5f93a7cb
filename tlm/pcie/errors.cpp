// SPDX-License-Identifier: Apache-2.0
#include "tlm/pcie/errors.h"

#include <array>
#include <bit>
#include <vector>

#include "tlm/pcie/codec.h"

namespace drydock::pcie {
namespace {

void log_header(aer_view& aer, unsigned bit, const tlp* t) {
    std::array<std::uint8_t, 16> header{};
    if (t != nullptr) {
        const std::vector<std::uint8_t> bytes = pack(*t);
        const std::size_t skip = t->pasid ? 4 : 0;
        for (std::size_t i = 0; i < t->header_bytes(); ++i) header[i] = bytes[skip + i];
    }
    aer.log_first(bit, header.data());
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

std::optional<msg_code> log_error(config_space& config, error e, const tlp* header, bool advisory) {
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
        if (!masked && !log_taken) log_header(aer, bit, header);
    }
    if (masked) return std::nullopt;
    const msg_code code = advisory ? msg_code::err_cor
                          : fatal  ? msg_code::err_fatal
                                   : msg_code::err_nonfatal;
    if (!reports(config, code)) return std::nullopt;
    const bool serr_path = !advisory && config.command().serr;
    if (is_ur && !config.device_control().unsupported_request_reporting && !serr_path)
        return std::nullopt;
    return code;
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

bool record_root_error(config_space& port, msg_code code, base::routing_id source) {
    aer_view aer = port.aer();
    if (!aer.present()) return false;
    constexpr unsigned root_status = 0x30, sources = 0x34;
    constexpr std::uint32_t cor = 1, cor_multiple = 2, unc = 4, unc_multiple = 8, first_fatal = 16,
                            nonfatal = 32, fatal = 64;
    const auto asks = [&] {
        const std::uint32_t s = aer.root_status(), enabled = aer.root_command();
        return ((s & cor) != 0 && (enabled & 1) != 0) ||
               ((s & nonfatal) != 0 && (enabled & 2) != 0) ||
               ((s & fatal) != 0 && (enabled & 4) != 0);
    };
    const bool asked = asks();
    const std::uint32_t status = aer.root_status();
    std::uint32_t set;
    if (code == msg_code::err_cor) {
        set = (status & cor) != 0 ? cor_multiple : cor;
        if ((status & cor) == 0) port.registers().set(aer.at + sources, 2, 0xffff, source.value);
    } else {
        const bool is_fatal = code == msg_code::err_fatal;
        set = is_fatal ? fatal : nonfatal;
        if ((status & unc) != 0) {
            set |= unc_multiple;
        } else {
            set |= unc | (is_fatal ? first_fatal : 0);
            port.registers().set(aer.at + sources + 2u, 2, 0xffff, source.value);
        }
    }
    port.registers().set(aer.at + root_status, 4, set, set);
    return !asked && asks();
}

}  // namespace drydock::pcie
