// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <gtkwave/fstapi.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/waves/files.h"
#include "waves/sink.h"

namespace drydock::waves {
namespace {

using base::kind;
using base::ps;
using base::span_class;
using base::span_id;

/// Signals that a GTKWave save file shows: "+{what the reader sees} name".
std::vector<std::string> signals_of(const std::string& view) {
    std::vector<std::string> result;
    std::ifstream in(view);
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("+{")) result.push_back(line.substr(line.find("} ") + 2));
    return result;
}

std::set<std::string> names_in(const std::filesystem::path& file) {
    std::set<std::string> names;
    void* reader = fstReaderOpen(file.string().c_str());
    if (reader == nullptr) return names;
    while (const fstHier* h = fstReaderIterateHier(reader)) {
        if (h->htyp == FST_HT_SCOPE) fstReaderPushScope(reader, h->u.scope.name, nullptr);
        if (h->htyp == FST_HT_UPSCOPE) fstReaderPopScope(reader);
        if (h->htyp == FST_HT_VAR)
            names.insert(std::string(fstReaderGetCurrentFlatScope(reader)) + "." + h->u.var.name);
    }
    fstReaderClose(reader);
    return names;
}

/// What the default scenario's machine tells, two of each where transactions overlap.
void default_machine_speaks(base::context& ctx) {
    const auto tell = [&](kind k, const char* where, std::uint32_t span, std::uint64_t a = 0,
                          std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0) {
        ctx.probe.emit(k, ctx.probe.place(where), ps{1000}, span_id{span}, a, b, c, d);
    };
    const auto text = [&](const char* t) { return ctx.probe.text(t); };
    tell(kind::span_begin, "sw.sva0.unmap", 1, std::uint64_t(span_class::unmap), 0, 0x0100);
    tell(kind::span_begin, "sw.net.unmap", 2, std::uint64_t(span_class::unmap), 0, 0x0200);
    tell(kind::span_begin, "sw.R", 3, std::uint64_t(span_class::reset), 0, 0x0100);
    tell(kind::sw_point, "sw.R", 3, text("r0"), 0x0100);
    for (std::uint64_t cpu = 0; cpu < 4; ++cpu) {
        tell(kind::sw_irqs_off, "sw.cpu", 0, cpu);
        tell(kind::sw_task, "sw.sva0.unmap", 0, cpu, text("runs"));
        tell(kind::sw_interrupt, "sw.cpu", 0, cpu, text("gerror"), 1);
    }
    tell(kind::function_state, "ep0", 0, 0x0100, text("flr"));
    tell(kind::error_logged, "ep0", 0, 0x0100, text("an error"));
    tell(kind::sw_device_blocked, "sw.R", 0, 0x0100, 1);
    tell(kind::gerror, "smmu", 0, 1, 0);
    tell(kind::cerror, "smmu", 0, 3, 7);
    tell(kind::violation, "monitors", 0, text("warn"), 0x0100, text("rule"));
    for (std::uint32_t i = 0; i < 2; ++i) {
        tell(kind::itag_taken, "smmu.invalidation_tracker", 10 + i, i, 0x0100, 31 - i);
        for (const char* wire : {"rp0_link.down", "rp0_link.up", "rp1_link.down", "rp1_link.up"})
            tell(kind::tlp_sent, wire, 0, 1, 0x1000 * i, 64, i);
    }
}

TEST(View, every_signal_of_the_default_scenarios_view_is_in_its_wave_file) {
    const auto file = test::scratch("waves.fst");
    base::context ctx;
    file_header header;
    header.names.add(base::routing_id{0x0100}, "ep0");
    auto out = open_fst(ctx, file, {}, header);
    default_machine_speaks(ctx);
    out->close();
    const auto there = names_in(file);
    const auto shown = signals_of(DRYDOCK_VIEWS "/flr_under_unmap.gtkw");
    ASSERT_GT(shown.size(), 15u);
    for (const std::string& signal : shown) EXPECT_TRUE(there.contains(signal)) << signal;
}

}  // namespace
}  // namespace drydock::waves
