// SPDX-License-Identifier: Apache-2.0
// What a root port can do, as parameters.
#include "platform/machine/configure.h"

namespace drydock::machine {
namespace {

using namespace base::literals;

void configure_containment(declarer& d, root_complex::dpc_config& c) {
    d.time("dpc.clock", c.clock, 1_ps, 1_us, "of the block that judges triggers and TLPs");
    d.number("dpc.trigger_cycles", c.trigger_cycles, 0, 64, "cycles",
             "the model's, from a trigger's sampling edge to containment");
    d.number("dpc.release_cycles", c.release_cycles, 0, 64, "cycles",
             "the model's, from a release's sampling edge to the end of containment");
    d.number("dpc.verdict_cycles", c.verdict_cycles, 0, 64, "cycles",
             "the model's, from a TLP's sampling edge to what becomes of it");
}

void configure_dpc(declarer& d, root_complex::dpc_config& c) {
    d.flag("dpc.root_port_extensions", c.root_port_extensions, "RP PIO and RP Busy");
    d.number("dpc.pio_log_size", c.pio_log_size, 4, 9, "DW",
             "RP PIO log: 4 header, 5 and ImpSpec, up to 9 with prefixes");
    d.flag("dpc.poisoned_egress_blocking", c.poisoned_egress_blocking,
           "Poisoned TLP Egress Blocking can be enabled");
    d.flag("dpc.software_trigger", c.software_trigger, "DPC Software Triggering");
    d.flag("dpc.dl_active_err_cor", c.dl_active_err_cor, "DL_Active ERR_COR Signaling");
    configure_containment(d, c);
    d.time("dpc.notice", c.notice, 0_ps, 10_s,
           "from the announcement of containment to containment; 0: none, as in all hardware");
    d.time("dpc.rp_busy", c.rp_busy, 0_ps, 100_s,
           "RP Busy reads 1 so long after a trigger, up to a sixteenth longer");
    bool stuck = c.rp_busy == base::never;
    d.flag("dpc.rp_busy_stuck", stuck, "RP Busy never reads 0 after a trigger");
    if (stuck) c.rp_busy = base::never;
}

void configure_slot_of(declarer& d, root_complex::slot_config& c) {
    d.flag("slot.attention_button", c.attention_button, "the slot has one");
    d.flag("slot.power_controller", c.power_controller, "software can take the power away");
    d.flag("slot.command_completed", c.command_completed,
           "false: No Command Completed Support, commands are not answered");
    d.number("slot.number", c.number, 0, 8191, "slot", "Physical Slot Number");
    d.time("slot.command_time", c.command_time, 0_ps, 1_s,
           "from a write of Slot Control to its effect");
}

}  // namespace

void configure_switch_dpc(base::parameters& p, const std::string& port,
                          root_complex::dpc_config& c) {
    declarer d(p, port);
    d.flag("dpc.software_trigger", c.software_trigger, "DPC Software Triggering");
    d.flag("dpc.dl_active_err_cor", c.dl_active_err_cor, "DL_Active ERR_COR Signaling");
    configure_containment(d, c);
    d.time("dpc.notice", c.notice, 0_ps, 10_s,
           "from the announcement of containment to containment; 0: none, as in all hardware");
}

void configure_slot(base::parameters& p, const std::string& port, root_complex::slot_config& c) {
    declarer d(p, port);
    configure_slot_of(d, c);
}

void configure_root_port(base::parameters& p, root_complex::root_port_config& c) {
    declarer d(p, "rc." + c.name);
    d.number("vendor", c.vendor, 0, 0xfffe, "id", "Vendor ID");
    d.number("device", c.device, 0, 0xffff, "id", "Device ID");
    d.number("max_payload", c.max_payload, 128, 4096, "B", "Max_Payload_Size Supported");
    d.number("rcb", c.rcb, 64, 128, "B", "Read Completion Boundary: 64 or 128");
    d.flag("prefixes", c.prefixes, "End-End TLP prefixes: PASID passes");
    d.number("outstanding_reads", c.outstanding_reads, 1, 1024, "reads",
             "of the device, at the SMMU");
    d.number("posted_writes", c.posted_writes, 1, 1024, "writes", "of CPUs, waiting for the link");
    bool msi = true;
    d.flag("msi", msi, "false: the port interrupts by INTx");
    unsigned messages = 2;
    d.number("msi_messages_log2", messages, 0, 5, "log2", "Multiple Message Capable");
    if (msi) c.msi_vectors_log2 = messages;
    d.flag("atomics", c.atomics, "the root complex completes AtomicOps; false: UR");
    d.flag("ecrc", c.ecrc, "ECRC Generation and Check Capable");
    d.flag("cxl", c.cxl,
           "a CXL port: secondary bus reset and link disable have no effect unless unmasked");
    if (c.dpc) configure_dpc(d, *c.dpc);
    if (c.slot) configure_slot_of(d, *c.slot);
}

}  // namespace drydock::machine
