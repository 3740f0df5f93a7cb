// SPDX-License-Identifier: Apache-2.0
// Several SMMUs, StreamIDs by table, named configurations: what is read and what is refused.
#include "platform/configs/named.h"
#include "platform/scenario/tree.h"
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

std::string machine(const std::string& smmus, const std::string& rp1 = "smmu: b, ") {
    return "machine:\n" + smmus +
           "  ports:\n"
           "    rp0: {device: {name: x, like: generic_ats_endpoint}}\n"
           "    rp1: {" +
           rp1 +
           "device: {name: y, like: myricom_10g}}\n"
           "end: {when: 1ms}\n";
}
const std::string two = "  smmus: {a: {}, b: {}}\n";

scenario::run loaded(const std::string& text, const scenario::overrides& o = {}) {
    const scratch s;
    return scenario::load(s.file("s.yaml", text), o).runs.at(0);
}

std::string refused(const std::string& text) {
    const scratch s;
    const std::string file = s.file("s.yaml", text);
    const std::string message = refusal(file);
    return message.starts_with(file) ? message.substr(file.size() + 1) : message;
}

TEST(Smmus, what_machine_smmu_says_holds_for_each_unless_it_says_otherwise) {
    const std::string text =
        machine("  smmu: {itags: 4, sev: true}\n  smmus: {a: {itags: 8}, b: {}}\n");
    const auto r = loaded(text);
    ASSERT_EQ(r.machine.smmus.size(), 2u);
    EXPECT_EQ(r.machine.smmus[0].name, "a");
    EXPECT_EQ(r.machine.smmus[0].itags, 8u);
    EXPECT_EQ(r.machine.smmus[1].itags, 4u);
    EXPECT_TRUE(r.machine.smmus[0].sev && r.machine.smmus[1].sev);
    EXPECT_EQ(r.machine.ports[0].smmu, 0u) << "the first";
    EXPECT_EQ(r.machine.ports[1].smmu, 1u);
    scenario::overrides o;
    o.set = {"machine.smmu.itags=2", "machine.smmus.b.priq_log2size=9"};
    const auto changed = loaded(text, o);
    EXPECT_EQ(changed.machine.smmus[0].itags, 8u);
    EXPECT_EQ(changed.machine.smmus[1].itags, 2u);
    EXPECT_EQ(changed.machine.smmus[1].priq_log2size, 9u);
}

TEST(Smmus, an_SMMU_without_ports_is_left_out_and_said_so) {
    const auto r = loaded(machine(two, "") + "");
    ASSERT_FALSE(r.notes.empty());
    EXPECT_EQ(r.notes.back(), "b: no port leads to it: it is not built");
}

TEST(Smmus, a_table_gives_StreamIDs_and_a_Requester_ID_may_be_written_as_lspci_does) {
    const auto r = loaded(machine(
        "  smmus: {a: {stream_ids: [{rid: 01:00.0, count: 0x100, sid: 0x4000}]}, b: {}}\n"));
    EXPECT_EQ(scenario::stream_of(r.machine.smmus[0], 0x0100), 0x4000u);
    EXPECT_EQ(scenario::stream_of(r.machine.smmus[0], 0x01ff), 0x40ffu);
    EXPECT_EQ(scenario::stream_of(r.machine.smmus[0], 0x0200), std::nullopt);
    EXPECT_EQ(scenario::stream_of(r.machine.smmus[1], 0x0200), 0x0200u);
}

TEST(Smmus, wrong_ones_are_refused_where_they_stand) {
    EXPECT_EQ(refused(machine(two, "smmu: c, ")),
              "5:17: no SMMU 'c'; expected one of a, b; did you mean 'a'?");
    EXPECT_EQ(refused(machine("  smmus: {x: {}, b: {}}\n")),
              "machine.smmus: 'x' is also a port or device; names must differ");
    EXPECT_EQ(
        refused(machine("  smmus: {smmu: {}, b: {}}\n")),
        "2:11: 'smmu' means another part of the machine; expected another name, such as smmu0");
    const auto with = [](const std::string& rows) {
        return refused(machine("  smmus: {a: {stream_ids: [" + rows + "]}, b: {}}\n"));
    };
    EXPECT_EQ(with("{rid: 0x100, count: 16, sid: 0}, {rid: 0x10f, count: 2, sid: 99}"),
              "2:61: stream_ids: Requester IDs 0x10f..0x110 overlap 0x100..0x10f of line 2; "
              "expected each in one range");
    EXPECT_EQ(with("{rid: 0xfff0, count: 17, sid: 0}"),
              "2:28: stream_ids: 17 Requester IDs from 0xfff0 on end at 0x10000; expected at most "
              "0xffff");
    EXPECT_EQ(with("{rid: 0x200, count: 16, sid: 0}"),
              "2:28: stream_ids: no range has the Requester ID 0x100 of 'x', which is behind a");
    EXPECT_EQ(
        with("{rid: 1:0.0, sid: 0}"),
        "2:34: rid: '1:0.0' cannot be used; expected a Requester ID such as 03:00.0 or 0x300");
    EXPECT_EQ(with("{rid: 0x10000, sid: 0}"),
              "2:34: rid: '0x10000' cannot be used; expected a Requester ID such as 03:00.0 or "
              "0x300");
    EXPECT_EQ(refused(machine("  smmu: {stream_ids: [{rid: 0, count: 0x10000, sid: 0, mask: "
                              "0xff}]}\n",
                              "")),
              "2:23: stream_ids: 'x' and 'y' would both be StreamID 0x0; expected each its own");
}

TEST(SmmuConfigurations, each_says_what_it_is_and_why) {
    const auto all = configs::names();
    EXPECT_EQ(all, (std::vector<std::string>{"gem5", "minimal", "qemu", "server", "vectors"}));
    for (const std::string& name : all) {
        const auto c = configs::load(name, {});
        EXPECT_FALSE(c.title.empty()) << name;
        EXPECT_GT(c.why.size(), 100u) << name;
        EXPECT_FALSE(c.parameters.members.empty()) << name;
    }
}

TEST(SmmuConfigurations, give_defaults_that_the_scenario_overrides) {
    const auto r = loaded(machine(
        "  smmu: {like: minimal, evtq_log2size: 6}\n  parameters: {smmu.walk_slots: 2}\n", ""));
    EXPECT_EQ(r.machine.smmus[0].cmdq_log2size, 4u) << "the configuration's";
    EXPECT_EQ(r.machine.smmus[0].evtq_log2size, 6u) << "the scenario's";
    unsigned slots = 0;
    for (const auto& p : r.parameters)
        if (p.name == "smmu.walk_slots") {
            ++slots;
            EXPECT_EQ(std::get<std::int64_t>(p.value), 2);
            EXPECT_EQ(p.from, base::origin::scenario);
        }
    EXPECT_EQ(slots, 1u);
}

TEST(SmmuConfigurations, an_unknown_name_is_refused_with_the_nearest) {
    EXPECT_EQ(
        refused(machine("  smmu: {like: servr}\n", "")),
        "2:16: like: no SMMU 'servr'; expected one of gem5, minimal, qemu, server, vectors, or "
        "the path of a configuration; did you mean 'server'?");
    EXPECT_EQ(refused(machine("  smmu: {like: generic_ats_endpoint}\n", "")),
              "2:16: like: no SMMU 'generic_ats_endpoint'; expected one of gem5, minimal, qemu, "
              "server, vectors, or the path of a configuration");
}

TEST(SmmuConfigurations, a_file_of_ones_own_is_read_and_checked) {
    const scratch s;
    s.file("mine.yaml", "title: mine\nsmmu: {itags: 3}\nparameters: {s2p: true}\n");
    s.file("bad.yaml", "title: bad\nsmmu: {itagz: 3}\n");
    const auto with = [&s](const char* like) {
        return s.file("s.yaml", machine("  smmu: {like: " + std::string(like) + "}\n", ""));
    };
    EXPECT_EQ(scenario::load(with("./mine.yaml"), {}).runs.at(0).machine.smmus[0].itags, 3u);
    EXPECT_NE(refusal(with("./bad.yaml")).find("bad.yaml:2:8: unknown key 'itagz'"),
              std::string::npos);
    EXPECT_NE(refusal(with("./none.yaml")).find("like: cannot read"), std::string::npos);
}

}  // namespace
}  // namespace drydock::tests
