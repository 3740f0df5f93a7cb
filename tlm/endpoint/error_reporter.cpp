// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/error_reporter.h"

namespace drydock::endpoint {

error_reporter::error_reporter(base::context& ctx, base::place_id place, pcie::config_space& config,
                               messenger& m)
    : ctx_(ctx), place_(place), config_(config), messenger_(m) {}

void error_reporter::report(pcie::error error, bool advisory, const pcie::tlp* t,
                            base::routing_id function) {
    ++counts_[static_cast<std::size_t>(error)];
    if (ctx_.probe.wants(base::kind::error_logged)) {
        const pcie::aer_view aer = config_.aer();
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
    if (const auto message = pcie::log_error(config_, error, t, advisory))
        messenger_.send_error(*message);
}

void error_reporter::note(std::string_view text, base::routing_id function, base::span_id span) {
    if (ctx_.probe.wants(base::kind::error_logged))
        ctx_.probe.emit(base::kind::error_logged, place_, ctx_.now(), span, function.value,
                        ctx_.probe.text(text));
}

}  // namespace drydock::endpoint
