// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/harness.h"

#include <stdexcept>

#include "tlm/pcie/config_image_builder.h"
#include "tlm/smmu/translator.h"

namespace drydock::bench {
namespace {

// SMMU registers (SMMUv3 6.3).
constexpr std::uint64_t cr0 = 0x20, strtab_base = 0x80, strtab_base_cfg = 0x88, cmdq_base = 0x90,
                        eventq_base = 0xa0;
constexpr std::uint64_t smmuen = 1, eventqen = 4, cmdqen = 8;
constexpr unsigned strtab_log2 = 10;

endpoint::endpoint_config device_config(unsigned atc_entries) {
    pcie::function_ids ids;
    ids.vendor = 0x1d1d;
    ids.device = 0xa750;
    endpoint::endpoint_config c;
    c.image = pcie::config_image_builder(ids)
                  .bar(0, 64 * 1024)
                  .express({})
                  .msix({})
                  .power({})
                  .aer({})
                  .ats({})
                  .build();
    c.atc.entries = atc_entries;
    return c;
}

constexpr std::uint64_t ecam_of(unsigned bus, unsigned device, unsigned offset) {
    return harness::ecam + (std::uint64_t{bus} << 20) + (device << 15) + offset;
}

}  // namespace

cpu_port::cpu_port(sc_core::sc_module_name name, base::timeline& t)
    : sc_module(name), socket("socket"), timeline_(t) {
    socket.bind(*this);
}

bool cpu_port::begin(tlm::tlm_command command, std::uint64_t at, unsigned bytes) {
    gp_.set_command(command);
    gp_.set_address(at);
    gp_.set_data_ptr(reinterpret_cast<unsigned char*>(&data));
    gp_.set_data_length(bytes);
    gp_.set_streaming_width(bytes);
    gp_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time none;
    return socket->nb_transport_fw(gp_, phase, none) == tlm::TLM_COMPLETED ||
           phase == tlm::BEGIN_RESP;
}

tlm::tlm_sync_enum cpu_port::nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase& phase,
                                             sc_core::sc_time&) {
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
    timeline_.stop();
    phase = tlm::END_RESP;
    return tlm::TLM_COMPLETED;
}

harness::harness(unsigned atc_entries)
    : monitors(ctx, monitors::monitor_parameters::declared_in(ctx.parameters)),
      kernel("timeline", ctx.timeline),
      bus("bus"),
      memory("memory", ctx),
      smmu("smmu", ctx, tlps, {}, 1),
      rc("rc", ctx, tlps, {}),
      link("link", ctx, tlps, {}),
      below("device", ctx, tlps, device_config(atc_entries), &tapped_atc::make),
      device(below.function()),
      cpu("cpu", ctx.timeline),
      software(ctx.timeline),
      atc(tapped_atc::latest()) {
    bind();
    write_tables();
    start();
    enumerate();
    enable_smmu();
}

void harness::bind() {
    cpu.socket.bind(bus.add_initiator("cpu"));
    smmu.memory.bind(bus.add_initiator("smmu"));
    bus.add_target("memory", base::phys_addr{ram}, std::uint64_t{1} << 30).bind(memory.socket);
    bus.add_target("smmu", base::phys_addr{registers}, 0x2'0000).bind(smmu.registers);
    bus.add_target("rc", base::phys_addr{ecam}, std::uint64_t{256} << 20).bind(rc.cpu);
    rc.posted(0).bind(smmu.posted(0));
    rc.non_posted(0).bind(smmu.non_posted(0));
    smmu.ats(0).bind(rc.ats(0));
    rc.port(0).bind(link.up);
    link.down.bind(below.port);
    smmu.set_directory(rc);
}

void harness::start() {
    struct stopper final : base::timeline_client {
        explicit stopper(base::timeline& t) : timeline(t) {}
        void on_time(std::uint64_t) override { timeline.stop(); }
        base::timeline& timeline;
    };
    stopper first(ctx.timeline);
    software.connect(first);
    software.call_after(base::ps{1});
    run();
}

void harness::run() {
    kernel.run_alone();
    if (!ctx.timeline.stopped()) throw std::runtime_error("nothing is left to do");
}

std::uint64_t harness::read(std::uint64_t at, unsigned bytes) {
    cpu.data = 0;
    if (!cpu.begin(tlm::TLM_READ_COMMAND, at, bytes)) run();
    return cpu.data;
}

void harness::write(std::uint64_t at, std::uint64_t value, unsigned bytes) {
    cpu.data = value;
    if (!cpu.begin(tlm::TLM_WRITE_COMMAND, at, bytes)) run();
}

/// STE: valid, stage 1, EATS full; CD: TTB0 with 4 KiB granule and 48 bits, TTB1 off (SMMUv3 5.2,
/// 5.4).
void harness::write_tables() {
    const std::uint64_t ste = strtab + 64u * function.value;
    memory.store<std::uint64_t>(base::phys_addr{ste}, 1 | 5u << 1 | cds);
    memory.store<std::uint64_t>(base::phys_addr{ste + 8}, 1u << 28);
    constexpr std::uint64_t t0sz = 16, t1sz = 16u << 16, tg1 = 2u << 22, epd1 = 1u << 30,
                            valid = 1u << 31, ips = std::uint64_t{5} << 32,
                            aa64 = std::uint64_t{1} << 41, record = std::uint64_t{1} << 45,
                            abort = std::uint64_t{1} << 46, asid = std::uint64_t{1} << 48;
    memory.store<std::uint64_t>(base::phys_addr{cds}, t0sz | t1sz | tg1 | epd1 | valid | ips |
                                                          aa64 | record | abort | asid);
    memory.store<std::uint64_t>(base::phys_addr{cds + 8}, root_table);
}

void harness::map(std::uint64_t pages) {
    constexpr std::uint64_t af = 1u << 10, ng = 1u << 11, user = 1u << 6;
    for (std::uint64_t n = 0; n < pages; ++n) {
        const std::uint64_t va = first_page + n * 4096;
        std::uint64_t table = root_table;
        for (unsigned level = 0; level < 3; ++level) {
            const base::phys_addr at{table + (va >> (39 - 9 * level) & 0x1ff) * 8};
            if (memory.load<std::uint64_t>(at) == 0)
                memory.store<std::uint64_t>(at, (next_table_ += 4096) | 3);
            table = memory.load<std::uint64_t>(at) & 0x0000'ffff'ffff'f000u;
        }
        memory.store<std::uint64_t>(base::phys_addr{table + (va >> 12 & 0x1ff) * 8},
                                    (ram + 0x1000'0000 + n * 4096) | af | ng | user | 3);
    }
}

void harness::enumerate() {
    write(ecam_of(0, 1, 0x18), 1u << 8 | 1u << 16, 4);  // secondary and subordinate bus 1
    write(ecam_of(0, 1, 0x04), 6, 2);                   // memory space, bus master
    const unsigned express = device.config_space().express().at;
    const unsigned ats = device.config_space().ats().at;
    write(ecam_of(1, 0, express + 8), 2u << 12 | 1u << 8 | 1u << 5, 2);  // MRRS 512, tags, MPS 256
    write(ecam_of(1, 0, 0x04), 6, 2);
    write(ecam_of(1, 0, ats + 6), 0x8000, 2);  // Enable
    if (device.routing_id() != function) throw std::runtime_error("the function has no bus");
    smmu.set_queue_depth(function, 32);
}

void harness::enable_smmu() {
    write(registers + strtab_base, strtab, 8);
    write(registers + strtab_base_cfg, strtab_log2, 4);
    write(registers + cmdq_base, cmdq | queue_log2, 8);
    write(registers + eventq_base, eventq | queue_log2, 8);
    write(registers + cr0, smmuen | eventqen | cmdqen, 4);
}

window::state window::now() const {
    const auto& store = h_.atc.inner().store();
    const auto& smmu = h_.smmu.translation().counters();
    state s;
    s.records = h_.ctx.timeline.records_run();
    s.allocations = allocations();
    s.sets_probed = store.invalidate_work().sets_probed + store.lookup_work().sets_probed;
    s.entries_touched =
        store.invalidate_work().entries_touched + store.lookup_work().entries_touched;
    s.lookups = smmu.lookups;
    s.tlb_hits = smmu.tlb_hits;
    s.seconds = cpu_seconds();
    return s;
}

void window::open() { begin_ = now(); }

void window::close(std::uint64_t operations) {
    end_ = now();
    operations_ = operations;
    if (h_.monitors.broken()) throw std::runtime_error(h_.monitors.violations().dump());
}

measurement window::result() const {
    measurement m;
    m.seconds = end_.seconds - begin_.seconds;
    m.operations = operations_;
    m.records = end_.records - begin_.records;
    m.allocations = end_.allocations - begin_.allocations;
    m.sets_probed = end_.sets_probed - begin_.sets_probed;
    m.entries_touched = end_.entries_touched - begin_.entries_touched;
    m.bare_seconds = bare_timeline_seconds(m.records, bare_pending);
    return m;
}

}  // namespace drydock::bench
