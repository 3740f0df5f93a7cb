// SPDX-License-Identifier: Apache-2.0
// Translation Requests and Translated transactions.
#include <gtest/gtest.h>

#include "tests/tlm/smmu/translation_machine.h"

namespace drydock::smmu::test {
namespace {

using m = translation_machine;

/// ATSRECERR=1 and REC_CFG_ATS=1: configuration errors of Translation Requests are recorded.
struct recording : translation_machine {
    recording() : translation_machine(with_option()) {
        control_bits.rec_cfg_ats = true;
        set_control();
    }
    static smmu_config with_option() {
        smmu_config c;
        c.atsrecerr = true;
        return c;
    }
};

/// The answer to a request by a quiet SMMU and by one that records configuration errors.
template <class Prepare>
void expect_request(Prepare&& prepare, const translate_request& q, outcome o,
                    std::optional<event_record> always,
                    std::optional<event_record> when_recording) {
    translation_machine quiet;
    prepare(quiet);
    translate_result r = quiet.run(q);
    EXPECT_EQ(r.result, o);
    EXPECT_EQ(r.event, always);
    recording loud;
    prepare(loud);
    r = loud.run(q);
    EXPECT_EQ(r.result, o);
    EXPECT_EQ(r.event, when_recording);
}

constexpr std::uint64_t asked_rw = 1ull << 34 | 1ull << 35 | 1ull << 44;  // F_BAD_ATS_TREQ word 1

TEST(AtsRequest, S_160_bad_stream) {
    expect_request([](auto&) {}, m::ats(256, 0x7000), outcome::completer_abort, {},
                   words(head(0x02, 256)));
    recording f;
    f.control_bits.recinvsid = false;
    f.set_control();
    EXPECT_FALSE(f.run(m::ats(256, 0x7000)).event);
}

TEST(AtsRequest, S_160_ste_fetch) {
    expect_request([](auto& f) { f.poison(m::strtab + 3 * 64); }, m::ats(3, 0x7000),
                   outcome::completer_abort, {}, words(head(0x03, 3), 0, 0, m::strtab + 3 * 64));
}

TEST(AtsRequest, S_160_S_162_S_175_illegal_ste_comes_before_eats) {
    expect_request([](auto&) {}, m::ats(3, 0x7000), outcome::completer_abort, {},
                   words(head(0x04, 3)));
    expect_request([](auto& f) { f.set_ste(3, {.s1cdmax = 31, .eats = 0}); }, m::ats(3, 0x7000),
                   outcome::completer_abort, {}, words(head(0x04, 3)));
}

TEST(AtsRequest, S_162_the_record_needs_the_option_as_well) {
    translation_machine f;  // ATSRECERR=0
    f.control_bits.rec_cfg_ats = true;
    f.set_control();
    const translate_result r = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(r.result, outcome::completer_abort);
    EXPECT_FALSE(r.event);
}

TEST(AtsRequest, S_160_config_abort_is_unsupported_and_silent) {
    expect_request([](auto& f) { f.set_ste(3, {.config = 0}); }, m::ats(3, 0x7000),
                   outcome::unsupported_request, {}, {});
}

TEST(AtsRequest, S_160_config_bypass_is_unsupported_and_recorded) {
    const event_record e = words(head(0x05, 3), asked_rw, 0x7000);
    expect_request([](auto& f) { f.set_ste(3, {.config = 4}); }, m::ats(3, 0x7123),
                   outcome::unsupported_request, e, e);
}

TEST(AtsRequest, S_160_eats_off_or_reserved_is_unsupported_and_recorded) {
    const event_record e = words(head(0x05, 3), asked_rw, 0x7000);
    for (const std::uint64_t eats : {0u, 3u})
        expect_request([=](auto& f) { f.stage1(3, {}, {.eats = eats}); }, m::ats(3, 0x7000),
                       outcome::unsupported_request, e, e);
}

TEST(AtsRequest, S_160_S_178_bad_substream) {
    expect_request([](auto& f) { f.stage1(3); }, m::with_pasid(m::ats(3, 0x7000), 2),
                   outcome::completer_abort, {}, words(0x08 | 2u << 12 | 3ull << 32));
}

TEST(AtsRequest, S_160_S_177_stream_disabled) {
    expect_request([](auto& f) { f.stage1(3, {}, {.s1cdmax = 2, .s1dss = 0}); }, m::ats(3, 0x7000),
                   outcome::completer_abort, {}, words(head(0x06, 3)));
}

TEST(AtsRequest, S_160_cd_fetch) {
    expect_request(
        [](auto& f) {
            f.stage1(3);
            f.poison(m::cds);
        },
        m::ats(3, 0x7000), outcome::completer_abort, {}, words(head(0x09, 3), 0, 0, m::cds));
}

TEST(AtsRequest, S_160_bad_cd) {
    expect_request([](auto& f) { f.stage1(3, {.valid = 0}); }, m::ats(3, 0x7000),
                   outcome::completer_abort, {}, words(head(0x0a, 3)));
}

TEST(AtsRequest, S_160_walk_abort) {
    expect_request(
        [](auto& f) {
            f.stage1(3);
            f.poison(m::root);
        },
        m::ats(3, 0x7000), outcome::completer_abort, {},
        words(head(0x0b, 3), rnw | class_tt, 0x7000, m::root));
}

TEST(AtsRequest, S_160_S_164_faults_give_no_access_and_no_event) {
    const auto no_access = [](auto&& prepare) {
        expect_request(prepare, m::ats(3, 0x7000), outcome::no_access, {}, {});
    };
    no_access([](auto& f) { f.stage1(3); });               // F_TRANSLATION
    no_access([](auto& f) { f.stage1(3, {.epd0 = 1}); });  // EPD
    no_access([](auto& f) { f.stage1(3, {.ips = 0}), f.map(0x7000, 1ull << 32); });   // F_ADDR_SIZE
    no_access([](auto& f) { f.stage1(3), f.map(0x7000, 0x8'0000, rw_page & ~af); });  // F_ACCESS
    no_access([](auto& f) { f.stage1(3, {.r = 1, .a = 0}); });  // R and A do not matter
    translation_machine f;
    f.stage1(3);
    EXPECT_EQ(f.run(m::ats(3, 0x7000)).page_bytes, 4096u);
    EXPECT_EQ(f.run(m::ats(3, 1ull << 50)).result, outcome::no_access);
}

/// r, w, x, priv of a request that must succeed.
std::string rights_of_answer(translation_machine& f, const translate_request& q) {
    const translate_result r = f.run(q);
    EXPECT_FALSE(r.event);
    if (r.result != outcome::ok && r.result != outcome::no_access) return "no success";
    std::string s = r.result == outcome::no_access ? "none" : "";
    s += r.r ? "r" : "";
    s += r.w ? "w" : "";
    s += r.x ? "x" : "";
    return s + (r.priv ? " priv" : "");
}

TEST(AtsRequest, S_160_translation_found) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000);
    const translate_result r = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_EQ(r.pa.value, 0x8'0000u);
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000)), "rw");
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000, true)), "rw");  // NW, already writable: granted
}

TEST(AtsRequest, S_163_size_of_a_block) {
    translation_machine f;
    f.stage1(3);
    f.put(0x40'0000, 2, 0x8000'0000 | rw_page | 1);
    const translate_result r = f.run(m::ats(3, 0x40'0000));
    EXPECT_EQ(r.page_bytes, 1u << 21);
    EXPECT_EQ(r.pa.value, 0x8000'0000u);
}

TEST(AtsRequest, S_165_read_only_page) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000, rw_page | ap_ro | dbm);
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000)), "r");
}

TEST(AtsRequest, S_166_clean_page_becomes_dirty_only_without_nw) {
    translation_machine f;
    f.stage1(3, {.hd = 1, .ha = 1});
    const std::uint64_t d = f.map(0x7000, 0x8'0000, rw_page | ap_ro | dbm);
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000, true)), "r");
    EXPECT_NE(f.word(d) & ap_ro, 0u);
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000)), "rw");
    EXPECT_EQ(f.word(d) & ap_ro, 0u);
}

TEST(AtsRequest, access_flag_is_set_when_anything_is_granted) {
    translation_machine f;
    f.stage1(3, {.ha = 1});
    const std::uint64_t open = f.map(0x7000, 0x8'0000, rw_page & ~af);
    const std::uint64_t shut = f.map(0x8000, 0x9'0000, ng);
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000)), "rw");
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x8000)), "none");
    EXPECT_NE(f.word(open) & af, 0u);
    EXPECT_EQ(f.word(shut) & af, 0u);
}

TEST(AtsRequest, S_167_privileged_page) {
    translation_machine f;
    f.stage1(3, {}, {.s1cdmax = 1, .s1dss = 2});
    f.set_cd({}, 1);
    f.map(0x7000, 0x8'0000, af | ng);
    EXPECT_EQ(rights_of_answer(f, m::with_pasid(m::ats(3, 0x7000, true), 1, true)), "rw priv");
    EXPECT_EQ(rights_of_answer(f, m::with_pasid(m::ats(3, 0x7000), 1, false)), "none");
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000)), "none");
}

TEST(AtsRequest, S_167_override_decides_but_priv_stays_the_requests) {
    translation_machine f;
    f.stage1(3, {}, {.s1cdmax = 1, .privcfg = 2});
    f.set_cd({}, 1);
    f.map(0x7000, 0x8'0000, af | ng);
    EXPECT_EQ(rights_of_answer(f, m::with_pasid(m::ats(3, 0x7000), 1, true)), "none priv");
}

TEST(AtsRequest, execute_is_granted_when_asked_readable_and_executable) {
    translation_machine f;
    f.stage1(3, {}, {.s1cdmax = 1, .s1dss = 2});
    f.set_cd({}, 1);
    f.map(0x7000, 0x8'0000, rw_page);
    f.map(0x8000, 0x9'0000, rw_page | uxn);
    f.map(0x9000, 0xa'0000, af | ng);  // for users: execute only
    EXPECT_EQ(rights_of_answer(f, m::with_pasid(m::ats(3, 0x7000), 1, false, true)), "rwx");
    EXPECT_EQ(rights_of_answer(f, m::with_pasid(m::ats(3, 0x7000), 1)), "rw");
    EXPECT_EQ(rights_of_answer(f, m::with_pasid(m::ats(3, 0x8000), 1, false, true)), "rw");
    EXPECT_EQ(rights_of_answer(f, m::with_pasid(m::ats(3, 0x9000), 1, false, true)), "none");
    translate_request without_prefix = m::ats(3, 0x7000);
    without_prefix.execute = without_prefix.privileged = true;
    EXPECT_EQ(rights_of_answer(f, without_prefix), "rw");
}

TEST(AtsRequest, S_168_global_page_translates_like_any_other) {
    translation_machine f;
    f.stage1(3);
    f.map(0x7000, 0x8'0000, rw_page & ~ng);
    EXPECT_EQ(rights_of_answer(f, m::ats(3, 0x7000)), "rw");  // the result has no Global to pass on
}

TEST(AtsRequest, S_176_stage_1_bypassed_is_identity) {
    translation_machine f;
    f.stage1(3, {}, {.s1cdmax = 2, .s1dss = 1});
    const translate_result r = f.run(m::ats(3, 0x7000));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_EQ(r.pa.value, 0x7000u);
    EXPECT_TRUE(r.r && r.w);
    EXPECT_FALSE(r.x || r.priv);
}

TEST(AtsRequest, S_179_stage_1_bypassed_beyond_the_output_size) {
    translation_machine f;
    f.stage1(3, {}, {.s1cdmax = 2, .s1dss = 1});
    const translate_result r = f.run(m::ats(3, 1ull << 48));
    EXPECT_EQ(r.result, outcome::no_access);
    EXPECT_FALSE(r.event);
}

// -- 7.3
// -------------------------------------------------------------------------------------------

struct checked : recording {
    checked() {
        control_bits.rec_cfg_ats = false;
        check(true);
    }
    void check(bool on) {
        control_bits.atschk = on;
        set_control();
    }
    void record() {
        control_bits.rec_cfg_ats = true;
        set_control();
    }
};

void expect_abort(const translate_result& r, std::optional<event_record> e) {
    EXPECT_EQ(r.result, outcome::abort);
    EXPECT_EQ(r.event, e);
}

TEST(AtsTranslated, S_161_S_171_unchecked_passes_without_any_look_up) {
    checked f;
    f.check(false);
    f.stage1(3, {}, {.eats = 0});
    const translate_result r = f.run(m::translated_to(3, 0x9'9000, true));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_EQ(r.pa.value, 0x9'9000u);
    EXPECT_TRUE(f.reads.empty());
    expect_abort(f.run(m::translated_to(3, 1ull << 48)), {});
}

TEST(AtsTranslated, S_161_bad_stream_is_recorded_whatever_recinvsid_says) {
    checked f;
    f.control_bits.recinvsid = false;
    expect_abort(f.run(m::translated_to(256, 0x9000)), {});
    f.record();
    expect_abort(f.run(m::translated_to(256, 0x9000)), words(head(0x02, 256)));
}

TEST(AtsTranslated, S_161_ste_fetch_and_illegal_ste) {
    checked f;
    f.poison(m::strtab + 3 * 64);
    expect_abort(f.run(m::translated_to(3, 0x9000)), {});
    f.record();
    expect_abort(f.run(m::translated_to(3, 0x9000)),
                 words(head(0x03, 3), 0, 0, m::strtab + 3 * 64));
    expect_abort(f.run(m::translated_to(4, 0x9000)), words(head(0x04, 4)));
}

TEST(AtsTranslated, S_161_config_abort_is_silent) {
    checked f;
    f.record();
    f.set_ste(3, {.config = 0});
    expect_abort(f.run(m::translated_to(3, 0x9000)), {});
}

TEST(AtsTranslated, S_161_bypass_or_eats_off_is_forbidden) {
    checked f;
    f.set_ste(3, {.config = 4});
    expect_abort(f.run(m::translated_to(3, 0x9008)), words(head(0x07, 3), rnw, 0x9008));
    f.stage1(4, {}, {.eats = 0});
    expect_abort(f.run(m::translated_to(4, 0x9008, true)), words(head(0x07, 4), 0, 0x9008));
}

TEST(AtsTranslated, S_161_full_ats_passes_and_ignores_the_pasid) {
    checked f;
    f.stage1(3);  // one CD: a PASID would be C_BAD_SUBSTREAMID for an ordinary transaction
    const translate_result r = f.run(m::with_pasid(m::translated_to(3, 0x9'9008, true), 77));
    EXPECT_EQ(r.result, outcome::ok);
    EXPECT_EQ(r.pa.value, 0x9'9008u);
    EXPECT_EQ(f.reads.size(), 1u);
}

TEST(AtsTranslated, S_180_beyond_the_output_size_aborts_silently) {
    checked f;
    f.stage1(3);
    expect_abort(f.run(m::translated_to(3, 1ull << 48)), {});
}

}  // namespace
}  // namespace drydock::smmu::test
