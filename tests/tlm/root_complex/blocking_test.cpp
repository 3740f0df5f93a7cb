// SPDX-License-Identifier: Apache-2.0
// CPUs of others: threads that call b_transport.
#include <gtest/gtest.h>

#include "tests/tlm/root_complex/bench.h"
#include "tlm/base/timeline_kernel.h"

namespace drydock::root_complex {
namespace {

/// Runs a function in an SC_THREAD and one in an SC_METHOD, from the start of simulation on.
struct third_party : sc_core::sc_module {
    SC_HAS_PROCESS(third_party);
    explicit third_party(sc_core::sc_module_name n) : sc_module(n) {
        SC_THREAD(first);
        SC_THREAD(second);
        SC_METHOD(method);
    }
    void first() { run(0); }
    void second() { run(1); }
    void run(unsigned i) {
        if (threads[i]) threads[i]();
    }
    void method() {
        if (once) once();
    }
    std::array<std::function<void()>, 2> threads;
    std::function<void()> once;
};

struct blocking_bench : bench {
    blocking_bench() : bench(bound{}) {}

    /// One access by b_transport; what a read brought.
    std::uint32_t access(bool write, std::uint64_t at, std::uint32_t value = 0, unsigned n = 4) {
        tlm::tlm_generic_payload p;
        p.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        p.set_address(at);
        p.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
        p.set_data_length(n);
        p.set_streaming_width(n);
        sc_core::sc_time t;
        cpu.socket->b_transport(p, t);
        EXPECT_EQ(t, sc_core::SC_ZERO_TIME) << "the time has passed already";
        status = p.get_response_status();
        return value;
    }
    void program_port() {
        access(true, ecam_of(0, 1, 0x18), 0x00010100);
        access(true, ecam_of(0, 1, 0x20), 0x10f01000);
        access(true, ecam_of(0, 1, 0x04), 6, 2);
    }
    base::timeline_kernel kernel{"kernel", ctx.timeline};
    third_party others{"others"};
    tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
};

TEST(BlockingCpu, a_thread_gets_its_data_when_the_completion_is_back) {
    blocking_bench b;
    b.device.on_arrival = [&](const pcie::tlp& t) {
        if (t.flow_class() == pcie::fc_class::non_posted)
            b.answer(t, pcie::cpl_status::success, 0x0b258086);
    };
    std::vector<std::uint32_t> values;
    sc_core::sc_time before, after;
    b.others.threads[0] = [&] {
        sc_core::wait(10, sc_core::SC_US);  // the timeline is idle meanwhile
        b.program_port();
        before = sc_core::sc_time_stamp();
        values.push_back(b.access(false, b.ecam_of(1, 0, 0)));
        after = sc_core::sc_time_stamp();
        values.push_back(b.access(false, bench::mmio));
        values.push_back(b.access(false, b.ecam_of(9, 0, 0)));
        values.push_back(b.access(false, b.ecam_of(0, 1, 0)));
        b.access(true, bench::mmio + 8, 0x5a5a5a5a);
        EXPECT_EQ(b.status, tlm::TLM_OK_RESPONSE);
    };
    b.kernel.run(1_ms);
    EXPECT_EQ(values, (std::vector<std::uint32_t>{0x0b258086, 0x0b258086, UINT32_MAX, 0x000c1b36}));
    EXPECT_EQ(after - before, base::to_sc(320_ns)) << "pipeline and port, down and up";
    ASSERT_EQ(b.device.arrived.size(), 3u);
    EXPECT_EQ((*b.device.arrived[2]->payload)[0], 0x5a);
}

TEST(BlockingCpu, two_threads_wait_at_once_and_each_gets_its_own_answer) {
    blocking_bench b;
    std::array<std::uint32_t, 2> values{};
    std::vector<const pcie::tlp*> asked;
    b.device.on_arrival = [&](const pcie::tlp& t) {
        if (t.type != pcie::tlp_type::mrd) return;
        asked.push_back(&t);
        if (asked.size() < 2) return;
        for (const pcie::tlp* r : {asked[1], asked[0]})
            b.answer(*r, pcie::cpl_status::success, r->address);
    };
    b.others.threads[0] = [&] {
        b.program_port();
        values[0] = b.access(false, bench::mmio + 0x10);
    };
    b.others.threads[1] = [&] {
        sc_core::wait(5, sc_core::SC_US);
        values[1] = b.access(false, bench::mmio + 0x20);
    };
    b.kernel.run(1_ms);
    EXPECT_EQ(values[0], bench::mmio + 0x10);
    EXPECT_EQ(values[1], bench::mmio + 0x20);
}

TEST(BlockingCpu, P_009_P_138_a_thread_is_freed_by_the_timeout_and_by_a_link_that_drops) {
    blocking_bench b;
    std::vector<std::uint32_t> values;
    std::vector<sc_core::sc_time> times;
    b.others.threads[0] = [&] {
        b.program_port();
        for (unsigned i = 0; i < 2; ++i) {
            const sc_core::sc_time begin = sc_core::sc_time_stamp();
            values.push_back(b.access(false, bench::mmio));
            times.push_back(sc_core::sc_time_stamp() - begin);
        }
    };
    b.others.threads[1] = [&] {
        sc_core::wait(11, sc_core::SC_MS);
        b.device.socket.set_link(false);
    };
    b.kernel.run(100_ms);
    EXPECT_EQ(values, (std::vector<std::uint32_t>{UINT32_MAX, UINT32_MAX}));
    ASSERT_EQ(times.size(), 2u);
    EXPECT_EQ(times[0], base::to_sc(10_ms));
    EXPECT_LT(times[1], base::to_sc(1_ms));
}

TEST(BlockingCpu, bad_accesses_come_back_with_their_error) {
    blocking_bench b;
    b.others.threads[0] = [&] {
        b.access(false, bench::ecam + 1, 0, 2);
        EXPECT_EQ(b.status, tlm::TLM_BURST_ERROR_RESPONSE);
    };
    b.kernel.run(1_ms);
    EXPECT_EQ(b.status, tlm::TLM_BURST_ERROR_RESPONSE);
}

TEST(BlockingCpu, a_method_that_cannot_wait_is_refused) {
    blocking_bench b;
    bool refused = false;
    b.others.once = [&] {
        try {
            b.access(false, bench::ecam);
        } catch (const sc_core::sc_report& r) {
            refused = std::string(r.get_msg()).find("SC_THREAD") != std::string::npos;
        }
    };
    b.kernel.run(1_us);
    EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace drydock::root_complex
