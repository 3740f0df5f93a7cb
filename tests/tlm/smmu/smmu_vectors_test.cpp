// SPDX-License-Identifier: Apache-2.0
// Replays tests/data/smmu_vectors (recorded from QEMU, with an independently
// written architectural expectation; see the README there) through the translator.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "tlm/base/context.h"
#include "tlm/smmu/translator.h"

namespace drydock::smmu::test {
namespace {

using nlohmann::json;

std::uint64_t number(const json& j) { return std::stoull(j.get<std::string>(), nullptr, 16); }

/// The SMMU that the README describes, with STE.PRIVCFG so that it can take QEMU's view of
/// privilege.
smmu_config recorded_config(bool stage2) {
    smmu_config c;
    c.s2p = c.vmid16 = stage2;
    c.httu = 0;
    c.ats = c.pri = c.msi = c.sev = c.cd2l = false;
    c.term_model = true;
    c.ssidsize = 0;
    c.oas = 4;  // 44 bits
    c.gran16k = c.gran64k = true;
    return c;
}

/// Registers, commands and memory around one translator, as one vector needs them.
class replay : fetch_port, translator_client {
public:
    explicit replay(bool stage2)
        : translator_("smmu", context_, recorded_config(stage2), *this, *this) {}

    void run(const json& vector) {
        const std::string about = vector.at("desc");
        privileged_ = about.starts_with("priv");
        for (const json& step : vector.at("steps")) {
            const std::string op = step.at("op");
            if (op == "mem") write_bytes(number(step.at("pa")), step.at("hex"));
            if (op == "w32" || op == "w64")
                write_register(number(step.at("off")), number(step.at("val")));
            if (op == "dma") check_dma(step, vector.at("id"));
        }
    }
    int checked = 0;

private:
    // -- memory: 8 GiB of RAM with a hole, sparse 8-byte words --
    static bool in_ram(std::uint64_t pa) { return pa >= 0x4000'0000 && pa < 0x2'4000'0000; }
    void write_bytes(std::uint64_t pa, const std::string& hex) {
        for (std::size_t i = 0; i + 1 < hex.size(); i += 2, ++pa) {
            const std::uint64_t byte = std::stoul(hex.substr(i, 2), nullptr, 16);
            std::uint64_t& w = memory_[pa / 8];
            w = (w & ~(0xffull << pa % 8 * 8)) | byte << pa % 8 * 8;
        }
    }
    std::uint64_t word(std::uint64_t pa) const {
        const auto i = memory_.find(pa / 8);
        return i == memory_.end() ? 0 : i->second;
    }
    void fetch(fetch_id id, base::phys_addr a, std::uint32_t bytes, base::span_id) override {
        std::array<std::uint64_t, 8> words{};
        for (unsigned i = 0; i < bytes / 8; ++i) words[i] = word(a.value + 8u * i);
        translator_.fetched(id, std::span(words).first(bytes / 8), !in_ram(a.value));
    }
    void update(fetch_id, base::phys_addr, std::uint64_t, std::uint64_t, base::span_id) override {
        ADD_FAILURE() << "hardware update without HTTU";
    }

    // -- registers and commands --
    void write_register(std::uint64_t offset, std::uint64_t v) {
        switch (offset) {
            case 0x20:
                control_.smmuen = (v & 1) != 0;
                translator_.set_control(control_);
                break;
            case 0x2c:
                control_.recinvsid = (v & 2) != 0;
                translator_.set_control(control_);
                break;
            case 0x80:
                table_.address = base::phys_addr{v & 0x000f'ffff'ffff'ffc0};
                break;
            case 0x88:
                table_.log2size = v & 0x3f;
                table_.split = v >> 6 & 0x1f;
                table_.fmt = v >> 16 & 3;
                break;
            case 0x90:
                queue_ = v & 0x000f'ffff'ffff'ffe0;
                queue_mask_ = (1ull << (v & 0x1f)) - 1;
                break;
            case 0x98:
                run_commands(v);
                break;
            case 0x9c:
                consumer_ = v;
                break;
            default:
                break;
        }
        translator_.set_stream_table(table_);
    }
    void run_commands(std::uint64_t producer) {
        for (; consumer_ != producer; ++consumer_) {
            const std::uint64_t at = queue_ + (consumer_ & queue_mask_) * 16;
            command(word(at), word(at + 8));
        }
    }
    void command(std::uint64_t w0, std::uint64_t w1) {
        const base::stream_id sid{static_cast<std::uint32_t>(w0 >> 32)};
        const auto vmid = static_cast<std::uint16_t>(w0 >> 32);
        const auto asid = static_cast<std::uint16_t>(w0 >> 48);
        tlbi_range range{w1 & ~0xfffull, w1 & ~0xfffull};
        if (const std::uint64_t tg = w1 >> 10 & 3)
            range.last += (((w0 >> 12 & 0x1f) + 1) << (w0 >> 20 & 0x1f) << (10 + 2 * tg)) - 1;
        switch (w0 & 0xff) {
            case 0x03:
                return translator_.invalidate_ste(sid, (w1 & 1) != 0);
            case 0x04:
                return translator_.invalidate_ste_range(sid, w1 & 0x1f);
            case 0x05:
                return translator_.invalidate_cd(sid, base::substream_id{}, (w1 & 1) != 0);
            case 0x06:
                return translator_.invalidate_cd_all(sid);
            case 0x10:
                return translator_.tlbi_nh_all(vmid);
            case 0x11:
                return translator_.tlbi_nh_asid(vmid, asid);
            case 0x12:
                return translator_.tlbi_nh_va(vmid, asid, range);
            case 0x13:
                return translator_.tlbi_nh_vaa(vmid, range);
            case 0x28:
                return translator_.tlbi_s12_vmall(vmid);
            case 0x2a:
                return translator_.tlbi_s2_ipa(vmid, range);
            case 0x30:
                return translator_.tlbi_nsnh_all();
            case 0x46:
                return;
            default:
                ADD_FAILURE() << "command " << (w0 & 0xff);
        }
    }

    // -- transactions --
    void check_dma(const json& step, const std::string& id) {
        translate_request q;
        q.sid = base::stream_id{step.at("sid").get<std::uint32_t>()};
        q.va = base::iova{number(step.at("iova"))};
        q.write = step.at("rw") == "w";
        // QEMU's accesses are privileged: so PRIVCFG says for the vectors where it matters.
        if (privileged_) memory_[(table_.address.value + 64 * q.sid.value + 8) / 8] |= 3ull << 48;
        ASSERT_TRUE(translator_.start(0, q));
        context_.timeline.run(context_.now() + base::ps{1'000'000});
        translator_.performed(result_.number);
        ++checked;
        const json& want = step.at("arch");
        const std::string where =
            id + " " + step.at("iova").get<std::string>() + (q.write ? " w" : " r");
        const bool ok = result_.result == translate_result::outcome::ok;
        ASSERT_EQ(ok ? "ok" : "abort", want.at("result").get<std::string>()) << where;
        if (ok) {
            EXPECT_EQ(result_.pa.value, number(want.at("pa"))) << where;
        } else {
            const json& event = want.at("event");
            EXPECT_EQ(bytes(result_.event), event.is_null() ? "" : event.get<std::string>())
                << where;
        }
    }
    void translated(std::uint32_t, const translate_result& r) override {
        result_ = r;
        if (!privileged_ || !result_.event) return;
        // QEMU's records never show PnU; ours must, with PRIVCFG.
        constexpr std::uint64_t pnu = 1ull << 33;
        EXPECT_NE(result_.event->words[1] & pnu, 0u);
        result_.event->words[1] &= ~pnu;
    }
    void stalled(std::uint32_t, const event_record&) override { ADD_FAILURE() << "a stall"; }
    static std::string bytes(const std::optional<event_record>& e) {
        std::string out;
        if (!e) return out;
        for (const std::uint64_t w : e->words)
            for (unsigned i = 0; i < 64; i += 8) {
                out += "0123456789abcdef"[w >> (i + 4) & 15];
                out += "0123456789abcdef"[w >> i & 15];
            }
        return out;
    }

    base::context context_;
    std::unordered_map<std::uint64_t, std::uint64_t> memory_;
    control control_;
    stream_table_base table_;
    std::uint64_t queue_ = 0, queue_mask_ = 0, consumer_ = 0;
    translate_result result_;
    bool privileged_ = false;
    translator translator_;
};

struct SmmuVectors : testing::TestWithParam<const char*> {};

/// Every transaction of the group has the outcome, the address and the record's bytes that the
/// architecture asks for, whatever QEMU did.
TEST_P(SmmuVectors, S_060_S_140_transactions_end_as_recorded) {
    const std::filesystem::path file =
        std::filesystem::path(DRYDOCK_SMMU_VECTORS) / (std::string(GetParam()) + ".jsonl");
    std::ifstream in(file);
    ASSERT_TRUE(in) << file;
    int checked = 0;
    for (std::string line; std::getline(in, line);) {
        replay r(std::string(GetParam()).starts_with("qemu10"));
        r.run(json::parse(line));
        checked += r.checked;
    }
    EXPECT_GT(checked, 0);
}

INSTANTIATE_TEST_SUITE_P(recorded, SmmuVectors,
                         testing::Values("qemu7.2.22_s1", "qemu7.2.22_s1_quirk", "qemu7.2.22_cd",
                                         "qemu7.2.22_ste", "qemu7.2.22_strtab", "qemu7.2.22_tlb",
                                         "qemu10.0.2_s1", "qemu10.0.2_s1_quirk",
                                         "qemu10.0.2_s1_ttbr1", "qemu10.0.2_cd", "qemu10.0.2_ste",
                                         "qemu10.0.2_strtab", "qemu10.0.2_tlb", "qemu10.0.2_s2",
                                         "qemu10.0.2_nested"),
                         [](const auto& i) {
                             std::string name = i.param;
                             for (char& c : name)
                                 if (c == '.') c = '_';
                             return name;
                         });

}  // namespace
}  // namespace drydock::smmu::test
