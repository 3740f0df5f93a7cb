// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/smmu_vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "platform/conform/child.h"
#include "platform/conform/smmu_vector.h"
#include "platform/scenario/overloaded.h"

namespace drydock::conform {
namespace {

/// The SMMU of the recorder: QEMU 7 has stage 1 alone.
smmu::smmu_config features_of(const std::string& recorder) {
    smmu::smmu_config c;
    c.s2p = c.vmid16 = !recorder.starts_with("7.");
    c.httu = 0;
    c.walk_cache_stage1 = c.walk_cache_stage2 = {0, 0, 0};  // the recorder keeps no tables
    c.ipa_cache_entries = 0;
    c.ats = c.pri = c.msi = c.sev = c.cd2l = false;
    c.term_model = true;
    c.ssidsize = 0;
    c.oas = 4;  // 44 bits
    c.gran16k = c.gran64k = true;
    return c;
}

/// Bits of an event record that are not compared: positions of hex digits are bytes in memory
/// order.
struct event_mask {
    bool no_class = false;        ///< word 1 [41:40]
    bool page_offset_s2 = false;  ///< word 3 [11:0] where S2=1
};
std::string masked(std::string hex, const event_mask& m) {
    const auto byte = [&](std::size_t n) {
        return static_cast<unsigned>(std::stoul(hex.substr(2 * n, 2), nullptr, 16));
    };
    const auto clear = [&](std::size_t n, unsigned bits) {
        hex.replace(2 * n, 2, fmt::format("{:02x}", byte(n) & ~bits));
    };
    clear(12, 0x02);  // PnU: the recorder's accesses are privileged, its records never say so
    if (m.no_class) clear(13, 0x03);
    if (m.page_offset_s2 && (byte(12) & 0x80) != 0) {
        clear(24, 0xff);
        clear(25, 0x0f);
    }
    return hex;
}
std::string text_of(const std::vector<std::string>& events) {
    return events.empty() ? "none" : fmt::format("{}", fmt::join(events, " "));
}

constexpr unsigned eventq_irq = 0;  // number of the event queue's interrupt

/// Plays one vector; tells the first step that ends otherwise.
class replay {
public:
    explicit replay(const smmu_vector& v)
        : rig_(features_of(v.recorder)), old_(v.recorder.starts_with("7.")) {}

    /// @return empty: as expected
    std::string play(const smmu_vector& v) {
        for (std::size_t n = 0; n < v.steps.size(); ++n) {
            std::visit(
                overloaded{
                    [&](const memory_step& s) { rig_.write_memory(s.pa, s.bytes); },
                    [&](const write_step& s) { rig_.write_register(s.offset, s.bytes, s.value); },
                    [&](const read_step& s) { check(s); }, [&](const dma_step& s) { check(s); }},
                v.steps[n]);
            if (!wrong_.empty()) return fmt::format("step {}: {}", n + 1, wrong_);
        }
        return {};
    }

private:
    void check(const read_step& s) {
        const std::uint64_t value = rig_.read_register(s.offset, 4);
        const auto differs = [&](const std::optional<std::uint64_t>& want, const char* whose) {
            if (!want || ((value ^ *want) & s.mask) == 0 || !wrong_.empty()) return;
            wrong_ = fmt::format("{} reads {:#x}, expected {:#x} ({})", s.name, value & s.mask,
                                 *want & s.mask, whose);
        };
        differs(s.architecture, "architecture");
        differs(s.recorded, "recorded");
    }
    void check(const dma_step& s) {
        const dma_outcome o = rig_.access(s.access);
        const std::string what =
            fmt::format("{} of {} bytes at {:#x} by stream {}", s.access.write ? "write" : "read",
                        s.access.bytes, s.access.iova, s.access.sid);
        if (s.architecture) check(what, o, *s.architecture, "architecture", {});
        if (s.recorded) check(what, o, *s.recorded, "recorded", {old_, true});
    }
    void check(const std::string& what, const dma_outcome& o, const expected_dma& e,
               const char* whose, const event_mask& mask) {
        const auto differs = [&](std::string_view part, const std::string& came,
                                 const std::string& expected) {
            if (came == expected || !wrong_.empty()) return;
            wrong_ = fmt::format("{}: {} {}, expected {} ({})", what, part, came, expected, whose);
        };
        differs("result", o.ok ? "ok" : "abort", e.ok ? "ok" : "abort");
        if (e.pa)
            differs("address", o.pa ? fmt::format("{:#x}", *o.pa) : "none",
                    fmt::format("{:#x}", *e.pa));
        if (e.data) {
            std::string data;
            for (const std::uint8_t b : o.data) data += fmt::format("{:02x}", b);
            differs("data", data, *e.data);
        }
        std::vector<std::string> came = o.events, expected = e.events;
        for (auto* list : {&came, &expected})
            for (std::string& event : *list) event = masked(event, mask);
        differs("event", text_of(came), text_of(expected));
        if (e.irqs) {
            std::vector<unsigned> irqs = *e.irqs, pulses = o.irqs;
            if (!o.queue_was_empty) std::erase(irqs, eventq_irq);
            std::sort(irqs.begin(), irqs.end());
            std::sort(pulses.begin(), pulses.end());
            differs("interrupts", fmt::format("[{}]", fmt::join(pulses, ", ")),
                    fmt::format("[{}]", fmt::join(irqs, ", ")));
        }
    }

    smmu_rig rig_;
    bool old_;
    std::string wrong_;
};

struct deviation {
    std::string_view what, recorder, architecture;
};
/// On every point the model is on the architecture's side.
constexpr std::array deviations{
    deviation{"commands without meaning", "some are passed over as if they were NOPs",
              "CERROR_ILL, the queue stops"},
    deviation{"CMD_SYNC with CS=3", "signals an interrupt", "CERROR_ILL"},
    deviation{"full event queue", "GERROR.EVENTQ_ABT_ERR, no OVFLG",
              "the record is lost, OVFLG toggles"},
    deviation{"record in an event queue that is not empty", "another interrupt", "none"},
    deviation{"fault of stage 2 under a table of stage 1",
              "S2=0 below the first table, base of the table, RnW=1 for the first",
              "S2=1, CLASS=TT, IPA of the descriptor, RnW of the transaction"},
    deviation{"fault of stage 2 under a CD", "RnW=1 always", "RnW of the transaction"},
    deviation{"permission fault of stage 2 on a TLB hit", "recorded without IPA, or not at all",
              "recorded as on a miss"},
    deviation{"IPA field of a record with S2=1", "keeps the offset in the page",
              "bits [11:0] are 0"},
    deviation{"block descriptor at level 0 with 4 KiB granule", "taken as a block of 512 GiB",
              "F_TRANSLATION"},
    deviation{"block descriptor where the granule has none", "taken as a block", "F_TRANSLATION"},
    deviation{"APTable on a TLB hit", "forgotten", "limits as on a miss"},
    deviation{"concatenated start tables of stage 2", "always walks the first of them",
              "the index chooses the table"},
    deviation{"address beyond IAS with stage 1 bypassed", "aborted, not recorded",
              "aborted, F_ADDR_SIZE with S2=0"},
    deviation{"STE.S1CDMax with SSIDSIZE=0", "C_BAD_STE", "ignored"},
    deviation{"CR2.RECINVSID=0", "C_BAD_STREAMID is recorded all the same", "not recorded"},
    deviation{"L1STD.Span", "2^Span STEs", "2^(Span-1) STEs"},
    deviation{"CLASS of records", "0 in QEMU 7", "what the address was for"},
    deviation{"privilege", "every access counts as privileged, PnU stays 0",
              "as the transaction or STE.PRIVCFG says"},
};

}  // namespace

smmu_verdict compare_smmu(const std::string& text, const std::string& file) {
    std::vector<std::pair<int, smmu_vector>> vectors;
    std::string_view rest = text;
    for (int line = 1; !rest.empty(); ++line) {
        const std::string_view one = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        vectors.emplace_back(line, parse_smmu_vector(one, {file, line, 1}));
    }
    smmu_verdict v;
    for (const auto& [line, vector] : vectors) {
        // An SMMU out of reset for each.
        const std::string wrong = in_child([&one = vector] { return replay(one).play(one); });
        ++(wrong.empty() ? v.passed : v.failed);
        if (!wrong.empty()) v.text += fmt::format("{}:{}: {}, {}\n", file, line, vector.id, wrong);
    }
    v.text += fmt::format("{}: {} passed, {} failed\n", file, v.passed, v.failed);
    return v;
}

std::string smmu_deviations() {
    std::string text = fmt::format("{:<52} {:<70} {}\n", "point", "QEMU", "architecture, and here");
    for (const deviation& d : deviations)
        text += fmt::format("{:<52} {:<70} {}\n", d.what, d.recorder, d.architecture);
    return text;
}

}  // namespace drydock::conform
