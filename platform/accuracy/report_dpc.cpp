// SPDX-License-Identifier: Apache-2.0
#include "platform/accuracy/report_dpc.h"

#include <fmt/format.h>

#include "platform/accuracy/report_columns.h"

namespace drydock::accuracy {
namespace {

using nlohmann::json;

constexpr auto cycle = static_cast<double>(dpc_clock.count);
constexpr double ns = 1'000;

char set_of(const dpc_measurement& m) { return m.of->calibrates ? 'A' : 'B'; }

std::string open_table(const std::vector<dpc_measurement>& all) {
    std::string text = fmt::format(
        "\nOpen loop, DPC containment: what the rtl was given into both; handed in to answered, "
        "cycles of {} ns\n{}",
        cycle / ns, error_heading("answers"));
    for (const dpc_measurement& m : all) {
        error_samples every;
        for (const error_samples& s : m.by_stage) every.add(s);
        text += error_row(m.of->name, set_of(m), every.result(), cycle,
                          m.same_order ? "same" : "DIFFER");
    }
    for (const bool calibrating : {true, false})
        for (std::size_t s = 0; s < dpc_stages; ++s) {
            error_samples every;
            for (const dpc_measurement& m : all)
                if (m.of->calibrates == calibrating) every.add(m.by_stage[s]);
            if (const errors e = every.result(); e.count > 0)
                text += error_row(fmt::format("  {}", dpc_stage_names[s]), calibrating ? 'A' : 'B',
                                  e, cycle, fmt::format("{} times", e.count));
        }
    return text;
}

std::string closed_table(const std::vector<dpc_measurement>& all) {
    std::string text = "\nClosed loop, DPC containment: from containment to its release, ns\n" +
                       closed_heading("");
    for (const dpc_measurement& m : all) text += closed_row(m.of->name, set_of(m), m, "");
    return text;
}

std::string speed(const std::vector<dpc_measurement>& all) {
    double twin = 0, rtl = 0;
    std::uint64_t calls = 0;
    for (const dpc_measurement& m : all) {
        twin += m.twin_seconds;
        rtl += m.rtl_seconds;
        calls += m.calls;
    }
    return fmt::format("  {} calls replayed, tlm {:.2f} s, rtl {:.2f} s, {:.1f} times\n", calls,
                       twin, rtl, rtl / twin);
}

json of(const dpc_measurement& m) {
    json by_stage = json::object();
    for (std::size_t s = 0; s < dpc_stages; ++s)
        if (const errors e = m.by_stage[s].result(); e.count > 0)
            by_stage[dpc_stage_names[s]] = error_json(e, cycle);
    return {{"name", m.of->name},
            {"text", m.of->text},
            {"set", std::string(1, set_of(m))},
            {"parameter_set", m.of->large ? "large" : "small"},
            {"containments", m.containments},
            {"open_loop",
             {{"calls", m.calls},
              {"same_order", m.same_order},
              {"seconds", {{"rtl", m.rtl_seconds}, {"tlm", m.twin_seconds}}},
              {"stages", by_stage}}},
            {"closed_loop", closed_json(m)}};
}

}  // namespace

std::string as_text(const std::vector<dpc_measurement>& all) {
    return all.empty() ? "" : open_table(all) + closed_table(all) + speed(all);
}

json as_json(const std::vector<dpc_measurement>& all) {
    json j{{"block_clock_ns", cycle / ns}, {"patterns", json::array()}};
    for (const dpc_measurement& m : all) j["patterns"].push_back(of(m));
    return j;
}

}  // namespace drydock::accuracy
