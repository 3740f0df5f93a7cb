// SPDX-License-Identifier: Apache-2.0
#include "platform/runner/runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "platform/runner/output_folder.h"
#include "platform/runner/progress_bar.h"
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;
using runner::outcome;
using state = outcome::state;

struct campaign {
    std::vector<scenario::run> runs;
    std::vector<runner::job> jobs;
    explicit campaign(std::size_t n) : runs(n) {
        for (std::size_t i = 0; i < n; ++i) {
            runs[i].name = "run" + std::to_string(i);
            runs[i].seed = i;
            jobs.push_back({&runs[i], {}});
        }
    }
};

json fake(const scenario::run& r, const run_files&, progress&) {
    // The first takes longest, so that with several at a time the last finish first.
    std::this_thread::sleep_for(std::chrono::milliseconds(r.seed == 0 ? 200 : 5));
    return {{"outcome", r.seed == 2 ? "violations" : "clean"},
            {"events", r.seed * 10},
            {"pid", ::getpid()}};
}

TEST(Runner, results_stand_in_order_whatever_the_number_of_jobs) {
    campaign c(6);
    for (const unsigned at_once : {1u, 2u, 6u}) {
        const auto o = runner::run_all(c.jobs, at_once, fake, false, nullptr);
        ASSERT_EQ(o.size(), 6u);
        for (std::size_t i = 0; i < 6; ++i) {
            EXPECT_EQ(o[i].is, state::done);
            EXPECT_EQ(o[i].entry.at("events"), i * 10);
        }
    }
}

TEST(Runner, each_run_has_a_process_of_its_own) {
    campaign c(2);
    const auto o = runner::run_all(c.jobs, 1, fake, false, nullptr);
    EXPECT_NE(o[0].entry.at("pid"), ::getpid());
    EXPECT_NE(o[0].entry.at("pid"), o[1].entry.at("pid"));
}

TEST(Runner, until_violation_keeps_the_same_runs_with_any_number_of_jobs) {
    campaign c(6);
    for (const unsigned at_once : {1u, 6u}) {
        const auto o = runner::run_all(c.jobs, at_once, fake, true, nullptr);
        for (std::size_t i = 0; i < 6; ++i)
            EXPECT_EQ(o[i].is == state::not_run, i > 2) << i << " of " << at_once;
    }
}

TEST(Runner, a_child_that_dies_is_a_fault_with_its_signal) {
    campaign c(2);
    const auto o = runner::run_all(
        c.jobs, 1,
        [](const scenario::run&, const run_files&, progress&) -> json {
            ::signal(SIGABRT, SIG_DFL);
            ::raise(SIGKILL);
            return {};
        },
        false, nullptr);
    EXPECT_EQ(o[0].is, state::fault);
    EXPECT_NE(o[0].message.find("run 'run0': ended by signal 9 ("), std::string::npos)
        << o[0].message;
    EXPECT_EQ(o[1].is, state::not_run);
}

TEST(Runner, an_exception_is_a_fault_and_bad_input_is_bad_input) {
    campaign c(1);
    auto o = runner::run_all(
        c.jobs, 1,
        [](const scenario::run&, const run_files&, progress&) -> json {
            throw std::logic_error("oh");
        },
        false, nullptr);
    EXPECT_EQ(o[0].is, state::fault);
    EXPECT_EQ(o[0].message, "run 'run0': oh");
    o = runner::run_all(
        c.jobs, 1,
        [](const scenario::run&, const run_files&, progress&) -> json {
            throw scenario::bad_input({"s.yaml", 3, 4, false}, "no");
        },
        false, nullptr);
    EXPECT_EQ(o[0].is, state::bad_input);
    EXPECT_EQ(o[0].message, "s.yaml:3:4: no");
}

TEST(Runner, a_result_larger_than_a_pipe_arrives_whole) {
    campaign c(1);
    const auto o = runner::run_all(
        c.jobs, 1,
        [](const scenario::run&, const run_files&, progress&) -> json {
            return {{"text", std::string(3'000'000, 'x')}};
        },
        false, nullptr);
    EXPECT_EQ(o[0].entry.at("text").get<std::string>().size(), 3'000'000u);
}

TEST(Runner, a_signal_ends_the_runs_early_and_keeps_what_there_is) {
    campaign c(3);
    std::thread sender([] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        ::kill(::getpid(), SIGTERM);
    });
    const auto o = runner::run_all(
        c.jobs, 1,
        [](const scenario::run&, const run_files&, progress& p) -> json {
            int waited = 0;
            while (!p.stop() && waited++ < 10000)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return {{"outcome", "clean"}, {"stopped", p.stop()}};
        },
        false, nullptr);
    sender.join();
    EXPECT_EQ(o[0].is, state::interrupted);
    EXPECT_EQ(o[0].entry.at("stopped"), true);
    EXPECT_EQ(o[1].is, state::not_run);
}

TEST(Runner, progress_reaches_the_watcher) {
    campaign c(1);
    struct : runner::watcher {
        std::uint64_t most = 0;
        void show(std::span<const run_progress> r) override { most = std::max(most, r[0].events); }
    } w;
    runner::run_all(
        c.jobs, 1,
        [](const scenario::run&, const run_files&, progress& p) -> json {
            p.advance(base::ps{5}, base::ps{10}, 42);
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            return {{"outcome", "clean"}};
        },
        false, &w);
    EXPECT_EQ(w.most, 42u);
}

TEST(ProgressBar, says_share_runs_time_and_rate) {
    const runner::watcher::run_progress runs[] = {
        {base::ps{150'000'000'000}, base::ps{150'000'000'000}, 10, true},
        {base::ps{75'000'000'000}, base::ps{150'000'000'000}, 10, false}};
    const auto text = runner::bar_text(runs, 3.1e6, 100);
    EXPECT_EQ(text,
              "[==================>     ]  75%  1/2 runs  225.0 ms simulated  3.10 M events/s");
    EXPECT_EQ(runner::bar_text(runs, 3.1e6, 20).size(), 20u);
}

TEST(OutputFolder, appears_whole_at_commit) {
    const scratch s;
    {
        runner::output_folder f(s.path() / "a/b");
        runner::write_file(f.make("none") / "events.jsonl", "{}\n");
        EXPECT_FALSE(std::filesystem::exists(s.path() / "a/b"));
        f.commit();
    }
    EXPECT_EQ(read(s.path() / "a/b/none/events.jsonl"), "{}\n");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(s.path() / "a"), {}), 1);
}

TEST(OutputFolder, leaves_nothing_without_commit) {
    const scratch s;
    { runner::output_folder f(s.path() / "out"); }
    EXPECT_TRUE(std::filesystem::is_empty(s.path()));
}

TEST(OutputFolder, replaces_an_older_one_of_ours_and_only_that) {
    const scratch s;
    for (const char* text :
         {"{\"drydock\": {}, \"runs\": [1]}", "{\"drydock\": {}, \"runs\": [2]}"}) {
        runner::output_folder f(s.path() / "out");
        runner::write_file(f.growing() / "summary.json", text);
        f.commit();
    }
    EXPECT_NE(read(s.path() / "out/summary.json").find("[2]"), std::string::npos);
    std::filesystem::create_directory(s.path() / "photos");
    s.file("photos/cat.jpg", "meow");
    EXPECT_THROW(runner::output_folder f(s.path() / "photos"), scenario::bad_input);
    EXPECT_EQ(read(s.path() / "photos/cat.jpg"), "meow");
    s.file("plain", "x");
    EXPECT_THROW(runner::output_folder f(s.path() / "plain"), scenario::bad_input);
}

TEST(Runner, a_child_that_does_not_end_when_asked_is_killed_and_the_others_stand) {
    campaign c(3);
    const pid_t parent = ::getpid();
    const auto o = runner::run_all(
        c.jobs, 3,
        [&](const scenario::run& r, const run_files&, progress&) -> json {
            if (r.seed == 1) {
                std::this_thread::sleep_for(std::chrono::milliseconds(300));
                ::kill(parent, SIGTERM);
                while (true) ::pause();  // deaf
            }
            return {{"outcome", "clean"}, {"events", r.seed}};
        },
        false, nullptr, std::chrono::milliseconds(200));
    EXPECT_EQ(o[0].is, state::done);
    EXPECT_EQ(o[1].is, state::not_run);
    EXPECT_EQ(o[1].message, "run 'run1' did not end when asked to and was killed");
    EXPECT_EQ(o[2].is, state::done);
}

TEST(Runner, a_deaf_child_behind_the_violation_that_until_waits_for_is_killed_too) {
    campaign c(4);
    const auto o = runner::run_all(
        c.jobs, 4,
        [](const scenario::run& r, const run_files&, progress&) -> json {
            if (r.seed == 3)
                while (true) ::pause();
            return {{"outcome", r.seed == 2 ? "violations" : "clean"}};
        },
        true, nullptr, std::chrono::milliseconds(200));
    EXPECT_EQ(o[2].is, state::done);
    EXPECT_EQ(o[3].is, state::not_run);
}

TEST(Runner, children_do_not_outlive_a_parent_that_is_killed) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t parent = ::fork();
    ASSERT_GE(parent, 0);
    if (parent == 0) {
        ::close(ends[0]);
        campaign c(1);
        runner::run_all(
            c.jobs, 1,
            [&](const scenario::run&, const run_files&, progress&) -> json {
                const char byte = 1;
                if (::write(ends[1], &byte, 1) != 1) return {};
                while (true) ::pause();
            },
            false, nullptr);
        ::_exit(0);
    }
    ::close(ends[1]);
    char byte = 0;
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);  // the child is there
    ::kill(parent, SIGKILL);
    EXPECT_EQ(::read(ends[0], &byte, 1), 0);  // the last holder of the other end is gone
    ::close(ends[0]);
    ::waitpid(parent, nullptr, 0);
}

}  // namespace
}  // namespace drydock::tests
