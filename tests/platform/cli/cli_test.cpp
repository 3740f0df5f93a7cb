// SPDX-License-Identifier: Apache-2.0
// The whole program with a simulation of the test's own.
#include "tests/platform/cli/program.h"

#include <csignal>
#include <thread>

#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

json fake(const scenario::run& r, const run_files& f, progress&) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(r.software.reset_variant == "none" ? 100 : 1));
    if (!f.folder.empty()) std::ofstream(f.folder / "events.jsonl") << f.header.dump() << "\n";
    json entry = json::parse(read(project_file("tests/platform/report/sample_summary.json")))
                     .at("runs")
                     .at(r.software.reset_variant == "none" ? 0 : 1);
    for (const char* key : {"name", "command", "verdict", "expectations"}) entry.erase(key);
    entry["events"] = r.seed;
    return entry;
}

result drydock(const std::vector<std::string>& arguments,
               runner::simulate_function simulate = fake) {
    return run_program(arguments, {std::move(simulate), [](const scenario::run&) {
                                       return json::array({{{"name", "smmu.tlb"}, {"value", 5}}});
                                   }});
}

const std::string default_scenario = project_file("platform/scenarios/flr_under_unmap.yaml");

TEST(Program, a_run_as_expected_ends_with_0_and_writes_its_folder) {
    const scratch s;
    const auto out = (s.path() / "out").string();
    const auto r = drydock({"run", default_scenario, "--out", out});
    EXPECT_EQ(r.code, 0) << r.err << r.out;
    EXPECT_NE(r.out.find("RED, as expected"), std::string::npos);
    EXPECT_NE(r.out.find("GREEN"), std::string::npos);
    const auto summary = json::parse(read(out + "/summary.json"));
    EXPECT_EQ(summary.at("runs").size(), 2u);
    EXPECT_EQ(summary.at("runs")[0].at("name"), "none");
    EXPECT_EQ(summary.at("drydock").at("seed"), 1);
    for (const char* key : {"version", "command", "seed", "scenario", "scenario_sha256"})
        EXPECT_TRUE(summary.at("drydock").contains(key)) << key;
    EXPECT_TRUE(std::filesystem::exists(out + "/M2/events.jsonl"));
}

TEST(Program, show_prints_the_table_of_run_again) {
    const scratch s;
    const auto out = (s.path() / "out").string();
    const auto run = drydock({"run", default_scenario, "--out", out});
    const auto show = drydock({"show", out});
    EXPECT_EQ(show.code, 0);
    EXPECT_EQ(show.out, run.out);
}

TEST(Program, show_of_a_damaged_summary_says_so) {
    const scratch s;
    for (const char* text :
         {"{\"drydock\": ", "[]", "{\"runs\": []}", "{\"drydock\": {}, \"runs\": 5}",
          "{\"drydock\": {\"seed\": 1}, \"runs\": [7]}",
          "{\"drydock\": {}, \"runs\": [{\"name\": 3, \"cpus\": 4}]}"}) {
        s.file("summary.json", text);
        const auto show = drydock({"show", s.path().string()});
        EXPECT_EQ(show.code, 2) << text;
        EXPECT_NE(show.err.find("summary.json"), std::string::npos) << show.err;
    }
}

TEST(Program, outputs_do_not_depend_on_jobs_or_on_sinks) {
    const scratch s;
    std::string first;
    int n = 0;
    for (const auto& extra : std::vector<std::vector<std::string>>{
             {"--jobs", "1"}, {"--jobs", "8"}, {"--waves", "--events=tlp"}}) {
        const auto out = (s.path() / std::to_string(n++)).string();
        std::vector<std::string> arguments{"run", default_scenario, "--out",
                                           out,   "--seeds",        "1..4"};
        arguments.insert(arguments.end(), extra.begin(), extra.end());
        EXPECT_EQ(drydock(arguments).code, 0);
        const auto summary = read(out + "/summary.json");
        if (first.empty()) first = summary;
        EXPECT_EQ(summary, first);
    }
    EXPECT_EQ(json::parse(first).at("runs").size(), 8u);
}

TEST(Program, an_unexpected_outcome_ends_with_1) {
    const scratch s;
    const auto r = drydock({"run", default_scenario, "--out", (s.path() / "out").string()},
                           [](const scenario::run& run, const run_files& f, progress& p) {
                               auto entry = fake(run, f, p);
                               entry["violations"] = json::array();
                               entry["outcome"] = "clean";
                               return entry;
                           });
    EXPECT_EQ(r.code, 1);
    EXPECT_NE(r.out.find("GREEN, but NOT as expected"), std::string::npos);
}

TEST(Program, bad_input_ends_with_2_and_writes_nothing) {
    const scratch s;
    const auto file = s.file("s.yaml", small_scenario("cpus: 2", "cpsu: 2"));
    const auto r = drydock({"run", file, "--out", (s.path() / "out").string()});
    EXPECT_EQ(r.code, 2);
    EXPECT_NE(r.err.find("s.yaml:4:3: unknown key 'cpsu'"), std::string::npos) << r.err;
    EXPECT_NE(r.err.find("did you mean 'cpus'?"), std::string::npos);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(s.path()), {}), 1);
}

TEST(Program, input_that_only_the_machine_can_refuse_ends_with_2_and_writes_nothing) {
    const scratch s;
    const auto r =
        drydock({"run", default_scenario, "--out", (s.path() / "out").string()},
                [](const scenario::run&, const run_files&, progress&) -> json {
                    throw scenario::bad_input({"s.yaml", 1, 2, false}, "no such parameter");
                });
    EXPECT_EQ(r.code, 2);
    EXPECT_EQ(r.err, "drydock: s.yaml:1:2: no such parameter\n");
    EXPECT_TRUE(std::filesystem::is_empty(s.path()));
}

TEST(Program, an_internal_fault_ends_with_3_and_writes_nothing) {
    const scratch s;
    const auto r = drydock({"run", default_scenario, "--out", (s.path() / "out").string()},
                           [](const scenario::run&, const run_files&, progress&) -> json {
                               throw std::runtime_error("broken");
                           });
    EXPECT_EQ(r.code, 3);
    EXPECT_NE(r.err.find("internal fault: run 'none': broken"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_empty(s.path()));
}

TEST(Program, wrong_options_end_with_2) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {},
             {"rum"},
             {"run"},
             {"run", default_scenario, "--jobs", "0"},
             {"run", default_scenario, "--events", "all"},
             {"run", default_scenario, "--seeds", "9..1"},
             {"run", default_scenario, "--seeds", "x"},
             {"run", default_scenario, "--seeds", ""},
             {"run", default_scenario, "--seed", "-1"},
             {"run", default_scenario, "--seed", "99999999999999999999"},
             {"run", default_scenario, "--seed", "1", "--seeds", "1..2"},
             {"run", default_scenario, "--out", ""},
             {"run", default_scenario, "--waves="},
             {"run", default_scenario, "--junit", "/nowhere/j.xml"},
             {"list", "-c", "machine.cpus=2"},
             {"run", default_scenario, "--until", "noon"},
             {"run", default_scenario, "--waves=25ms..19ms"},
             {"run", default_scenario, "--waves=violation+2us.."},
             {"run", default_scenario, "--waves-of", ""},
             {"run", default_scenario, "--trace="},
             {"run", default_scenario, "--trace=soon"},
             {"run", default_scenario, "--pcap=9ms..1ms"},
             {"show", "/nowhere"}})
        EXPECT_EQ(drydock(arguments).code, 2) << (arguments.empty() ? "" : arguments.back());
}

TEST(Program, help_and_version_end_with_0) {
    EXPECT_EQ(drydock({"--version"}).code, 0);
    EXPECT_NE(drydock({"--help"}).out.find("run"), std::string::npos);
    EXPECT_NE(drydock({"run", "--help"}).out.find("--seeds"), std::string::npos);
}

TEST(Program, waves_and_events_reach_the_run) {
    const scratch s;
    const auto check = [](const scenario::run& r, const run_files& f, progress& p) {
        if (!f.waves || f.waves->to.count != 25'000'000'000 ||
            f.events != scenario::events_level::tlp)
            throw std::runtime_error("not passed on");
        return fake(r, f, p);
    };
    EXPECT_EQ(drydock({"run", "--waves=19ms..25ms", "--events", "tlp", default_scenario, "--out",
                       (s.path() / "out").string()},
                      check)
                  .code,
              0);
}

TEST(Program, trace_packets_instances_and_logs_reach_the_run) {
    const scratch s;
    const auto check = [](const scenario::run& r, const run_files& f, progress& p) {
        if (!f.trace || f.trace->to != base::never || !f.pcap || !f.pcap->at_violation ||
            f.waves_of != std::vector<std::string>{"ep0", "sw.sva0"} || f.log != 2)
            throw std::runtime_error("not passed on");
        return fake(r, f, p);
    };
    EXPECT_EQ(
        drydock({"run", "-vv", "--waves", "--trace", "--pcap=violation-1us..+1us", "--waves-of",
                 "ep0,sw.sva0", default_scenario, "--out", (s.path() / "out").string()},
                check)
            .code,
        0);
}

TEST(Program, trace_all_and_no_report_are_said_on_the_command_line_or_by_the_scenario) {
    const scratch s;
    const std::string out = (s.path() / "out").string();
    const auto done = [&](std::vector<std::string> said, bool all, bool report) {
        const auto check = [=](const scenario::run& r, const run_files& f, progress& p) {
            if (!f.trace || f.trace_all != all || f.profile != report)
                throw std::runtime_error("not passed on");
            return fake(r, f, p);
        };
        said.insert(said.begin(), {"run", default_scenario, "--out", out});
        const int code = drydock(said, check).code;
        EXPECT_EQ(std::filesystem::exists(s.path() / "out" / "report.html"), report);
        return code;
    };
    const std::string trace = "-coutputs.trace=", report = "-coutputs.report=";
    EXPECT_EQ(done({"--trace=all"}, true, true), 0);
    EXPECT_EQ(done({trace + "all", "--no-report"}, true, false), 0);
    EXPECT_EQ(done({trace + "all", "--trace", report + "false"}, false, false), 0);
    EXPECT_EQ(done({trace + "true", report + "false", "--report"}, false, true), 0);
    for (const std::string wrong : {"--trace=everything", "-coutputs.trace=everything"}) {
        const auto refused = drydock({"run", default_scenario, wrong, "--out", out});
        EXPECT_EQ(refused.code, 2);
        EXPECT_NE(refused.err.find("expected all, or a window"), std::string::npos) << refused.err;
    }
}

TEST(Program, what_a_failed_run_wrote_stands_beside_where_its_outputs_would_be) {
    const scratch s;
    const auto fails = [](const scenario::run&, const run_files& f, progress&) -> nlohmann::json {
        std::ofstream(f.folder / "waves.fst") << "as far as it came";
        throw run_fault("a part broke");
    };
    const std::string out = (s.path() / "out").string();
    for (int twice = 0; twice < 2; ++twice) {
        const auto done = drydock({"run", "--waves", default_scenario, "--out", out}, fails);
        EXPECT_EQ(done.code, 3);
        EXPECT_NE(done.err.find("a part broke"), std::string::npos);
        EXPECT_NE(done.err.find(out + ".fault"), std::string::npos) << done.err;
        EXPECT_FALSE(std::filesystem::exists(out));
        unsigned waves = 0;
        for (const auto& f : std::filesystem::recursive_directory_iterator(out + ".fault"))
            if (f.path().filename() == "waves.fst") ++waves;
        EXPECT_GT(waves, 0u);
    }
}

TEST(Program, view_refuses_what_it_cannot_show) {
    const scratch s;
    EXPECT_EQ(drydock({"view", "/nowhere"}).code, 2);
    EXPECT_NE(drydock({"view", s.path().string()}).err.find("no waves.fst"), std::string::npos);
    EXPECT_NE(drydock({"view", "--view", "invalidatoin", s.path().string()})
                  .err.find("did you mean 'invalidation'?"),
              std::string::npos);
    s.file("waves.fst", "no wave file");
    const auto done = drydock({"view", "--only-write", s.path().string()});
    EXPECT_EQ(done.code, 2);
    EXPECT_NE(done.err.find("waves.fst: no wave file"), std::string::npos) << done.err;
}

TEST(Program, waves_without_a_window_takes_no_argument_with_it) {
    const scratch s;
    const auto check = [](const scenario::run& r, const run_files& f, progress& p) {
        if (!f.waves || f.waves->to != base::never) throw std::runtime_error("not passed on");
        return fake(r, f, p);
    };
    EXPECT_EQ(
        drydock({"run", "--waves", default_scenario, "--out", (s.path() / "out").string()}, check)
            .code,
        0);
}

TEST(Program, junit_is_written) {
    const scratch s;
    EXPECT_EQ(drydock({"run", default_scenario, "--out", (s.path() / "out").string(), "--junit",
                       (s.path() / "j.xml").string()})
                  .code,
              0);
    EXPECT_NE(read(s.path() / "j.xml").find("tests=\"2\" failures=\"0\""), std::string::npos);
}

TEST(Program, until_violation_ends_the_matrix_at_the_first) {
    const scratch s;
    const auto out = (s.path() / "out").string();
    EXPECT_EQ(drydock({"run", default_scenario, "--out", out, "--until", "violation"}).code, 0);
    EXPECT_EQ(json::parse(read(out + "/summary.json")).at("runs").size(), 1u);
    EXPECT_FALSE(std::filesystem::exists(out + "/M2"));
}

TEST(Program, check_prints_values_with_origins) {
    const auto r = drydock({"check", default_scenario, "-c", "machine.smmu.itags=8"});
    EXPECT_EQ(r.code, 0);
    EXPECT_NE(r.out.find("good, 2 runs"), std::string::npos);
    const auto at = r.out.find("  machine.smmu.itags");
    EXPECT_NE(r.out.substr(at, r.out.find('\n', at) - at).find("command line"), std::string::npos);
    EXPECT_NE(r.out.find("M2 differs in"), std::string::npos);
}

TEST(Program, list_points_and_params_say_what_there_is) {
    EXPECT_NE(drydock({"list"}).out.find("intel_dsa"), std::string::npos);
    EXPECT_NE(drydock({"list", default_scenario}).out.find("nic.missed"), std::string::npos);
    EXPECT_NE(drydock({"points", default_scenario}).out.find("itag_timeout [of DEVICE]"),
              std::string::npos);
    EXPECT_NE(drydock({"params", default_scenario}).out.find("smmu.tlb"), std::string::npos);
}

TEST(Program, a_slip_in_a_command_or_an_option_is_named_with_the_nearest) {
    EXPECT_NE(drydock({"rum", "x"}).err.find("did you mean 'run'?"), std::string::npos);
    EXPECT_NE(drydock({"run", default_scenario, "--wavez"}).err.find("did you mean '--waves'?"),
              std::string::npos);
}

TEST(Program, every_command_of_a_scenario_takes_the_same_options) {
    for (const char* command : {"check", "list", "points", "params"}) {
        const auto r = drydock({command, default_scenario, "-c", "machine.cpus=8", "-m",
                                "machine.smmu.sev=false,true", "--seeds", "4..5"});
        EXPECT_EQ(r.code, 0) << command << r.err;
    }
    const auto list = drydock({"list", default_scenario, "--seeds", "4..5"});
    EXPECT_NE(list.out.find("M2,seed=5"), std::string::npos) << list.out;
    EXPECT_NE(drydock({"list", default_scenario, "--seed", "9"}).out.find("--seed 9"),
              std::string::npos);
}

TEST(Program, check_refuses_what_only_the_machine_can_refuse) {
    cli::tools t{fake,
                 [](const scenario::run&) -> json {
                     throw scenario::bad_input({"s.yaml", 4, 2, false}, "no such parameter");
                 },
                 std::tmpfile(), std::tmpfile()};
    EXPECT_EQ(cli::program({"check", default_scenario}, t), 2);
    EXPECT_NE(slurp(t.err).find("drydock: s.yaml:4:2: no such parameter"), std::string::npos);
    std::fclose(t.out);
}

TEST(Program, a_signal_before_any_run_is_done_leaves_nothing_behind) {
    const scratch s;
    const auto r = drydock({"run", default_scenario, "--out", (s.path() / "out").string()},
                           [](const scenario::run&, const run_files&, progress&) -> json {
                               ::kill(::getppid(), SIGTERM);
                               while (true) ::pause();  // deaf
                           });
    EXPECT_EQ(r.code, 1);
    EXPECT_NE(r.err.find("interrupted by a signal; 0 of 2 runs have outputs, nothing was written"),
              std::string::npos)
        << r.err;
    EXPECT_TRUE(std::filesystem::is_empty(s.path()));
}

TEST(Program, a_signal_keeps_the_runs_that_are_done) {
    const scratch s;
    const auto out = (s.path() / "out").string();
    const auto r = drydock({"run", default_scenario, "--out", out},
                           [](const scenario::run& run, const run_files& f, progress& p) -> json {
                               if (run.software.reset_variant == "none") return fake(run, f, p);
                               ::kill(::getppid(), SIGINT);
                               while (true) ::pause();
                           });
    EXPECT_EQ(r.code, 1);
    const auto summary = json::parse(read(out + "/summary.json"));
    ASSERT_EQ(summary.at("runs").size(), 1u);
    EXPECT_EQ(summary.at("runs")[0].at("name"), "none");
    EXPECT_FALSE(std::filesystem::exists(out + "/M2"));
    EXPECT_NE(r.err.find("run 'M2' did not end when asked to and was killed"), std::string::npos);
}

}  // namespace
}  // namespace drydock::tests
