// SPDX-License-Identifier: Apache-2.0
#include "platform/scenario/load.h"

#include "platform/devices/description.h"
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

using namespace base::literals;
using scenario::load;
using scenario::overrides;

std::vector<std::string> names(const scenario::loaded& l) {
    std::vector<std::string> n;
    for (const auto& r : l.runs) n.push_back(r.name);
    return n;
}

TEST(Load, the_default_scenario_becomes_two_typed_runs) {
    const auto l = load(project_file("platform/scenarios/flr_under_unmap.yaml"), {});
    ASSERT_EQ(names(l), (std::vector<std::string>{"none", "M2"}));
    const auto& r = l.runs[1];
    EXPECT_EQ(r.software.reset_variant, "M2");
    EXPECT_EQ(r.machine.smmus[0].invalidate_timeout, 10_ms);
    EXPECT_EQ(r.machine.smmus[0].cmdq_log2size, 8u);
    EXPECT_EQ(r.machine.irq.gerror_cpu, 3u);
    ASSERT_EQ(r.machine.ports.size(), 2u);
    const auto& ep0 = *r.machine.ports[0].device;
    EXPECT_EQ(ep0.name, "ep0");
    EXPECT_EQ(ep0.link.gen, 4u);
    EXPECT_EQ(ep0.atc.entries, 512u);
    EXPECT_EQ(ep0.type, scenario::port_type::endpoint);
    EXPECT_EQ(r.machine.ports[1].device->link.gen, 1u);
    ASSERT_EQ(r.clients.size(), 3u);
    EXPECT_EQ(r.clients[1].kind, scenario::client_kind::sva);
    EXPECT_EQ(r.clients[1].pasid, 1u);
    EXPECT_EQ(r.clients[1].unmap->every, 5_us);
    EXPECT_EQ(r.clients[1].dma->count, 16u);
    EXPECT_EQ(r.clients[0].dma->read_percent, 50u);
    EXPECT_EQ(r.clients[2].buffer_bytes, 1u << 20);
    ASSERT_EQ(r.timeline.size(), 1u);
    EXPECT_EQ(std::get<scenario::at_time>(r.timeline[0].when).time, 20_ms);
    const auto& reset = std::get<scenario::do_reset>(r.timeline[0].what);
    EXPECT_EQ(reset.task, "R");
    EXPECT_EQ(reset.cpu, 3u);
    EXPECT_EQ(std::get<scenario::on_return>(r.end.when.at(0)).task, "R");
    EXPECT_EQ(r.end.plus, 30_ms);
    EXPECT_EQ(r.expect.size(), 7u);
    EXPECT_EQ(l.runs[0].expect.back().relation, "fires: nic");
}

TEST(Load, overridden_port_type_and_link_are_said_in_the_notes) {
    const auto l = load(project_file("platform/scenarios/flr_under_unmap.yaml"), {});
    ASSERT_EQ(l.notes.size(), 2u);
    EXPECT_EQ(l.notes[0],
              "ep0: like intel_dsa, which is a root complex integrated endpoint; modelled as an "
              "endpoint");
    EXPECT_EQ(l.notes[1], "ep0: link gen4 x8 instead of none of its own");
}

TEST(Load, extends_inherits_what_the_file_does_not_say) {
    const auto l = load(project_file("platform/scenarios/flr_under_unmap_60s.yaml"), {});
    ASSERT_EQ(l.runs.size(), 2u);
    EXPECT_EQ(l.runs[0].machine.smmus[0].invalidate_timeout, 60_s);
    EXPECT_EQ(l.runs[0].machine.smmus[0].cmdq_log2size, 8u);
    EXPECT_EQ(std::get<scenario::at_time>(l.runs[0].end.when.at(0)).time, 3_s);
    EXPECT_EQ(l.runs[0].clients.size(), 3u);
    EXPECT_EQ(l.runs[0].expect[0].name, "blocked_dma");
}

TEST(Load, the_hash_is_that_of_the_file_and_then_its_bases) {
    const scratch s;
    const auto base = s.file("base.yaml", small_scenario());
    EXPECT_EQ(load(base, {}).sha256.size(), 64u);
    const auto over = s.file("over.yaml", "extends: base.yaml\ntitle: over\n");
    const auto hash = load(over, {}).sha256;
    EXPECT_NE(hash, load(base, {}).sha256);
    s.file("base.yaml", small_scenario("title: small", "title: other"));
    EXPECT_NE(hash, load(over, {}).sha256);
}

TEST(Load, a_scenario_that_extends_itself_is_refused) {
    const scratch s;
    s.file("a.yaml", "extends: b.yaml\n");
    s.file("b.yaml", "title: b\nextends: a.yaml\n");
    EXPECT_NE(refusal((s.path() / "a.yaml").string()).find("b.yaml:2:10: extends: '"),
              std::string::npos);
}

TEST(Load, axes_cross_with_the_first_slowest_and_seeds_fastest) {
    const scratch s;
    overrides o;
    o.axes = {"machine.smmu.sev=false,true"};
    o.first_seed = 7;
    o.last_seed = 8;
    o.seed_range = true;
    const auto l = load(s.file("s.yaml", small_scenario()), o);
    EXPECT_EQ(names(l),
              (std::vector<std::string>{"none,false,seed=7", "none,false,seed=8",
                                        "none,true,seed=7", "none,true,seed=8", "M2,false,seed=7",
                                        "M2,false,seed=8", "M2,true,seed=7", "M2,true,seed=8"}));
    EXPECT_EQ(l.runs[3].seed, 8u);
    EXPECT_TRUE(l.runs[3].machine.smmus[0].sev);
}

TEST(Load, an_axis_of_the_command_line_replaces_the_files_axis_of_that_path) {
    const scratch s;
    overrides o;
    o.axes = {"software.reset.variant=M2"};
    EXPECT_EQ(names(load(s.file("s.yaml", small_scenario()), o)), std::vector<std::string>{"M2"});
}

TEST(Load, a_value_of_the_command_line_fixes_the_axis_of_that_path) {
    const scratch s;
    overrides o;
    o.set = {"software.reset.variant=M2", "machine.smmu.invalidate_timeout=60s"};
    const auto l = load(s.file("s.yaml", small_scenario()), o);
    EXPECT_EQ(names(l), std::vector<std::string>{"M2"});
    EXPECT_EQ(l.runs[0].machine.smmus[0].invalidate_timeout, 60_s);
    EXPECT_EQ(l.runs[0].expect.size(), 1u);
}

TEST(Load, the_command_is_canonical) {
    const scratch s;
    const auto file = s.file("s.yaml", small_scenario());
    overrides o;
    o.set = {"machine.smmu.sev=true", "machine.cpus=4", "machine.ports.rp0.link=gen3 x4"};
    o.first_seed = o.last_seed = 3;
    const auto l = load(file, o);
    EXPECT_EQ(l.command, "drydock run " + file +
                             " -c machine.cpus=4 -c 'machine.ports.rp0.link=gen3 x4' -c "
                             "machine.smmu.sev=true --seed 3");
    EXPECT_EQ(l.runs[1].command,
              "drydock run " + file +
                  " -c machine.cpus=4 -c 'machine.ports.rp0.link=gen3 x4' -c machine.smmu.sev=true"
                  " -c software.reset.variant=M2 --seed 3");
}

TEST(Load, a_runs_own_command_gives_that_run_again) {
    const scratch s;
    const auto file = s.file("s.yaml", small_scenario());
    overrides o;
    o.axes = {"machine.ports.rp0.link=gen3 x4,gen1 x1"};
    const auto l = load(file, o);
    overrides alone;
    alone.set = {"software.reset.variant=M2", "machine.ports.rp0.link=gen1 x1"};
    const auto again = load(file, alone);
    ASSERT_EQ(again.runs.size(), 1u);
    EXPECT_EQ(again.runs[0].command, l.runs[3].command);
    EXPECT_EQ(again.runs[0].machine.ports[0].link.width, 1u);
}

TEST(Load, the_effective_configuration_names_each_origin) {
    const scratch s;
    const auto file = s.file("s.yaml", small_scenario());
    overrides o;
    o.set = {"machine.smmu.sev=true"};
    const auto l = load(file, o);
    std::map<std::string, std::string> origin;
    for (const auto& e : l.runs[0].effective) origin[e.path] = e.value + " " + e.origin;
    EXPECT_EQ(origin["machine.smmu.sev"], "true command line");
    EXPECT_EQ(origin["machine.smmu.invalidate_timeout"], "10ms " + file + ":3");
    EXPECT_EQ(origin["machine.smmu.itags"], "32 default");
}

TEST(Load, a_port_and_its_device_train_to_what_both_can) {
    const scratch s;
    const auto l = load(s.file("s.yaml", small_scenario("link: gen4 x8", "link: gen5 x4")), {});
    EXPECT_EQ(l.runs[0].machine.ports[0].device->link.gen, 4u);
    EXPECT_EQ(l.runs[0].machine.ports[0].device->link.width, 4u);
}

TEST(Load, paths_of_a_file_are_relative_to_it) {
    const scratch s;
    std::filesystem::create_directory(s.path() / "sub");
    s.file("mine.yaml", read(project_file("platform/devices/generic_ats_endpoint.yaml")));
    const auto l = load(
        s.file("sub/s.yaml", small_scenario("like: generic_ats_endpoint", "like: ../mine.yaml")),
        {});
    EXPECT_TRUE(l.runs[0].machine.ports[0].device->description->ats);
}

TEST(Load, paths_of_the_command_line_are_relative_to_the_working_directory) {
    const scratch s;
    std::filesystem::create_directory(s.path() / "sub");
    const auto file = s.file("sub/s.yaml", small_scenario());
    s.file("mine.yaml", read(project_file("platform/devices/generic_ats_endpoint.yaml")));
    std::filesystem::current_path(s.path());
    overrides o;
    o.set = {"machine.ports.rp0.device.like=./mine.yaml"};
    EXPECT_EQ(load(file, o).runs[0].machine.ports[0].device->like, "./mine.yaml");
    std::filesystem::current_path("/");
    EXPECT_NE(refusal(file, o), "");
}

TEST(Load, conditions_of_all_four_forms_are_read) {
    const scratch s;
    const auto l = load(s.file("s.yaml", small_scenario("timeline:\n", R"(timeline:
  - {when: R at p2, hold: R}
  - {when: 'itag_timeout of ep0 #3', release: R}
  - {when: R returned, start: dma0}
)")),
                        {});
    const auto& t = l.runs[0].timeline;
    EXPECT_EQ(std::get<scenario::at_point>(t[0].when).point, "p2");
    EXPECT_EQ(std::get<scenario::on_event>(t[1].when).nth, 3u);
    EXPECT_EQ(std::get<scenario::on_event>(t[1].when).device, "ep0");
    EXPECT_EQ(std::get<scenario::on_return>(t[2].when).task, "R");
    EXPECT_TRUE(l.runs[0].clients[1].starts_by_timeline);
    EXPECT_FALSE(l.runs[0].clients[0].starts_by_timeline);
}

TEST(Load, parameters_of_the_machine_keep_their_type_and_origin) {
    const scratch s;
    overrides o;
    o.set = {"machine.parameters.smmu_command=20ns"};
    const auto l = load(
        s.file("s.yaml", small_scenario("  cpus: 2\n",
                                        "  cpus: 2\n  parameters: {walk_slots: 8, fast: true}\n")),
        o);
    const auto& p = l.runs[0].parameters;
    ASSERT_EQ(p.size(), 3u);
    EXPECT_EQ(std::get<std::int64_t>(p[0].value), 8);
    EXPECT_TRUE(std::get<bool>(p[1].value));
    EXPECT_EQ(std::get<base::ps>(p[2].value), 20_ns);
    EXPECT_EQ(p[2].from, base::origin::command_line);
}

TEST(Load, a_parameter_is_set_by_its_dotted_name_from_the_command_line_and_by_an_axis) {
    const scratch s;
    overrides o;
    o.set = {"machine.parameters.memory.latency=90ns"};
    o.axes = {"machine.parameters.rc.rp0.rcb=64,128"};
    const auto l = load(s.file("s.yaml", small_scenario()), o);
    ASSERT_EQ(l.runs.size(), 4u);
    const auto& p = l.runs[1].parameters;
    ASSERT_EQ(p.size(), 2u);
    EXPECT_EQ(p[0].name, "memory.latency");
    EXPECT_EQ(p[1].name, "rc.rp0.rcb");
    EXPECT_EQ(std::get<std::int64_t>(p[1].value), 128);
}

TEST(Load, of_two_values_for_one_path_the_last_holds_and_stands_in_the_command) {
    const scratch s;
    const auto file = s.file("s.yaml", small_scenario());
    overrides o;
    o.set = {"machine.cpus=8", "machine.smmu.sev=true", "machine.cpus=4"};
    const auto l = load(file, o);
    EXPECT_EQ(l.runs[0].machine.cpus, 4u);
    EXPECT_EQ(l.command,
              "drydock run " + file + " -c machine.cpus=4 -c machine.smmu.sev=true --seed 1");
}

TEST(Load, a_path_that_an_axis_of_the_file_names_is_given_to_the_command_from_here) {
    const scratch s;
    std::filesystem::create_directory(s.path() / "sub");
    s.file("mine.yaml", read(project_file("platform/devices/generic_ats_endpoint.yaml")));
    s.file("sub/s.yaml", small_scenario("matrix: {software.reset.variant: [none, M2]}",
                                        "matrix: {machine.ports.rp0.device.like: [../mine.yaml]}"));
    std::filesystem::current_path(s.path());
    const auto l = load("sub/s.yaml", {});
    EXPECT_EQ(l.runs[0].command,
              "drydock run sub/s.yaml -c machine.ports.rp0.device.like=./mine.yaml --seed 1");
    std::filesystem::current_path("/");
}

TEST(Load, long_values_make_names_that_a_file_system_takes) {
    const scratch s;
    overrides o;
    o.axes = {"title=" + std::string(400, 'a') + "," + std::string(400, 'a') + "b"};
    const auto l = load(s.file("s.yaml", small_scenario()), o);
    for (const auto& r : l.runs) EXPECT_LT(r.name.size(), 200u);
    EXPECT_NE(l.runs[0].name, l.runs[1].name);
}

TEST(ShellWord, quotes_only_what_a_shell_would_change) {
    EXPECT_EQ(scenario::shell_word("a/b.yaml"), "a/b.yaml");
    EXPECT_EQ(scenario::shell_word("x=it's"), "'x=it'\\''s'");
}

}  // namespace
}  // namespace drydock::tests
