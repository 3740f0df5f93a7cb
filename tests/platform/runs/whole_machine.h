// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "platform/expect/expect.h"
#include "platform/expect/metrics.h"
#include "platform/runner/runner.h"
#include "tests/platform/support.h"

namespace drydock::tests {

/// Two devices: ep0 with an ATC that is reset or broken, and the innocent nic.
inline constexpr const char* hardware = R"(machine:
  smmu: {invalidate_timeout: 200us}
  cpus: 4
  irq: {gerror: {cpu: 3}}  # the clients' CPUs poll with interrupts off
  ports:
    rp0:
      device: {name: ep0, like: generic_ats_endpoint, atc: {entries: 64, ways: 4}, flr_time: 1ms}
    rp1:
      device: {name: nic, like: myricom_10g}
software: {reset: {variant: none}, pci: {flr_wait: 1ms}}
)";
inline constexpr const char* clients = R"(clients:
  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, dma: {burst: 4 x 256B, every: 5us}, unmap: {every: 5us}}
  net: {kind: dma_client, device: nic, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 10us, unmap: {every: 10us}}
)";

/// The entry of summary.json, judged. Each run is a process of its own.
inline nlohmann::json run_text(const std::string& text,
                               const runner::simulate_function& simulate = drydock::simulate,
                               bool until_violation = false) {
    const scratch s;
    const auto l = scenario::load(s.file("s.yaml", text), {});
    run_files files;
    files.until_violation = until_violation;
    const runner::job job{&l.runs.front(), files};
    auto outcome = runner::run_all({&job, 1}, 1, simulate, until_violation, nullptr).front();
    EXPECT_EQ(outcome.is, runner::outcome::state::done) << outcome.message;
    if (outcome.is != runner::outcome::state::done) return {};
    expect::judge(l.runs.front(), outcome.entry);
    return outcome.entry;
}

/// The two devices and their clients, and the rest of a scenario.
inline nlohmann::json run(const std::string& rest,
                          const runner::simulate_function& simulate = drydock::simulate,
                          bool until_violation = false) {
    return run_text(std::string(hardware) + clients + rest, simulate, until_violation);
}

/// A machine with its clients, and what befalls it until the end.
inline nlohmann::json play(const std::string& machine, const std::string& faults,
                           const std::string& until) {
    return run_text(machine + "timeline: [" + faults + "]\nend: {when: " + until + "}\n");
}

inline std::int64_t counter(const nlohmann::json& r, const std::string& name) {
    return r.at("counters").at(name);
}
/// One of the software's.
inline std::int64_t count(const nlohmann::json& r, const std::string& name) {
    return counter(r, "sw." + name);
}
inline std::int64_t bursts(const nlohmann::json& r, const char* client) {
    return r.at("clients").at(client).at("dma").at("done");
}
inline std::int64_t timeouts(const nlohmann::json& r) {
    return r.at("latency").at("invalidation").at("timeouts");
}
inline std::int64_t completed(const nlohmann::json& r, const char* device) {
    return r.at("devices").at(device).at("invalidations").at("completed");
}
inline std::int64_t done(const nlohmann::json& r, const char* client) {
    return r.at("clients").at(client).at("unmap").at("done");
}

}  // namespace drydock::tests
