// SPDX-License-Identifier: Apache-2.0
// Any bytes as register accesses, commands, queue positions, structures, memory that aborts, and as
// what devices send, on a whole SMMU: it goes on, answers everything, and software gets it back by
// the architected sequence.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "tests/fuzz/bytes.h"
#include "tests/tlm/smmu/smmu_machine.h"

namespace drydock::smmu::test {
namespace {

constexpr unsigned most_steps = 300;
constexpr std::uint32_t cr0_bits = 0x1df, gerror_bits = 0x1fd, irq_bits = 7;  // SMMUv3 6.3

smmu_config everything() {
    smmu_config c;
    c.s2p = c.hyp = c.vmid16 = c.atsrecerr = c.gran16k = c.gran64k = true;
    c.stall_model = 0;
    c.stall_max = 4;
    c.micro_tlb_entries = 4;
    c.main_tlb_entries = 16;
    c.config_cache_entries = 4;
    c.walk_slots = 2;
    c.translation_slots = 8;
    c.itags = 4;
    c.invalidate_timeout = base::ps{50'000'000};
    return c;
}

/// Elaborated once: SystemC builds no second one. Each input begins with recover().
class machine : public smmu_machine {
public:
    machine() : smmu_machine(everything()) {}

    void recover();
    void step(fuzz::bytes& in);

private:
    void any_register(fuzz::bytes& in);
    void any_command(fuzz::bytes& in);
    void any_structure(fuzz::bytes& in);
    void any_dma(fuzz::bytes& in);
    void any_message(fuzz::bytes& in);
    void any_failure(fuzz::bytes& in);
    void check();
    void switch_off();

    std::uint64_t order_ = 0;
};

void machine::check() {
    DRYDOCK_FUZZ_EXPECT((read(reg::cr0ack) & ~cr0_bits) == 0);
    DRYDOCK_FUZZ_EXPECT((read(reg::gerror) & ~gerror_bits) == 0);
    DRYDOCK_FUZZ_EXPECT((read(reg::irq_ctrlack) & ~irq_bits) == 0);
}

/// A field is not written again before its acknowledge: asked until it is off.
void machine::switch_off() {
    for (unsigned tries = 0; tries < 50; ++tries) {
        write(reg::irq_ctrl, 0);
        write(reg::cr0, 0);
        run(20'000);
        if (read(reg::cr0) == 0 && read(reg::cr0ack) == 0 && read(reg::irq_ctrlack) == 0) return;
    }
    DRYDOCK_FUZZ_EXPECT(!"CR0 or IRQ_CTRL is never acknowledged");
}

void machine::recover() {
    memory.poison(0, 0);
    memory.release();
    link_is_up = true;
    fails_fast = false;
    route = 0;
    switch_off();
    for (const auto& d : dmas) DRYDOCK_FUZZ_EXPECT(d->answered);
    dmas.clear();
    received.clear();
    memory.forget();
    acknowledge();
    DRYDOCK_FUZZ_EXPECT(!cmdq_error_active());
    queues();
    for (const std::uint64_t r : {reg::cmdq_prod, reg::cmdq_cons, reg::eventq_prod,
                                  reg::eventq_cons, reg::priq_prod, reg::priq_cons, reg::cr2})
        write(r, 0);
    for (const std::uint64_t r : {reg::gerror_irq0, reg::eventq_irq0, reg::priq_irq0})
        write64(r, 0);
    write(reg::gbpa, 1u << 31);
    prod = 0;
    set_cr0(cmdqen);
    put(0x04, 31);  // CFGI_ALL
    put(0x20);      // TLBI_EL2_ALL
    put(0x30);      // TLBI_NSNH_ALL
    sync();
    run(100'000);
    // ATC_INVs from before were lost: a SYNC says so, once for those that expire together.
    for (unsigned lost = 0; lost < config.itags && cmdq_error_active(); ++lost) {
        DRYDOCK_FUZZ_EXPECT(error() == 3);
        acknowledge();
        run(100'000);
    }
    DRYDOCK_FUZZ_EXPECT(drained() && !cmdq_error_active());
    switch_off();
    received.clear();
    memory.log.clear();
}

void machine::step(fuzz::bytes& in) {
    switch (in.take(1) % 10) {
        case 0:
        case 1:
            any_register(in);
            break;
        case 2:
        case 3:
            any_command(in);
            break;
        case 4:
            any_structure(in);
            break;
        case 5:
            any_dma(in);
            break;
        case 6:
            any_message(in);
            break;
        case 7:
            any_failure(in);
            break;
        case 8:
            acknowledge();
            break;
        default:
            run(static_cast<std::int64_t>(in.take(1)) * 500);
            break;
    }
    check();
}

void machine::any_register(fuzz::bytes& in) {
    static constexpr std::uint64_t known[]{reg::cr0,
                                           reg::cr0,
                                           reg::cr1,
                                           reg::cr2,
                                           reg::gbpa,
                                           reg::irq_ctrl,
                                           reg::gerrorn,
                                           reg::gerror_irq0,
                                           reg::gerror_irq1,
                                           reg::strtab_base,
                                           reg::strtab_base_cfg,
                                           reg::cmdq_base,
                                           reg::cmdq_prod,
                                           reg::cmdq_prod,
                                           reg::cmdq_cons,
                                           reg::eventq_base,
                                           reg::eventq_prod,
                                           reg::eventq_cons,
                                           reg::eventq_irq0,
                                           reg::eventq_irq1,
                                           reg::priq_base,
                                           reg::priq_prod,
                                           reg::priq_cons,
                                           reg::priq_irq0,
                                           reg::priq_irq2};
    const std::uint64_t bits = in.take(1);
    const std::uint64_t at =
        (bits & 0x80) != 0 ? in.take(3) & 0x1ffff : known[(bits & 0x1f) % std::size(known)];
    const unsigned size = (bits & 0x40) != 0 ? 8 : 4;
    if ((bits & 0x20) != 0)
        read(at, size);
    else
        write(at, in.take(at == reg::cr0 ? 1 : size), size);
}

void machine::any_command(fuzz::bytes& in) {
    static constexpr std::uint8_t opcodes[]{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11,
                                            0x12, 0x13, 0x20, 0x21, 0x22, 0x23, 0x28, 0x2a,
                                            0x30, 0x40, 0x41, 0x44, 0x45, 0x46};
    const std::uint64_t bits = in.take(1);
    std::uint64_t w0 = in.take(8), w1 = in.take(8);
    if ((bits & 0x80) == 0)
        w0 = (w0 & ~std::uint64_t{0xff}) | opcodes[(bits & 0x1f) % std::size(opcodes)];
    if ((bits & 0x40) != 0)  // the device that is there, and no reserved bits
        w0 = (w0 & 0xff) | std::uint64_t{sid} << 32;
    put(w0, w1);
    if ((bits & 0x20) != 0) ring();
}

void machine::any_structure(fuzz::bytes& in) {
    const std::uint64_t bits = in.take(1);
    switch (bits & 3) {
        case 0:
            stage1();
            map((bits >> 2 & 0xf) << 12, 0x5000'0000 + ((bits >> 2) << 12));
            break;
        case 1:
            memory.word(strtab + std::uint64_t{64} * sid + (bits >> 2 & 7) * 8) = in.take(8);
            break;
        case 2:
            memory.word(cds + (bits >> 2 & 7) * 8) = in.take(8);
            break;
        default:
            memory.word(root + (bits >> 2) * 8) = in.take(8);
            break;
    }
}

void machine::any_dma(fuzz::bytes& in) {
    const std::uint64_t bits = in.take(1);
    const bool is_write = (bits & 1) != 0;
    for (const auto& d : dmas)  // one at a time is between BEGIN_REQ and END_REQ
        if (!d->accepted && d->gp.is_write() == is_write) return;
    if (is_write) ++order_;
    dma& d = request(
        is_write, (bits & 2) != 0 ? in.take(8) & ~std::uint64_t{63} : (bits >> 4) << 12, order_,
        (bits & 4) != 0 ? base::address_type::translated : base::address_type::untranslated);
    if ((bits & 8) != 0)
        d.who.substream = base::substream_id{static_cast<std::uint32_t>(in.take(1))};
    send(d);
}

void machine::any_message(fuzz::bytes& in) {
    const std::uint64_t bits = in.take(1);
    switch (bits & 3) {
        case 0:
            translation_request((bits >> 3) << 12, 1, (bits & 4) != 0);
            break;
        case 1:
            invalidate_completion(
                static_cast<std::uint32_t>(in.take(4)), static_cast<unsigned>(bits >> 2 & 7),
                order_, (bits & 0x20) != 0 ? sid : static_cast<std::uint16_t>(in.take(2)));
            break;
        case 2:
            answer_invalidates = (bits & 4) != 0;
            break;
        default:
            page_request((bits & 4) != 0, static_cast<std::uint16_t>(bits >> 4),
                         (bits & 8) != 0 ? std::optional<std::uint32_t>(1) : std::nullopt);
            break;
    }
}

void machine::any_failure(fuzz::bytes& in) {
    static constexpr std::uint64_t places[]{cmdq, eventq, priq,        strtab,
                                            cds,  root,   0x5000'0000, doorbell};
    const std::uint64_t bits = in.take(1);
    const std::uint64_t at = places[bits & 7];
    switch (bits >> 3 & 7) {
        case 0:
            memory.poison(at, 0x1000);
            break;
        case 1:
            memory.poison(0, 0);
            break;
        case 2:
            memory.hold(at, 0x1000);
            break;
        case 3:
            memory.release();
            break;
        case 4:
            link_is_up = !link_is_up;
            break;
        case 5:
            fails_fast = !fails_fast;
            break;
        case 6:
            route = route ? std::nullopt : std::optional<std::uint16_t>(0);
            break;
        default:
            memory.way = memory.way == fake_memory::manner::completed
                             ? fake_memory::manner::accepted
                             : fake_memory::manner::completed;
            break;
    }
}

}  // namespace
}  // namespace drydock::smmu::test

int sc_main(int, char*[]) { return 0; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using drydock::smmu::test::machine;
    static machine* const m = [] {
        sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
        return new machine;  // NOLINT: SystemC outlives main()
    }();
    m->recover();
    drydock::fuzz::bytes in(data, size);
    for (unsigned steps = 0; steps < drydock::smmu::test::most_steps && !in.empty(); ++steps)
        m->step(in);
    m->recover();
    return 0;
}
