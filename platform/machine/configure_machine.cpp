// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "platform/devices/description.h"
#include "platform/machine/configure.h"

namespace drydock::machine {
namespace {

using namespace base::literals;

/// PCIe capability's Max_Payload_Size Supported of an image, bytes (DevCap[2:0]: 128 << code).
unsigned max_payload(const pcie::config_image& image) {
    for (const auto& c : pcie::list_capabilities(image))
        if (!c.extended && c.id == 0x10) return 128u << (image.u32(c.offset + 4u) & 7);
    return 128;
}

void cost(declarer& d, std::string_view name, sw::hal::duration& field, std::string description) {
    base::ps t{field.count()};
    d.time(name, t, 0_ps, 1_ms, std::move(description));
    field = sw::hal::duration{t.count};
}

/// What the LTSSM of a port's link takes (PCIe, model numbers).
pcie::link_times configure_times(base::parameters& p, const std::string& port, unsigned gen) {
    pcie::link_times t = pcie::link_times::of(gen);
    declarer d(p, port + "_link");
    d.time("training", t.training, 1_ns, 100_s,
           "Detect to L0; default 20 ms up to gen2, 50 ms from gen3 on");
    d.time("down_visible", t.down_visible, 1_ns, 100_s,
           "from a port that takes its link down to Data Link Layer Link Active = 0");
    return t;
}

/// Buffers that both ends advertise for each virtual channel, where there are several.
void configure_channels(declarer& d, const scenario::port& port, pcie::link_config& c) {
    if (port.channels.empty()) return;
    using pcie::fc_class;
    const auto buffers = [&](unsigned n, pcie::credit_limits& down, pcie::credit_limits& up) {
        const auto credit = [&](const char* name, fc_class k, bool header) {
            const auto field = [&](pcie::credit_limits& of) -> std::uint32_t& {
                pcie::credit_limit& l = of[static_cast<std::size_t>(k)];
                return header ? l.header : l.data;
            };
            std::uint32_t v = field(down);
            d.number("vc" + std::to_string(n) + "." + name, v, 0, header ? 127 : 2047,
                     header ? "TLPs" : "16 B", "initial credits at both ends; 0: infinite");
            field(down) = field(up) = v;
        };
        credit("posted_headers", fc_class::posted, true);
        credit("posted_data", fc_class::posted, false);
        credit("non_posted_headers", fc_class::non_posted, true);
        credit("non_posted_data", fc_class::non_posted, false);
    };
    buffers(0, c.device_buffers, c.port_buffers);
    for (std::size_t n = 1; n <= port.channels.size(); ++n) {
        pcie::channel_buffers& b = c.channels.emplace_back();
        constexpr auto completions = static_cast<std::size_t>(fc_class::completion);
        b.device[completions] = c.device_buffers[completions];
        b.port[completions] = c.port_buffers[completions];
        buffers(static_cast<unsigned>(n), b.device, b.port);
    }
}

/// Ports announce containment where software wants to be told; no hardware does.
base::ps notice_of(const scenario::run& r) {
    return r.software.reset_notice == "pre_reset_notification" ? 100_us : 0_ps;
}

}  // namespace

system::memory_config configure_memory(base::parameters& p, base::phys_addr at,
                                       std::uint64_t bytes) {
    system::memory_config c;
    c.base = at;
    c.bytes = bytes;
    declarer d(p, "memory");
    d.time("latency", c.latency, 0_ps, 1_ms, "DRAM latency of every access");
    d.number("bytes_per_second", c.bytes_per_second, 0, std::int64_t{1} << 50, "B/s",
             "bandwidth that all accesses share; 0: unlimited");
    return c;
}

root_complex::root_complex_config configure_root_complex(base::parameters& p,
                                                         const scenario::run& r,
                                                         base::phys_addr ecam,
                                                         std::uint64_t ecam_bytes) {
    root_complex::root_complex_config c;
    c.ecam_base = ecam;
    c.ecam_bytes = ecam_bytes;
    declarer d(p, "rc");
    d.time("pipeline", c.pipeline, 0_ps, 1_ms, "root complex pipeline, per direction");
    d.time("port", c.port, 0_ps, 1_ms, "root port latency, per direction");
    d.time("completion_timeout", c.completion_timeout, 50_us, 64_s, "of requests from CPUs");
    d.time("rrs_retry", c.rrs_retry, 1_ns, 1_s,
           "a configuration request answered with RRS is issued again after this");
    d.time("rrs_limit", c.rrs_limit, 1_ms, 100_s, "and given up after this");
    c.fail_fast = d.word("invalidate_on_link_down", "drop", "drop | fail_fast",
                         "Invalidate Requests towards a link that is down") == "fail_fast";
    c.ports.clear();
    for (const scenario::port& port : r.machine.ports) {
        root_complex::root_port_config rp;
        rp.name = port.name;
        rp.gen = port.link.gen;
        rp.width = port.link.width;
        rp.surprise_down = port.surprise_down;
        rp.acs = port.acs;
        rp.times = configure_times(p, port.name, rp.gen);
        rp.virtual_channels = static_cast<unsigned>(port.channels.size()) + 1;
        rp.low_priority_channels = port.strict_channels ? 0 : 7;
        if (port.dpc) rp.dpc.emplace().notice = notice_of(r);
        if (port.hotplug) {
            rp.slot.emplace();
            rp.slot->number = static_cast<unsigned>(c.ports.size()) + 1;
        }
        configure_root_port(p, rp);
        c.ports.push_back(rp);
    }
    return c;
}

root_complex::switch_config configure_switch(base::parameters& p, const scenario::run& r,
                                             const scenario::port& port) {
    root_complex::switch_config c;
    c.gen = port.link.gen;
    c.width = port.link.width;
    c.acs = port.below->acs;
    c.virtual_channels = static_cast<unsigned>(port.channels.size()) + 1;
    c.low_priority_channels = port.strict_channels ? 0 : 7;
    c.ports.clear();
    for (const scenario::port& down : port.below->ports) {
        const scenario::link& l = down.device ? down.device->link : down.link;
        c.ports.push_back({down.name, l.gen, l.width, {}, down.surprise_down, {}});
        root_complex::switch_port_config& port_config = c.ports.back();
        port_config.times = configure_times(p, down.name, l.gen);
        port_config.virtual_channels = static_cast<unsigned>(down.channels.size()) + 1;
        port_config.low_priority_channels = down.strict_channels ? 0 : 7;
        if (down.dpc) {
            port_config.dpc.emplace().notice = notice_of(r);
            configure_switch_dpc(p, down.name, *port_config.dpc);
        }
        if (!down.hotplug) continue;
        port_config.slot.emplace().number = static_cast<unsigned>(c.ports.size());
        configure_slot(p, down.name, *port_config.slot);
    }
    declarer d(p, port.below->name);
    d.time("cut_through", c.cut_through, 0_ps, 1_ms, "first byte in to first byte out");
    d.number("max_payload", c.max_payload, 128, 4096, "B", "Max_Payload_Size Supported");
    d.flag("atomics", c.atomics, "AtomicOp Routing Supported; false: AtomicOps are UR");
    d.flag("ecrc", c.ecrc, "ECRC Generation and Check Capable");
    return c;
}

pcie::link_config configure_link(base::parameters& p, const scenario::port& port, bool at_root) {
    pcie::link_config c;
    // A switch hands completions on: it has to wait for room, too (PCIe, flow control).
    constexpr pcie::credit_limit finite{64, 1024};
    constexpr auto completions = static_cast<std::size_t>(pcie::fc_class::completion);
    if (port.below) c.device_buffers[completions] = finite;
    if (!at_root) c.port_buffers[completions] = finite;
    c.first_of_requests = at_root;
    c.first_of_completions = port.device.has_value();
    const scenario::link& l = port.device ? port.device->link : port.link;
    c.gen = l.gen;
    c.width = l.width;
    c.max_payload =
        std::min(512u, port.device ? max_payload(port.device->description->image) : 512u);
    declarer d(p, port.name + "_link");
    configure_channels(d, port, c);
    d.time("propagation", c.propagation, 0_ps, 1_ms, "flight time of a byte");
    d.number("store", c.store, 1, 1024, "TLPs", "of each class that wait on the sending side");
    d.number("tlps_per_ack", c.tlps_per_ack, 1, 128, "TLPs",
             "mechanistic DLLPs: one ACK for so many");
    d.number("tlps_per_update_fc", c.tlps_per_update_fc, 1, 128, "TLPs",
             "mechanistic DLLPs: one UpdateFC for so many");
    d.number("reorder_window", c.reorder_window, 1, 64, "TLPs",
             "of a class, among which one that may pass a blocked one (RO, IDO) is looked for");
    d.number("bit_errors", c.bit_errors, 0, std::int64_t{1'000'000'000'000}, "per 10^15 bits",
             "bits that arrive wrong: Bad TLP, Bad DLLP, replay; 1000 is a rate of 1e-12");
    d.time("recovery", c.recovery, 1_ns, 1_s, "LTSSM Recovery after REPLAY_NUM rolled over");
    const auto dllp =
        d.word("dllp", "mechanistic", "mechanistic | pcie-bench | none", "what DLLPs cost");
    c.dllp = dllp == "none"         ? pcie::dllp_accounting::none
             : dllp == "pcie-bench" ? pcie::dllp_accounting::pcie_bench
                                    : pcie::dllp_accounting::mechanistic;
    return c;
}

namespace {

void configure_atc_times(declarer& d, endpoint::atc_config& c) {
    d.time("atc.clock", c.clock, 1_ps, 1_us, "clock period of the ATC");
    d.number("atc.lookup_cycles", c.lookup_cycles, 1, 64, "cycles",
             "from the sampling edge to the answer");
    d.number("atc.fill_cycles", c.fill_cycles, 0, 64, "cycles",
             "the model's, from an answer's sampling edge until it is kept and used");
    d.number("atc.invalidate_cycles", c.invalidate_cycles, 0, 64, "cycles",
             "the model's, work on an invalidate beside its set probes");
    d.number("atc.probe_cycles", c.probe_cycles, 1, 64, "cycles",
             "the model's, work of an invalidate on each set that it looks into");
    d.number("atc.completion_cycles", c.completion_cycles, 0, 64, "cycles",
             "the model's, from the edge of a drain's end to the Invalidate Completion");
}

}  // namespace

endpoint::function_config configure_function(base::parameters& p, const scenario::device& s) {
    endpoint::function_config f;
    f.name = s.name;
    f.number = s.number;
    f.share_atc = s.share_atc;
    for (const scenario::device& vf : s.vfs) f.vfs.push_back(vf.name);
    endpoint::endpoint_config& c = f.config;
    c.image = s.description->image;
    c.atc.entries = s.atc.entries;
    c.atc.ways = s.atc.ways;
    c.flr_time = s.flr_time;
    c.atc.invalidate_queue = s.description->invalidate_queue_depth;
    declarer d(p, s.name);
    d.number("atc.entries", c.atc.entries, 0, 65536, "entries",
             "0: ATS without a cache; power of two");
    d.number("atc.ways", c.atc.ways, 1, 64, "ways", "associativity; power of two");
    d.number("atc.request_slots", c.atc.request_slots, 1, 256, "requests",
             "outstanding Translation Requests");
    configure_atc_times(d, c.atc);
    d.flag("atc.ignore_when_disabled", c.atc.ignore_when_disabled,
           "Invalidate Requests while ATS Enable=0 get no answer");
    d.number("dma.max_outstanding_reads", c.dma.max_outstanding_reads, 1, 1024, "reads",
             "reads on the way");
    d.number("dma.max_outstanding_writes", c.dma.max_outstanding_writes, 1, 1024, "writes",
             "writes between translation and posted queue");
    d.flag("dma.relaxed_ordering", c.dma.relaxed_ordering,
           "RO in requests that move data, while Device Control enables it");
    d.number("dma.traffic_classes", c.dma.traffic_classes, 1, 8, "TCs",
             "queue q uses TC q modulo this; one Invalidate Completion in each, CC = their number");
    d.time("flr_time", c.flr_time, 1_us, 100_s, "how long the function is gone after an FLR");
    d.time("ready_after_reset", c.ready_after_reset, 0_ps, 100_s,
           "after the link has come up: configuration requests get RRS until then");
    d.time("cxl_reset_time", c.cxl_reset_time, 1_us, 100_s,
           "how long the function is gone after a CXL reset");
    d.flag("answer_config_in_flr", c.answer_config_in_flr,
           "false: configuration requests get RRS until ready");
    d.time("turn_round", c.turn_round, 0_ps, 1_ms, "request to its completion");
    d.time("completion_timeout", c.completion_timeout, 50_us, 64_s, "of the function's own reads");
    d.flag("refuse_pasid_invalidates", c.refuse_pasid_invalidates,
           "PASID Enable=0: a prefixed Invalidate Request is UR instead of completed");
    if (!s.vfs.empty())
        d.time("vf_ready_time", c.vf_ready_time, 0_ps, 100_s,
               "virtual functions: from VF Enable to ready, RRS meanwhile");
    return f;
}

hal_systemc::config configure_cpus(base::parameters& p, const scenario::run& r) {
    hal_systemc::config c;
    c.cpus = r.machine.cpus;
    declarer d(p, "sw");
    d.number("stacks", c.stacks, 8, 65536, "stacks", "tasks, workers and interrupts at once");
    d.time("store_flight", c.mmio.store_flight, 0_ps, 1_ms, "from a posted store to its effect");
    d.time("store_busy", c.mmio.store_busy, 0_ps, 1_ms, "how long a posted store holds its CPU");
    d.time("load_time", c.mmio.load_time, 1_ps, 1_ms,
           "how long a load of an SMMU register holds its CPU");
    return c;
}

sw::cpu_costs configure_costs(base::parameters& p) {
    sw::cpu_costs c;
    declarer d(p, "sw.cost");
    cost(d, "function_call", c.function_call, "entering one of the larger kernel functions");
    cost(d, "memory_write", c.memory_write, "store of up to 16 bytes to RAM");
    cost(d, "memory_read", c.memory_read, "load of up to 16 bytes from RAM");
    cost(d, "cpu_relax", c.cpu_relax, "one spin of a poll loop, its register read apart");
    cost(d, "lock", c.lock, "uncontended lock or unlock");
    cost(d, "interrupt_entry", c.interrupt_entry, "from the interrupt to its handler");
    cost(d, "context_switch", c.context_switch, "another task on a CPU");
    cost(d, "page_fault", c.page_fault, "finding and clearing a page that a device asks for");
    cost(d, "guest_exit", c.guest_exit, "a guest's batch of SMMU commands on its way to the host");
    cost(d, "event_stream", c.event_stream, "what ends a WFE without an event");
    return c;
}

}  // namespace drydock::machine
