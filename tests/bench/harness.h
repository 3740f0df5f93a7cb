// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <tlm>

#include "platform/monitors/monitor_set.h"
#include "tests/bench/measure.h"
#include "tests/bench/tapped_atc.h"
#include "tlm/base/register_observer.h"
#include "tlm/base/timeline_kernel.h"
#include "tlm/endpoint/device.h"
#include "tlm/pcie/link.h"
#include "tlm/root_complex/root_complex.h"
#include "tlm/smmu/smmu.h"
#include "tlm/system/bus.h"
#include "tlm/system/memory.h"

namespace drydock::bench {

/// What bare_timeline_seconds() keeps pending: about as many records as the harness has.
inline constexpr unsigned bare_pending = 32;

/// A CPU that makes one access at a time.
class cpu_port final : public sc_core::sc_module, tlm::tlm_bw_transport_if<> {
public:
    cpu_port(sc_core::sc_module_name name, base::timeline& t);
    tlm::tlm_initiator_socket<64> socket;

    /// @return whether the answer came in the call; if not the timeline is stopped when it comes
    bool begin(tlm::tlm_command command, std::uint64_t at, unsigned bytes);
    std::uint64_t data = 0;

private:
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time&) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    base::timeline& timeline_;
    tlm::tlm_generic_payload gp_;
};

/// The one timeline client of the benchmark, joined before the run; calls whoever is connected.
class software_client final : base::timeline_client {
public:
    explicit software_client(base::timeline& t) : timeline_(t), id_(t.join("software", *this)) {}
    void connect(base::timeline_client& c) { to_ = &c; }
    /// Calls it then, as the last thing of that instant.
    void call_at(base::ps when) { timeline_.at(when, base::phase::software, id_); }
    void call_after(base::ps delay) { timeline_.after(delay, base::phase::software, id_); }

private:
    void on_time(std::uint64_t op) override { to_->on_time(op); }
    base::timeline& timeline_;
    base::timeline::client_id id_;
    base::timeline_client* to_ = nullptr;
};

/// Hardware without software: memory, SMMU, root complex, a gen4 x8 link and an endpoint, bound,
/// enumerated and enabled, its tables written directly into memory; all monitors listen. One per
/// process.
class harness {
public:
    /// Memory: stream table, CD, command and event queue, page tables.
    static constexpr std::uint64_t ram = 0x4000'0000, strtab = ram, cds = ram + 0x10'0000,
                                   cmdq = ram + 0x20'0000, eventq = ram + 0x30'0000,
                                   root_table = ram + 0x40'0000, tables = ram + 0x50'0000;
    static constexpr std::uint64_t registers = 0x0900'0000, ecam = 0x40'1000'0000;
    static constexpr unsigned queue_log2 = 8;
    /// The function, 01:00.0, and the first of the mapped pages.
    static constexpr base::routing_id function{0x0100};
    static constexpr std::uint64_t first_page = 0x1'0000'0000;

    explicit harness(unsigned atc_entries);
    harness(const harness&) = delete;
    harness& operator=(const harness&) = delete;

    /// Maps `pages` pages of 4 KiB from first_page on.
    void map(std::uint64_t pages);
    /// Runs until somebody stops the timeline. @throws std::runtime_error if nothing is left before
    void run();
    std::uint64_t read(std::uint64_t at, unsigned bytes);
    void write(std::uint64_t at, std::uint64_t value, unsigned bytes);

    base::context ctx;
    pcie::tlp_pool tlps;
    monitors::monitor_set monitors;
    base::timeline_kernel kernel;
    system::bus bus;
    system::memory memory;
    smmu::smmu smmu;
    root_complex::root_complex rc;
    pcie::link link;
    endpoint::device below;
    endpoint::endpoint& device;
    cpu_port cpu;
    software_client software;
    tapped_atc& atc;

private:
    void bind();
    void start();
    void write_tables();
    void enumerate();
    void enable_smmu();
    std::uint64_t next_table_ = tables;
};

/// Marks the measured part of an experiment: CPU time and exact work between open() and close().
class window {
public:
    explicit window(harness& h) : h_(h) {}
    void open();
    void close(std::uint64_t operations);
    /// Of the closed window, with the bare timeline's cost beside it.
    measurement result() const;
    /// SMMU lookups and TLB hits inside the window.
    std::uint64_t lookups() const { return end_.lookups - begin_.lookups; }
    std::uint64_t tlb_hits() const { return end_.tlb_hits - begin_.tlb_hits; }

private:
    struct state {
        double seconds = 0;
        std::uint64_t records = 0, allocations = 0, sets_probed = 0, entries_touched = 0;
        std::uint64_t lookups = 0, tlb_hits = 0;
    };
    state now() const;
    harness& h_;
    state begin_{}, end_{};
    std::uint64_t operations_ = 0;
};

}  // namespace drydock::bench
