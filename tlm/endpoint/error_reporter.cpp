// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/error_reporter.h"

namespace drydock::endpoint {

error_reporter::error_reporter(base::context& ctx, base::place_id place, pcie::config_space& config,
                               pcie::config_space* physical, messenger& m)
    : ctx_(ctx), place_(place), config_(config), physical_(physical), messenger_(m) {}

void error_reporter::report(pcie::error error, bool advisory, const pcie::tlp* t,
                            base::routing_id function) {
    if (const auto message = log(error, advisory, t, function)) messenger_.send_error(*message);
}

std::optional<pcie::msg_code> error_reporter::log(pcie::error error, bool advisory,
                                                  const pcie::tlp* t, base::routing_id function) {
    ++counts_[static_cast<std::size_t>(error)];
    if (ctx_.probe.wants(base::kind::error_logged)) {
        const pcie::aer_view aer = (physical_ != nullptr ? *physical_ : config_).aer();
        const std::uint32_t severities =
            aer.present() ? aer.severity() : pcie::aer_view::default_severity;
        const bool fatal = (severities >> static_cast<unsigned>(error) & 1) != 0;
        const std::uint64_t severity = fatal      ? 2
                                       : advisory ? 0
                                                  : 1;  // fatal, correctable, non-fatal
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(),
                        t != nullptr ? t->span : base::no_span, function.value,
                        ctx_.probe.text(pcie::name_of(error)), severity);
    }
    return physical_ != nullptr ? log_virtual(error, advisory)
                                : pcie::log_error(config_, error, t, advisory);
}

/// A virtual function has its own Device Status and nothing else (PCIe, SR-IOV); it has no AER
/// (choice).
std::optional<pcie::msg_code> error_reporter::log_virtual(pcie::error error, bool advisory) {
    using view = pcie::express_view;
    const auto bit = static_cast<unsigned>(error);
    const pcie::aer_view aer = physical_->aer();
    const std::uint32_t severity =
        aer.present() ? aer.severity() : pcie::aer_view::default_severity;
    const bool fatal = (severity >> bit & 1) != 0;
    advisory = advisory && !fatal;
    const bool is_ur = error == pcie::error::unsupported_request;
    config_.express().set_device_status(
        static_cast<std::uint16_t>((advisory ? view::correctable_detected
                                    : fatal  ? view::fatal_detected
                                             : view::nonfatal_detected) |
                                   (is_ur ? view::unsupported_request_detected : 0)));
    if (aer.present() &&
        ((aer.uncorrectable_mask() >> bit & 1) != 0 ||
         (advisory && (aer.correctable_mask() & pcie::aer_view::advisory_bit) != 0)))
        return std::nullopt;
    const pcie::device_control_bits d = physical_->device_control();
    if (is_ur && !d.unsupported_request_reporting) return std::nullopt;
    if (advisory)
        return d.correctable_reporting ? std::optional(pcie::msg_code::err_cor) : std::nullopt;
    if (fatal) return d.fatal_reporting ? std::optional(pcie::msg_code::err_fatal) : std::nullopt;
    return d.nonfatal_reporting ? std::optional(pcie::msg_code::err_nonfatal) : std::nullopt;
}

std::optional<pcie::msg_code> error_reporter::log(pcie::link_error error,
                                                  base::routing_id function) {
    const pcie::link_error_info& i = info(error);
    if (!i.correctable) return log(static_cast<pcie::error>(i.bit), false, nullptr, function);
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(), base::no_span, function.value,
                        ctx_.probe.text(i.name), 0);
    return pcie::log_correctable(config_, i.bit);
}

void error_reporter::note(std::string_view text, base::routing_id function, base::span_id span) {
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(), span, function.value,
                        ctx_.probe.text(text));
}

}  // namespace drydock::endpoint
