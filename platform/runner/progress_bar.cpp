// SPDX-License-Identifier: Apache-2.0
#include "platform/runner/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>

namespace drydock::runner {
namespace {

constexpr unsigned bar_cells = 24;

double share_done(const watcher::run_progress& r) {
    if (r.finished) return 1.0;
    if (r.end == base::never || r.end.count <= 0) return 0.0;
    return std::clamp(static_cast<double>(r.now.count) / static_cast<double>(r.end.count), 0.0,
                      1.0);
}

}  // namespace

std::string bar_text(std::span<const watcher::run_progress> runs, double events_per_second,
                     unsigned columns) {
    double done = 0, simulated_ms = 0;
    std::size_t finished = 0;
    for (const auto& r : runs) {
        done += share_done(r);
        simulated_ms += static_cast<double>(r.now.count) / 1e9;
        finished += r.finished ? 1 : 0;
    }
    const double share = runs.empty() ? 1.0 : done / static_cast<double>(runs.size());
    const auto filled = static_cast<unsigned>(share * bar_cells);
    std::string bar(filled, '=');
    if (filled < bar_cells) bar += '>';
    bar.resize(bar_cells, ' ');
    std::string s =
        fmt::format("[{}] {:3.0f}%  {}/{} runs  {:.1f} ms simulated  {:.2f} M events/s", bar,
                    share * 100.0, finished, runs.size(), simulated_ms, events_per_second / 1e6);
    if (s.size() > columns) s.resize(columns);
    return s;
}

void progress_bar::show(std::span<const run_progress> runs) {
    const auto now = clock::now();
    if (drawn_ && now - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = now;
    drawn_ = true;
    std::uint64_t events = 0;
    for (const auto& r : runs) events += r.events;
    const double seconds = std::max(1e-3, std::chrono::duration<double>(now - began_).count());
    std::fprintf(out_, "\r%s\x1b[K",
                 bar_text(runs, static_cast<double>(events) / seconds, 100).c_str());
    std::fflush(out_);
}

progress_bar::~progress_bar() {
    if (drawn_) std::fputs("\r\x1b[K", out_);
}

}  // namespace drydock::runner
