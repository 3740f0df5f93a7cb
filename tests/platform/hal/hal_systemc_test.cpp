// SPDX-License-Identifier: Apache-2.0
#include "platform/hal/hal_systemc.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "sw/kernel/kernel.h"
#include "tlm/system/bus.h"

namespace drydock::hal_systemc {
namespace {

using namespace std::chrono_literals;
using sw::hal::duration;

constexpr std::uint64_t registers_at = 0x0900'0000;
constexpr std::uint64_t ecam_at = 0x40'1000'0000;
constexpr std::uint64_t ram_at = 0x4000'0000;

struct seen {
    base::ps when;
    std::uint64_t at;
    std::uint64_t value;
    bool write;
    bool operator==(const seen&) const = default;
};

/// Registers that answer at once, or late by timeline records: END_REQ and BEGIN_RESP each on its
/// own.
struct target final : sc_core::sc_module, tlm::tlm_fw_transport_if<>, base::timeline_client {
    target(sc_core::sc_module_name n, base::context& c)
        : sc_module(n), socket("socket"), ctx(c), id(c.timeline.join(this->name(), *this)) {
        socket.bind(*this);
    }
    tlm::tlm_target_socket<64> socket;
    base::context& ctx;
    base::timeline::client_id id;
    base::ps delay{};        ///< returned with TLM_COMPLETED
    base::ps end_request{};  ///< > 0: END_REQ after this
    base::ps respond{};      ///< > 0: BEGIN_RESP after this
    std::map<std::uint64_t, std::uint64_t> value;
    std::vector<seen> log;
    std::vector<tlm::tlm_generic_payload*> open;

    void serve(tlm::tlm_generic_payload& gp) {
        std::uint64_t& v = value[gp.get_address()];
        if (gp.is_write()) {
            v = 0;
            std::memcpy(&v, gp.get_data_ptr(), gp.get_data_length());
        } else {
            std::memcpy(gp.get_data_ptr(), &v, gp.get_data_length());
        }
        gp.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& gp, tlm::tlm_phase& phase,
                                       sc_core::sc_time& t) override {
        if (phase == tlm::END_RESP) return tlm::TLM_COMPLETED;
        serve(gp);
        std::uint64_t v = 0;
        std::memcpy(&v, gp.get_data_ptr(), gp.get_data_length());
        log.push_back({ctx.now(), gp.get_address(), v, gp.is_write()});
        if (respond == base::ps{}) {
            t += base::to_sc(delay);
            return tlm::TLM_COMPLETED;
        }
        open.push_back(&gp);
        gp.acquire();
        if (end_request > base::ps{}) ctx.timeline.after(end_request, base::phase::arrive, id, 0);
        ctx.timeline.after(respond, base::phase::arrive, id, 1);
        return tlm::TLM_ACCEPTED;
    }
    void on_time(std::uint64_t op) override {
        tlm::tlm_generic_payload* gp = op == 0 ? open.back() : open.front();
        tlm::tlm_phase phase = op == 0 ? tlm::END_REQ : tlm::BEGIN_RESP;
        sc_core::sc_time t = sc_core::SC_ZERO_TIME;
        if (op == 1) open.erase(open.begin());
        socket->nb_transport_bw(*gp, phase, t);
        if (op == 1) gp->release();
    }
    void b_transport(tlm::tlm_generic_payload& gp, sc_core::sc_time&) override { serve(gp); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlm::tlm_generic_payload& gp) override {
        serve(gp);
        return gp.get_data_length();
    }
};

/// Hardware's acts at set times.
struct script final : base::timeline_client {
    explicit script(base::context& c) : ctx(c), id(c.timeline.join("script", *this)) {}
    void at(duration when, std::function<void()> f) {
        acts.push_back(std::move(f));
        ctx.timeline.at(to_base(when), base::phase::arrive, id, acts.size() - 1);
    }
    void on_time(std::uint64_t op) override { acts[op](); }
    base::context& ctx;
    base::timeline::client_id id;
    std::vector<std::function<void()>> acts;
};

struct listener final : base::observer {
    void on_event(const base::event& e) override { events.push_back(e); }
    std::vector<base::event> events;
};

struct hold_at final : steering {
    explicit hold_at(std::string p) : point(std::move(p)) {}
    bool hold(std::string_view, std::string_view p, std::uint16_t) override { return p == point; }
    std::string point;
};

sw::cpu_costs cheap() {
    sw::cpu_costs c;
    c.context_switch = c.lock = c.interrupt_entry = 0ns;
    return c;
}

struct machine : sc_core::sc_module {
    explicit machine(sc_core::sc_module_name own) : sc_module(own) {
        for (unsigned n = 0; n < 2; ++n)
            hal.socket(n).bind(bus.add_initiator("cpu" + std::to_string(n)));
        device.socket.bind(bus.add_initiator("device"));
        bus.add_target("ram", base::phys_addr{ram_at}, 1 << 20).bind(ram.socket);
        bus.add_target("registers", base::phys_addr{registers_at}, 128 * 1024)
            .bind(registers.socket);
        bus.add_target("msi", base::phys_addr{0x0808'0000}, 64 * 1024).bind(gic.socket);
        bus.add_target("ecam", base::phys_addr{ecam_at}, 256u << 20).bind(ecam.socket);
    }
    void run(duration until = 10ms) { sc_core::sc_start(base::to_sc(to_base(until))); }
    void device_writes(std::uint64_t at, std::uint32_t v) {
        tlm::tlm_generic_payload gp;
        gp.set_command(tlm::TLM_WRITE_COMMAND);
        gp.set_address(at);
        gp.set_data_ptr(reinterpret_cast<unsigned char*>(&v));
        gp.set_data_length(4);
        gp.set_streaming_width(4);
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        sc_core::sc_time t = sc_core::SC_ZERO_TIME;
        EXPECT_EQ(device.socket->nb_transport_fw(gp, phase, t), tlm::TLM_COMPLETED);
        EXPECT_TRUE(gp.is_response_ok());
    }
    static config make() {
        config c;
        c.cpus = 2;
        c.stacks = 8;
        c.ram_bytes = 1 << 20;
        return c;
    }
    struct initiator final : sc_core::sc_module, tlm::tlm_bw_transport_if<> {
        explicit initiator(sc_core::sc_module_name n) : sc_module(n), socket("socket") {
            socket.bind(*this);
        }
        tlm::tlm_initiator_socket<64> socket;
        tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                           sc_core::sc_time&) override {
            return tlm::TLM_COMPLETED;
        }
        void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
    };

    base::context ctx;
    base::timeline_kernel driver{"timeline", ctx.timeline};
    system::memory ram{"ram", ctx, {base::phys_addr{ram_at}, 1 << 20}};
    system::interrupt_controller gic{"gic", ctx};
    system::bus bus{"bus"};
    target registers{"registers", ctx};
    target ecam{"ecam", ctx};
    initiator device{"device"};
    script hardware{ctx};
    hal_systemc hal{"hal", ctx, driver, ram, gic, make()};
    sw::kernel k{hal.host(), 2, cheap()};
    duration when{};
};

struct HalSystemc : testing::Test, machine {
    HalSystemc() : machine("machine") {}
};

TEST_F(HalSystemc, posted_stores_take_effect_after_their_flight_in_order_and_hold_the_cpu_20_ns) {
    k.run_task("a", 0, [&] {
        k.writel(registers_at + 0x98, 1);
        k.writeq(registers_at + 0x90, 2);
        when = k.now();
    });
    run();
    EXPECT_EQ(when, 40ns);
    EXPECT_EQ(registers.log, (std::vector<seen>{{base::ps{50'000}, registers_at + 0x98, 1, true},
                                                {base::ps{70'000}, registers_at + 0x90, 2, true}}));
}

TEST_F(HalSystemc, a_load_has_its_effect_in_the_call_and_holds_the_cpu) {
    registers.value[registers_at + 0x9c] = 0xabcd'1234;
    std::uint32_t value = 0;
    std::uint16_t half = 0;
    k.run_task("a", 0, [&] {
        k.spend(1us);
        value = k.readl(registers_at + 0x9c);
        when = k.now();
        half = k.readw(registers_at + 0x9c);
    });
    run();
    EXPECT_EQ(value, 0xabcd'1234u);
    EXPECT_EQ(half, 0x1234u);
    EXPECT_EQ(registers.log.at(0).when, base::ps{1'000'000});
    EXPECT_EQ(when, 1'100ns);
}

TEST_F(HalSystemc, the_delay_that_a_target_returns_is_what_the_load_costs) {
    registers.delay = base::ps{300'000};
    k.run_task("a", 0, [&] {
        k.readl(registers_at);
        when = k.now();
    });
    run();
    EXPECT_EQ(when, 300ns);
}

TEST_F(HalSystemc, a_load_waits_behind_the_stores_of_its_cpu) {
    std::uint32_t value = 0;
    k.run_task("a", 0, [&] {
        k.writel(registers_at + 0x60, 7);
        value = k.readl(registers_at + 0x60);
        when = k.now();
    });
    run();
    EXPECT_EQ(value, 7u);
    EXPECT_EQ(when, 150ns);
}

TEST_F(HalSystemc, a_configuration_read_stalls_the_cpu_until_its_completion_and_no_other_cpu) {
    ecam.respond = base::ps{900'000};
    ecam.value[ecam_at + 0x10'0000] = 0x1018'14c1;
    std::uint32_t id = 0;
    duration other{};
    k.run_task("a", 0, [&] {
        id = k.readl(ecam_at + 0x10'0000);
        when = k.now();
    });
    k.run_task("b", 1, [&] {
        k.readl(registers_at);
        other = k.now();
    });
    run();
    EXPECT_EQ(id, 0x1018'14c1u);
    EXPECT_EQ(when, 900ns);
    EXPECT_EQ(other, 100ns);
}

TEST_F(HalSystemc, a_configuration_write_is_over_when_it_is_completed) {
    ecam.respond = base::ps{700'000};
    k.run_task("a", 0, [&] {
        k.writew(ecam_at + 4, 6);
        when = k.now();
    });
    run();
    EXPECT_EQ(when, 700ns);
    EXPECT_EQ(ecam.log.at(0), (seen{base::ps{}, ecam_at + 4, 6, true}));
}

TEST_F(HalSystemc, the_next_access_waits_while_a_target_keeps_the_request_phase_open) {
    registers.respond = base::ps{900'000};
    registers.end_request = base::ps{400'000};
    k.run_task("a", 0, [&] {
        k.writel(registers_at, 1);
        k.writel(registers_at + 4, 2);
    });
    run();
    ASSERT_EQ(registers.log.size(), 2u);
    EXPECT_EQ(registers.log[0].when, base::ps{50'000});
    EXPECT_EQ(registers.log[1].when, base::ps{450'000});
}

TEST_F(HalSystemc, an_address_that_nobody_answers_reads_all_ones) {
    std::uint32_t value = 0;
    std::uint64_t wide = 0;
    k.run_task("a", 0, [&] {
        value = k.readl(0x2000);
        wide = k.readq(0x2000);
    });
    run();
    EXPECT_EQ(value, 0xffff'ffffu);
    EXPECT_EQ(wide, ~std::uint64_t{0});
}

TEST_F(HalSystemc, misaligned_accesses_are_refused) {
    k.run_task("a", 0, [&] { k.readl(registers_at + 2); });
    run();
    EXPECT_THROW(hal.rethrow(), std::invalid_argument);
}

TEST_F(HalSystemc, an_msi_of_a_device_runs_its_handler) {
    const std::uint32_t vector = k.request_irq("dev", 1, [&] { when = k.now(); });
    hardware.at(3us, [&] { device_writes(k.msi_doorbell(), vector); });
    run();
    EXPECT_EQ(when, 3us);
}

TEST_F(HalSystemc, a_poll_of_a_register_sleeps_until_hardware_changes_it) {
    bool success = false;
    k.run_task("a", 0, [&] {
        success =
            k.poll_register(registers_at + 0x9c, 4, [](std::uint64_t v) { return v == 5; }, {});
        when = k.now();
    });
    hardware.at(500us, [&] {
        registers.value[registers_at + 0x9c] = 5;
        hal.registers().register_changed(0x9c);
    });
    run();
    EXPECT_TRUE(success);
    EXPECT_GE(when, 500us);
    EXPECT_LE(when, 1100us);
    EXPECT_EQ(registers.log.size(), 1u);  // the first look only
    EXPECT_LT(hal.switches(), 5u);
}

TEST_F(HalSystemc, a_poll_of_a_place_that_cannot_be_watched_is_executed) {
    k.run_task("a", 0, [&] {
        k.poll_register(ecam_at, 4, [](std::uint64_t v) { return v == 5; },
                        {.spins = 0, .first_delay = 1us});
        when = k.now();
    });
    hardware.at(5us, [&] { ecam.value[ecam_at] = 5; });
    run();
    EXPECT_EQ(when, 7us + 4 * 100ns);  // looks after 1, 3, 7 us
    EXPECT_EQ(ecam.log.size(), 4u);
}

TEST_F(HalSystemc, a_poll_of_memory_sees_the_write_of_a_device) {
    const sw::phys_addr_t at = k.alloc_pages(1, "queue");
    k.run_task("a", 0, [&] {
        EXPECT_TRUE(
            k.poll_memory(at + 8, 4, [](std::uint64_t v) { return v == 9; }, {.first_delay = 0ns}));
        when = k.now();
    });
    hardware.at(2us, [&] { device_writes(at + 64, 9); });
    hardware.at(4us, [&] { device_writes(at + 8, 9); });
    run();
    EXPECT_GE(when, 4us);
    EXPECT_LT(when, 4us + 30ns);
}

TEST_F(HalSystemc, an_event_of_the_smmu_ends_a_wait_for_event) {
    k.run_task("a", 0, [&] {
        k.poll_register(registers_at + 0x9c, 4, [](std::uint64_t v) { return v == 5; },
                        {.wait_for_event = true});
        when = k.now();
    });
    hardware.at(33us, [&] {
        registers.value[registers_at + 0x9c] = 5;
        hal.events().sev();
    });
    run();
    EXPECT_EQ(when, 33us + 100ns);
}

TEST_F(HalSystemc, memory_written_by_software_is_there_at_once_and_keeps_the_span_of_its_writer) {
    const sw::phys_addr_t at = k.alloc_pages(1, "cmdq");
    hal.host().memory.track_writers(at, 4096);
    sw::hal::span_id span = 0;
    std::uint64_t found = 0;
    k.run_task("a", 0, [&] {
        const sw::span_scope s(k, sw::hal::span_class::unmap);
        span = s.id();
        k.spend(1us);
        k.store64(at + 32, 0x1122'3344'5566'7788);
        k.spend(1us);
    });
    hardware.at(1us + 1ns, [&] { found = ram.load<std::uint64_t>(base::phys_addr{at + 32}); });
    run();
    EXPECT_EQ(found, 0x1122'3344'5566'7788u);
    EXPECT_EQ(ctx.provenance.writer_of(base::phys_addr{at + 32}), base::span_id{span});
    EXPECT_EQ(ctx.provenance.writer_of(base::phys_addr{at + 48}), base::no_span);
}

TEST_F(HalSystemc, notes_reach_the_probe_as_their_kinds) {
    listener l;
    ctx.probe.subscribe(l, base::kind::sw_point);
    ctx.probe.subscribe(l, base::kind::sw_irqs_on);
    ctx.probe.subscribe(l, base::kind::span_begin);
    k.run_task("R", 1, [&] {
        const sw::span_scope s(k, sw::hal::span_class::reset, 0x100);
        k.local_irq_save();
        k.spend(2us);
        k.local_irq_restore();
        k.point("p0", 0x100);
    });
    run();
    ASSERT_EQ(l.events.size(), 3u);
    EXPECT_EQ(l.events[0].a, static_cast<std::uint64_t>(base::span_class::reset));
    EXPECT_EQ(l.events[1].what, base::kind::sw_irqs_on);
    EXPECT_EQ(l.events[1].b, 2'000'000u);
    EXPECT_EQ(ctx.probe.name(l.events[1].where), "sw.cpu1");
    EXPECT_EQ(ctx.probe.text_of(l.events[2].a), "p0");
    EXPECT_EQ(ctx.probe.name(l.events[2].where), "sw.R");
    EXPECT_EQ(l.events[2].time, base::ps{2'000'000});
}

TEST_F(HalSystemc, steering_holds_a_task_at_its_point_until_released) {
    hold_at p4("p4");
    hal.steer(&p4);
    k.run_task("R", 0, [&] {
        k.point("p4", 0x100);
        when = k.now();
    });
    hardware.at(42us, [&] { EXPECT_TRUE(k.release("R")); });
    run();
    EXPECT_EQ(when, 42us);
}

TEST_F(HalSystemc, the_choice_of_the_context_orders_software) {
    struct last final : base::choice {
        std::size_t choose(std::string_view, std::span<const base::candidate> among) override {
            return among.size() - 1;
        }
    } chooser;
    ctx.chooser = &chooser;
    std::string order;
    for (const char* n : {"a", "b", "c"}) k.run_task(n, 0, [&order, n] { order += n; });
    run();
    EXPECT_EQ(order, "cba");
}

TEST_F(HalSystemc, stacks_are_used_again_when_their_tasks_have_ended) {
    int ran = 0;
    for (int round = 0; round < 20; ++round)
        hardware.at(1us * round, [&] { k.run_task("t", 0, [&] { ++ran; }); });
    run();
    EXPECT_EQ(ran, 20);
}

TEST_F(HalSystemc, running_out_of_stacks_is_said) {
    int ran = 0;
    for (int n = 0; n < 8; ++n) k.run_task("s", 0, [&] { ++ran; });
    EXPECT_THROW(k.run_task("one too many", 0, [] {}), std::runtime_error);
    run();
    EXPECT_EQ(ran, 8);
}

TEST_F(HalSystemc, what_a_task_throws_ends_the_run_and_is_thrown_again_outside) {
    k.run_task("a", 0, [&] {
        k.spend(5us);
        throw std::domain_error("broken driver");
    });
    run();
    EXPECT_EQ(ctx.now(), base::ps{5'000'000});
    EXPECT_THROW(hal.rethrow(), std::domain_error);
}

}  // namespace
}  // namespace drydock::hal_systemc
