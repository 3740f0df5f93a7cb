// SPDX-License-Identifier: Apache-2.0
// What each CFGI and TLBI command takes out of which cache, seen by what the next DMA has to read.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/tlm/smmu/smmu_machine.h"

using namespace drydock;
using namespace drydock::smmu::test;

namespace {

using names = std::set<std::string>;

/// Two streams with a CD each (ASID 1 and 2) and one table: page 0x7000 of their own, page 0x8000
/// global. Everything is in the caches.
class warm_machine : public smmu_machine {
public:
    static constexpr std::uint32_t a = smmu_machine::sid, b = smmu_machine::sid + 1;

    warm_machine() {
        enable(smmuen | eventqen | cmdqen | atschk, 8);
        put_stream(a, 0, 1);
        put_stream(b, 1, 2);
        map(0x7000, 0x5000'0000);
        map(0x8000, 0x5000'1000, af | ap_user);
        missed();
        EXPECT_EQ(missed(), names{}) << "warm";
    }
    /// What a DMA to each page has to fetch now; afterwards all is warm again.
    names missed() {
        names out;
        for (const std::uint32_t id : {a, b}) {
            const std::string stream = id == a ? "a" : "b";
            const std::uint64_t walks = dut.translation().counters().walks;
            const std::size_t seen = memory.log.size();
            read_as(id, 0x7000);
            if (touched(seen, strtab + 64u * id)) out.insert("ste." + stream);
            if (touched(seen, cds + 64u * (id - a))) out.insert("cd." + stream);
            if (dut.translation().counters().walks != walks) out.insert("page." + stream);
        }
        const std::uint64_t walks = dut.translation().counters().walks;
        read_as(a, 0x8000);
        if (dut.translation().counters().walks != walks) out.insert("global");
        return out;
    }
    names after(std::uint64_t w0, std::uint64_t w1 = 0) {
        put(w0, w1);
        put(cmd_sync);
        ring();
        run();
        EXPECT_TRUE(drained()) << std::hex << w0;
        return missed();
    }

private:
    void put_stream(std::uint32_t id, unsigned index, std::uint64_t asid) {
        set_ste(id, {.cd = cds + 64u * index});
        const auto w = cd_image{.asid = asid}.words();
        for (unsigned i = 0; i < 8; ++i) memory.word(cds + 64u * index + 8u * i) = w[i];
    }
    void read_as(std::uint32_t id, std::uint64_t va) {
        dma& d = request(false, va, 0);
        d.who.stream = base::stream_id{id};
        send(d);
        run(2'000);
        EXPECT_TRUE(d.gp.is_response_ok());
    }
    bool touched(std::size_t since, std::uint64_t address) const {
        for (std::size_t i = since; i < memory.log.size(); ++i)
            if (memory.log[i].address == address) return true;
        return false;
    }
};

constexpr std::uint64_t sid(std::uint32_t id) { return std::uint64_t{id} << 32; }
constexpr std::uint64_t ssid(std::uint32_t id) { return std::uint64_t{id} << 12; }
constexpr std::uint64_t asid(std::uint64_t id) { return id << 48; }
constexpr std::uint64_t granule_4k = 1u << 10, leaf_level_3 = 3u << 8, leaf = 1;
constexpr std::uint64_t num(std::uint64_t n) { return n << 12; }
constexpr std::uint32_t a = warm_machine::a, b = warm_machine::b;

}  // namespace

TEST(CommandEffects, S_028_S_100_cfgi_ste_takes_the_ste_and_its_cds) {
    warm_machine m;
    EXPECT_EQ(m.after(0x03 | sid(a), leaf), (names{"ste.a", "cd.a"}));
    EXPECT_EQ(m.after(0x03 | sid(b)), (names{"ste.b", "cd.b"}));
    EXPECT_EQ(m.after(0x03 | sid(0x3ff)), names{});
    EXPECT_EQ(m.after(0x03 | sid(0xffff'ffff)), names{}) << "out of range: no error, no effect";
}

TEST(CommandEffects, S_100_cfgi_ste_range_takes_two_to_the_range_plus_one_aligned_streams) {
    warm_machine m;
    EXPECT_EQ(m.after(0x04 | sid(b), 0), (names{"ste.a", "cd.a", "ste.b", "cd.b"}));
    EXPECT_EQ(m.after(0x04 | sid(a + 2), 0), names{}) << "0x102 and 0x103";
    EXPECT_EQ(m.after(0x04 | sid(a + 3), 1), (names{"ste.a", "cd.a", "ste.b", "cd.b"}));
    EXPECT_EQ(m.after(0x04 | sid(a + 0x40), 5), names{}) << "0x140 to 0x17f";
    EXPECT_EQ(m.after(0x04, 31), (names{"ste.a", "cd.a", "ste.b", "cd.b"})) << "CFGI_ALL";
    EXPECT_EQ(m.after(0x04 | sid(0x3ff), 31), (names{"ste.a", "cd.a", "ste.b", "cd.b"}));
}

TEST(CommandEffects, S_047_S_100_cfgi_cd_takes_one_cd_of_one_stream) {
    warm_machine m;
    EXPECT_EQ(m.after(0x05 | sid(a), leaf), names{"cd.a"});
    EXPECT_EQ(m.after(0x05 | sid(b)), names{"cd.b"});
    EXPECT_EQ(m.after(0x05 | sid(a) | ssid(3)), names{}) << "another SubstreamID";
    EXPECT_EQ(m.after(0x06 | sid(a)), names{"cd.a"});
    EXPECT_EQ(m.after(0x06 | sid(b)), names{"cd.b"});
}

TEST(CommandEffects, S_236_S_116_tlbi_takes_the_pages_it_names_and_no_configuration) {
    warm_machine m;
    const names all{"page.a", "page.b", "global"};
    EXPECT_EQ(m.after(0x10), all);
    EXPECT_EQ(m.after(0x30), all);
    EXPECT_EQ(m.after(0x11 | asid(1)), names{"page.a"}) << "global entries stay";
    EXPECT_EQ(m.after(0x11 | asid(2)), names{"page.b"});
    EXPECT_EQ(m.after(0x11 | asid(3)), names{});
    EXPECT_EQ(m.after(0x12 | asid(1), 0x7000 | leaf), names{"page.a"});
    EXPECT_EQ(m.after(0x12 | asid(2), 0x7000), names{"page.b"});
    EXPECT_EQ(m.after(0x12 | asid(3), 0x8000), names{"global"}) << "with any ASID";
    EXPECT_EQ(m.after(0x12 | asid(1), 0x9000), names{});
}

TEST(CommandEffects, S_100_tlbi_of_any_asid_takes_the_page_of_both) {
    warm_machine m;
    const names gone = m.after(0x13, 0x7000);
    EXPECT_TRUE(gone.contains("page.a") && gone.contains("page.b"));
    EXPECT_TRUE(m.after(0x13, 0x8000).contains("global"));
}

TEST(CommandEffects, S_120_S_121_ranges_take_their_pages) {
    warm_machine m;
    const std::uint64_t one_page = granule_4k | leaf_level_3;
    EXPECT_EQ(m.after(0x12 | asid(1), 0x7000 | one_page), names{"page.a"});
    EXPECT_EQ(m.after(0x12 | asid(1) | num(1), 0x7000 | granule_4k), (names{"page.a", "global"}));
    EXPECT_EQ(m.after(0x12 | asid(1) | num(2), 0x4000 | granule_4k), names{}) << "0x4000-0x6fff";
    EXPECT_EQ(m.after(0x12 | asid(1) | num(3), 0x4000 | granule_4k), names{"page.a"});
    const names gone = m.after(0x12 | asid(2) | num(31) | 15u << 20, granule_4k);  // 4 GiB
    EXPECT_TRUE(gone.contains("page.b") && gone.contains("global")) << "others may go too";
}
