// SPDX-License-Identifier: Apache-2.0
// A run that fails on its way leaves files that can be read.
#include <csignal>
#include <cstdlib>
#include <systemc>

#include "tests/platform/runs/whole_machine.h"
#include "tests/waves/files.h"
#include "tlm/base/context.h"
#include "waves/wave_index.h"

namespace drydock::tests {
namespace {

using namespace base::literals;

/// A third party's model that goes wrong at 500 us.
struct failing_part final : base::timeline_client {
    failing_part(base::context& ctx, void (*h)()) : how(h) {
        ctx.timeline.at(500_us, base::phase::serve, ctx.timeline.join("failing", *this));
    }
    void on_time(std::uint64_t) override { how(); }
    void (*how)();
};

/// Its files are complete and show the time until it went wrong.
void expect_files_of_a_run_that_fails(void (*how)(), const std::string& said) {
    const scratch s;
    const auto l = scenario::load(
        s.file("s.yaml", std::string(hardware) + clients + "end: {when: 2ms}\n"), {});
    run_files files;
    files.header = nlohmann::json::object();
    files.folder = s.path() / "run";
    std::filesystem::create_directory(files.folder);
    files.waves = files.trace = files.pcap = scenario::waves_window{};
    const auto simulate = [how](const scenario::run& r, const run_files& f, progress& p) {
        std::unique_ptr<failing_part> part;
        return simulate_with(
            r, f, p, [&](base::context& ctx) { part = std::make_unique<failing_part>(ctx, how); });
    };
    const runner::job job{&l.runs.front(), files};
    const auto outcome = runner::run_all({&job, 1}, 1, simulate, false, nullptr).front();
    EXPECT_EQ(outcome.is, runner::outcome::state::fault);
    EXPECT_NE(outcome.message.find(said), std::string::npos) << outcome.message;
    EXPECT_TRUE(outcome.files);
    const waves::wave_index index = waves::read_index(files.folder / "waves.fst");
    EXPECT_GT(index.end, 400_us);
    EXPECT_LE(index.end, 500_us);
    EXPECT_GT(index.signals.size(), 10u);
    EXPECT_GT(nlohmann::json::parse(waves::test::unzipped(files.folder / "trace.json.gz"))
                  .at("traceEvents")
                  .size(),
              100u);
    EXPECT_GT(std::filesystem::file_size(files.folder / "tlps.pcap"), 1000u);
}

TEST(Fault, sc_fatal_ends_the_run_and_its_waveform_and_packets_are_complete) {
    expect_files_of_a_run_that_fails([] { SC_REPORT_FATAL("/failing", "the part is broken"); },
                                     "the part is broken");
}

TEST(Fault, a_crash_ends_the_run_and_its_waveform_and_packets_are_complete) {
    expect_files_of_a_run_that_fails([] { std::raise(SIGSEGV); }, "ended by signal 11");
}

TEST(Fault, an_abort_ends_the_run_and_its_waveform_and_packets_are_complete) {
    expect_files_of_a_run_that_fails([] { std::abort(); }, "ended by signal 6");
}

}  // namespace
}  // namespace drydock::tests
