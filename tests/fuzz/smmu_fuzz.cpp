// SPDX-License-Identifier: Apache-2.0
// Any bytes as STEs, CDs, tables, commands and transactions: every transaction ends or stalls, with
// an outcome that its kind can have, after a bounded number of accesses to memory.
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "tests/fuzz/bytes.h"
#include "tlm/base/context.h"
#include "tlm/smmu/commands.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu {
namespace {

constexpr std::uint32_t slots_in_fuzz = 4;

using fuzz::bytes;

smmu_config config_of(bytes& in) {
    const std::uint64_t bits = in.take(3);
    const auto flag = [&](unsigned n) { return (bits >> n & 1) != 0; };
    smmu_config c;
    c.s2p = flag(0);
    c.s1p = !c.s2p || flag(1);
    c.httu = static_cast<std::uint8_t>((bits >> 2 & 3) % 3);
    c.hyp = flag(4);
    c.ats = flag(5);
    c.asid16 = flag(6);
    c.vmid16 = flag(7);
    c.cd2l = flag(8);
    c.atsrecerr = flag(9);
    c.stall_model = static_cast<std::uint8_t>((bits >> 10 & 3) % 3);
    c.term_model = flag(12);
    c.ssidsize = flag(13) ? 20 : 0;
    c.oas = static_cast<std::uint8_t>((bits >> 14 & 7) % 7);
    c.gran4k = flag(17) || !flag(18);
    c.gran16k = flag(18);
    c.gran64k = flag(19);
    c.vax = flag(20);
    c.ns1ats = flag(21);
    c.stall_max = flag(22) ? 1 : 16;
    c.micro_tlb_entries = 4;
    c.main_tlb_entries = 16;
    c.config_cache_entries = 4;
    c.walk_slots = 2;
    c.translation_slots = slots_in_fuzz;
    return c;
}

/// A translator over a memory of few words, so that every structure is what the input says.
class fuzzed : fetch_port, translator_client {
public:
    explicit fuzzed(bytes& in)
        : in_(in), config_(config_of(in)), t_("smmu", ctx_, config_, *this, *this) {
        for (std::uint64_t& w : memory_) w = in.take(8);
        const std::uint64_t table = in.take(2);
        t_.set_stream_table({base::phys_addr{in.take(7)}, static_cast<std::uint8_t>(table & 0x3f),
                             static_cast<std::uint8_t>(table >> 6 & 0x1f),
                             static_cast<std::uint8_t>(table >> 11 & 3)});
        set_control();
    }
    ~fuzzed() {
        // What waits for software ends when translation is switched off.
        t_.set_control({});
        settle();
        DRYDOCK_FUZZ_EXPECT(t_.in_use() == 0);
        DRYDOCK_FUZZ_EXPECT(t_.oldest_unperformed() == t_.newest_number() + 1);
    }
    fuzzed(const fuzzed&) = delete;
    fuzzed& operator=(const fuzzed&) = delete;

    void step() {
        switch (in_.take(1) % 8) {
            case 0:
                memory_[in_.take(1) % memory_.size()] = in_.take(8);
                break;
            case 1:
                command_from({in_.take(8), in_.take(8)});
                break;
            case 2:
                set_control();
                break;
            case 3:
                settle();
                break;
            case 4:
                poisoned_ = in_.take(1);
                break;
            default:
                begin();
                break;
        }
    }

private:
    static std::size_t index(std::uint64_t pa) {
        return static_cast<std::size_t>((pa >> 3) * 0x9e37'79b9'7f4a'7c15u >> 58);
    }
    void set_control() {
        const std::uint64_t bits = in_.take(1);
        const auto flag = [&](unsigned n) { return (bits >> n & 1) != 0; };
        control c;
        c.smmuen = !flag(0);
        c.atschk = flag(1);
        c.e2h = flag(2);
        c.recinvsid = flag(3);
        c.rec_cfg_ats = flag(4);
        c.gbpa_abort = flag(5);
        t_.set_control(c);
    }
    void begin() {
        const std::uint64_t bits = in_.take(2);
        const auto flag = [&](unsigned n) { return (bits >> n & 1) != 0; };
        translate_request r;
        r.kind = static_cast<request_kind>((bits & 3) % 3);
        r.write = r.kind != request_kind::translation_request && flag(2);
        r.execute = flag(3);
        r.privileged = flag(4);
        r.no_write = flag(5);
        r.sid = base::stream_id{static_cast<std::uint32_t>(flag(6) ? in_.take(4) : bits >> 8 & 3)};
        if (flag(7)) r.ssid = base::substream_id{static_cast<std::uint32_t>(in_.take(1))};
        r.va = base::iova{in_.take(8)};
        const auto slot = static_cast<std::uint32_t>(bits >> 12) % config_.translation_slots;
        if (!t_.start(slot, r)) return;
        requests_[slot] = r;
        fetches_ = 0;
    }
    void command_from(const raw_command& raw) {
        const auto c = decode(raw, config_);
        if (!c) return;
        switch (c->op) {
            case opcode::cfgi_ste:
                return t_.invalidate_ste(c->sid, c->leaf);
            case opcode::cfgi_ste_range:
                return t_.invalidate_ste_range(c->sid, c->range);
            case opcode::cfgi_cd:
                return t_.invalidate_cd(c->sid, *c->ssid, c->leaf);
            case opcode::cfgi_cd_all:
                return t_.invalidate_cd_all(c->sid);
            case opcode::tlbi_nh_all:
                return t_.tlbi_nh_all(c->vmid);
            case opcode::tlbi_nh_asid:
                return t_.tlbi_nh_asid(c->vmid, c->asid);
            case opcode::tlbi_nh_va:
                return t_.tlbi_nh_va(c->vmid, c->asid, c->va);
            case opcode::tlbi_nh_vaa:
                return t_.tlbi_nh_vaa(c->vmid, c->va);
            case opcode::tlbi_el2_va:
                return t_.tlbi_el2_va(c->asid, c->va);
            case opcode::tlbi_s12_vmall:
                return t_.tlbi_s12_vmall(c->vmid);
            case opcode::tlbi_s2_ipa:
                return t_.tlbi_s2_ipa(c->vmid, c->va);
            case opcode::tlbi_nsnh_all:
                return t_.tlbi_nsnh_all();
            case opcode::resume:
                return t_.resume(c->sid, c->stag, c->retry, c->abort);
            case opcode::stall_term:
                return t_.terminate_stalled(c->sid);
            case opcode::prefetch_config:
                return t_.prefetch(c->sid, c->ssid, std::nullopt, 0);
            case opcode::prefetch_addr:
                return t_.prefetch(c->sid, c->ssid, base::iova{c->va.first}, 0);
            default:
                return;
        }
    }
    void settle() { ctx_.timeline.run(ctx_.now() + base::ps{1'000'000}); }

    void fetch(fetch_id id, base::phys_addr a, std::uint32_t size, base::span_id) override {
        // 25 descriptors of a nested walk, some more for an STE, a CD and hardware updates, for
        // each of the transactions.
        DRYDOCK_FUZZ_EXPECT(++fetches_ < 2000);
        DRYDOCK_FUZZ_EXPECT(size == 8 || size == 64);
        DRYDOCK_FUZZ_EXPECT(a.value % 8 == 0);
        DRYDOCK_FUZZ_EXPECT(a.value >> 52 == 0);
        std::array<std::uint64_t, 8> words{};
        for (unsigned i = 0; i < size / 8; ++i) words[i] = memory_[index(a.value + 8u * i)];
        t_.fetched(id, std::span(words).first(size / 8), index(a.value) == poisoned_);
    }
    void update(fetch_id id, base::phys_addr a, std::uint64_t expected, std::uint64_t desired,
                base::span_id) override {
        DRYDOCK_FUZZ_EXPECT(config_.httu != 0);
        // AF, AP[2] of stage 1 and S2AP[1] are all that hardware changes.
        constexpr std::uint64_t changeable = 1u << 10 | 1u << 7;
        DRYDOCK_FUZZ_EXPECT(((expected ^ desired) & ~changeable) == 0);
        std::uint64_t& w = memory_[index(a.value)];
        const std::uint64_t old = w;
        if (old == expected) w = desired;
        t_.updated(id, old, index(a.value) == poisoned_);
    }
    void translated(std::uint32_t slot, const translate_result& r) override {
        using o = translate_result::outcome;
        const translate_request& q = requests_[slot];
        const bool request = q.kind == request_kind::translation_request;
        switch (r.result) {
            case o::ok:
                DRYDOCK_FUZZ_EXPECT(!r.event);
                if (r.translated) DRYDOCK_FUZZ_EXPECT(r.pa.value >> config_.oas_bits() == 0);
                if (request) DRYDOCK_FUZZ_EXPECT(r.r || r.w || r.x);
                if (request && q.no_write && config_.httu == 0) break;
                break;
            case o::abort:
            case o::raz_wi:
                DRYDOCK_FUZZ_EXPECT(!request);
                break;
            case o::unsupported_request:
            case o::completer_abort:
                DRYDOCK_FUZZ_EXPECT(request);
                break;
            case o::no_access:
                DRYDOCK_FUZZ_EXPECT(request && !r.event);
                break;
        }
        if (r.event) {
            DRYDOCK_FUZZ_EXPECT(r.event->stream() == q.sid);
            DRYDOCK_FUZZ_EXPECT(r.event->id() <= event_id::f_permission);
        }
        t_.performed(r.number);
    }
    void stalled(std::uint32_t slot, const event_record& e) override {
        DRYDOCK_FUZZ_EXPECT(config_.stall_model != 1);
        DRYDOCK_FUZZ_EXPECT(requests_[slot].kind == request_kind::ordinary);
        DRYDOCK_FUZZ_EXPECT((e.words[1] & 0xffff) == slot);
    }

    bytes& in_;
    base::context ctx_{1};
    smmu_config config_;
    std::array<std::uint64_t, 64> memory_{};
    std::uint64_t poisoned_ = 255;
    std::array<translate_request, slots_in_fuzz> requests_{};
    unsigned fetches_ = 0;
    translator t_;
};

}  // namespace
}  // namespace drydock::smmu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    drydock::smmu::bytes in(data, size);
    drydock::smmu::fuzzed f(in);
    while (!in.empty()) f.step();
    return 0;
}

/// The SystemC library wants one; nothing calls it.
extern "C" int sc_main(int, char**) { return 0; }
