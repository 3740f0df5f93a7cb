// SPDX-License-Identifier: Apache-2.0
// Wrong input of every kind: each is refused where it stands, with what was expected.
#include "tests/platform/wrong_input.h"

namespace drydock::tests {
namespace {

class WrongFile : public WrongInput {};

TEST_P(WrongFile, is_refused_at_its_place) {
    expect_refusal(small_scenario(GetParam().old_text, GetParam().new_text));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, WrongFile,
    testing::Values(
        wrong{"title:", "titel:", "1:1", "did you mean 'title'?"},
        wrong{"  cpus: 2", "  cpuz: 2", "4:3", "did you mean 'cpus'?"},
        wrong{"      link:", "      lnik:", "7:7", "'lnik' in 'rp0'"},
        wrong{"like:", "liek:", "8:27", "did you mean 'like'?"},
        wrong{"ways", "wasy", "8:74", "did you mean 'ways'?"},
        wrong{"{reset: {variant", "{rest: {variant", "9:12", "did you mean 'reset'?"},
        wrong{"buffer: 64KiB, unmap", "bufer: 64KiB, unmap", "11:52", "did you mean 'buffer'?"},
        wrong{"unmap: {every", "unmap: {evry", "11:75", "did you mean 'every'?"},
        wrong{"task: R", "taks: R", "15:17", "unknown key 'taks' in 'timeline.0'"},
        wrong{"method: flr", "metod: flr", "15:55", "did you mean 'method'?"},
        wrong{"plus: 1ms", "puls: 1ms", "16:25", "did you mean 'plus'?"},
        wrong{"[R.result: 0]", "[stuck: {fired: ep0}]", "18:17", "did you mean 'fires'?"},
        wrong{"end:", "ordres: {}\nend:", "16:1", "did you mean 'orders'?"},
        wrong{"      link:", "      switch: {acs: off}\n      link:", "7:7",
              "port 'rp0' has a device and a switch; expected one of device, switch"},
        wrong{"      link:", "      virtual_channels: {1: {tcs: [1]}}\n      link:", "7:25",
              "has 1 virtual channel, the link shall have 2"},
        wrong{"      link:", "      virtual_channels: {1: {tcs: [0]}}\n      link:", "7:36",
              "TC0 is always in VC0"},
        wrong{"      link:", "      virtual_channels: {1: {tcs: [1]}, 2: {tcs: [1]}}\n      link:",
              "7:51", "TC1 is in two virtual channels"},
        wrong{"      link:", "      virtual_channels: {2: {tcs: [1]}}\n      link:", "7:26",
              "virtual channel 2 behind 0"},
        wrong{"      link:", "      virtual_channels: {arbitration: strict}\n      link:", "7:25",
              "none is named"},
        wrong{"  sva0:", "  0sva:", "11:3", "'0sva' is no name"},
        wrong{"  sva0:", "  s.0:", "11:3", "'s.0' is no name"},
        wrong{"    rp0:", "    rp-0:", "6:5", "'rp-0' is no name"},
        wrong{"  cpus: 2", "  <<: {cpus: 2}", "4:3", "unknown key '<<'"}));

INSTANTIATE_TEST_SUITE_P(
    Values, WrongFile,
    testing::Values(
        wrong{"10ms", "10MB", "3:30", "expected a time with its unit"},
        wrong{"10ms", "-10ms", "3:30", "expected a time with its unit"},
        wrong{"10ms", ".nan", "3:30", "expected a time with its unit"},
        wrong{"10ms", "99999999999999999999s", "3:30", "expected a time with its unit"},
        wrong{"10ms", "~", "3:30", "expected a time with its unit"},
        wrong{"10ms", "[10ms]", "3:30", "expected a time with its unit"},
        wrong{"10ms", "91s", "3:30", "expected 1us to 90s"},
        wrong{"cpus: 2", "cpus: 99999999999999999999", "4:9", "expected a whole number, 1..64"},
        wrong{"cpus: 2", "cpus: 2.5", "4:9", "expected a whole number, 1..64"},
        wrong{"cpus: 2", "cpus: \"2\"", "4:9", "expected a whole number, 1..64"},
        wrong{"cpus: 2", "cpus: !!str 2", "4:9", "expected a whole number, 1..64"},
        wrong{"cpus: 2", "cpus: !mine 2", "4:9", "expected a value without one"},
        wrong{"cpus: 2", "cpus: -1", "4:9", "expected a whole number, 1..64"},
        wrong{"sev: false", "sev: no", "3:41", "expected true or false"},
        wrong{"gen4 x8", "gen7 x8", "7:13", "gen1..gen6"},
        wrong{"entries: 64", "entries: 48", "8:70", "expected 0 or a power of two, such as 64"},
        wrong{"ways: 4", "ways: 3", "8:80", "a power of two that divides the 64 entries"},
        wrong{"ways: 4", "ways: 64}, flr_time: {a: 1", "8:95", "expected a time with its unit"},
        wrong{"ways: 4}", "ways: 4}, flr_time: 0s", "8:94", "expected 1us to 100s"},
        wrong{"ways: 4}", "ways: 4}, flr_time: 101s", "8:94", "expected 1us to 100s"},
        wrong{"none}}", "none}, pci: {flr_wait: 200s}}", "9:52", "expected 0s to 100s"},
        wrong{"kind: sva", "kind: vhost", "11:16", "expected one of dma_client, sva, vfio"},
        wrong{"kind: sva", "kind: vfio", "11:42",
              "'pasid' does not belong to a client of kind vfio"},
        wrong{"pasid: 1", "pasid: 0", "11:41", "1..1048575"},
        wrong{"dma_client, ", "dma_client, pasid: 1, ", "12:35",
              "belongs to client 'sva0' already"},
        wrong{"64KiB, burst", "5000B, burst", "12:57", "expected whole pages of 4KiB"},
        wrong{"64KiB, burst", "0B, burst", "12:57", "expected whole pages of 4KiB"},
        wrong{"4 x 256B", "0 x 256B", "12:71", "expected a burst such as"},
        wrong{"every: 10us", "every: 0us", "12:88", "expected 1ns to"},
        wrong{"every: 10us", "every: 10us, mix: {read: 60%, write: 50%}", "12:118", "not 100%"},
        wrong{"every: 10us", "every: 10us, mix: {read: 60%, atomic: 50%}", "12:119", "not 100%"},
        wrong{"every: 10us", "every: 10us, mix: {atomic: 50%}, atomic: {bytes: 16B}", "12:130",
              "expected 4B or 8B"},
        wrong{"every: 10us", "every: 10us, atomic: {op: swap}", "12:102", "no descriptor is one"},
        wrong{"every: 5us", "every: 5us, pages: 17", "11:94", "expected 1..16"},
        wrong{"[none, M2]", "[]", "13:34", "the list is empty"},
        wrong{"[none, M2]", "M2", "13:34", "expected a list"},
        wrong{"[none, M2]", "[M2, M2]", "13:39", "stands in the axis for the second time"},
        wrong{"[none, M2]", "[none, ~]", "13:41", "expected one of none, R1"},
        wrong{"software.reset.variant: [none", "matrix.x: [none", "13:10",
              "expected -m PATH=V1,V2"},
        wrong{"software.reset.variant: [none, M2]",
              "software.reset.variant: [M2], software.reset: [{variant: M2}]", "13:40",
              "change the same place"},
        wrong{"R.result: 0", "stale_access: -1", "18:9", "is negative"},
        wrong{"R.result: 0", "counters.smmu.wakls: 0", "18:9",
              "did you mean 'counters.smmu.walks'?"},
        wrong{"R.result: 0", "stuck: 1.5", "18:16", "expected a number, a relation"},
        wrong{"all: [R.result: 0]", "all: [R.result]", "18:9", "expected NAME: RELATION"}));

INSTANTIATE_TEST_SUITE_P(
    Timeline, WrongFile,
    testing::Values(
        wrong{"1ms, task", "1, task", "15:12", "expected a time"},
        wrong{"1ms, task", "R at p4, task", "15:12", "'R' starts only after itself"},
        wrong{"1ms, task", "dma0 returned, task", "15:12", "never returns"},
        wrong{"  - {when: 1ms,",
              "  - {when: R returned, task: Q, reset: {device: ep0}}\n  - {when: Q returned,",
              "15:12", "'Q' starts only after itself"},
        wrong{"task: R", "task: ep0", "15:23", "has the name of a device"},
        wrong{"task: R", "task: dma0", "15:23", "has the name of a client"},
        wrong{"task: R", "task: cpu1", "15:23", "expected another name"},
        wrong{"  dma0:", "  counters:", "12:3", "expected another name"},
        wrong{"name: ep0", "name: invalidation", "8:22", "expected another name"},
        wrong{"timeline:\n", "timeline:\n  - {when: 1ms, release: R}\n", "15:26",
              "nothing holds 'R'"},
        wrong{"timeline:\n", "timeline:\n  - {when: 1ms, task: X, start: dma0}\n", "15:23",
              "starts no task"},
        wrong{"timeline:\n",
              "timeline:\n  - {when: 1ms, start: dma0}\n  - {when: 2ms, start: dma0}\n", "16:24",
              "a second start of client 'dma0'"},
        wrong{"timeline:\n", "timeline:\n  - {when: 1ms, start: dma1}\n", "15:24",
              "did you mean 'dma0'?"},
        wrong{"timeline:\n", "timeline:\n  - {when: 1ms, inject: {device: ep0, fault: link_dwn}}\n",
              "15:46", "did you mean 'link_down'?"},
        wrong{"timeline:\n",
              "timeline:\n  - {when: 1ms, inject: {device: ep9, fault: link_down}}\n", "15:34",
              "did you mean 'ep0'?"},
        wrong{"timeline:\n", "timeline:\n  - {when: 1ms, set: {a: 1, b: 2}}\n", "15:22",
              "expected exactly one"},
        wrong{"timeline:\n", "timeline:\n  - 5\n", "15:5", "timeline.0: '5' cannot be used"},
        wrong{"timeline:\n",
              "timeline:\n  - {when: 1ms, task: A, attach: {device: ep0, pasid: 0, domain: "
              "paging}}\n",
              "15:55", "1..1048575"}));

INSTANTIATE_TEST_SUITE_P(
    Yaml, WrongFile,
    testing::Values(wrong{"  cpus: 2", "\tcpus: 2", "4:2", "a tab in the indentation"},
                    wrong{"cpus: 2", "cpus: *two", "4:9", "the referenced anchor is not defined"},
                    wrong{"cpus: 2", "cpus: &a [*a]", "4:9", "too many values or too deep"},
                    wrong{"  cpus: 2", "  ? [a]\n  : 2", "4:5", "a key must be a word"},
                    wrong{"machine:", "---\nmachine:", "3:1", "a second document"},
                    wrong{"title: small", "title: sm\xe4ll", "1:10", "expected YAML in UTF-8"},
                    wrong{"title: small", "title: sm\x01ll", "1:10", "expected YAML in UTF-8"}));

TEST(WrongFile, every_cut_of_a_scenario_is_refused_or_good_and_never_more) {
    const scratch s;
    const std::string text = small_scenario();
    for (std::size_t n = 0; n < text.size(); n += 3) {
        const std::string message = refusal(s.file("s.yaml", text.substr(0, n)));
        EXPECT_TRUE(message.empty() || message.starts_with(s.path().string())) << n << message;
    }
}

TEST(WrongFile, every_cut_of_a_device_description_is_refused_in_that_file) {
    const scratch s;
    const std::string text = read(project_file("platform/devices/generic_ats_endpoint.yaml"));
    const auto file =
        s.file("s.yaml", small_scenario("like: generic_ats_endpoint", "like: ./d.yaml"));
    for (std::size_t n = 0; n < text.rfind("- {at: 0x220"); n += 11) {
        const std::string message =
            refusal(s.file("d.yaml", text.substr(0, n)).empty() ? "" : file);
        if (message.empty()) continue;  // cut behind a capability: a device with fewer
        EXPECT_TRUE(message.find("d.yaml:") != std::string::npos ||
                    message.find("has no PASID capability") != std::string::npos)
            << n << " " << message;
    }
}

struct wrong_option {
    std::vector<std::string> set, axes;
    const char* says;
};

void PrintTo(const wrong_option& w, std::ostream* o) { *o << w.says; }

class WrongOption : public testing::TestWithParam<wrong_option> {};

TEST_P(WrongOption, is_refused_by_its_name) {
    const scratch s;
    scenario::overrides o;
    o.set = GetParam().set;
    o.axes = GetParam().axes;
    const std::string message = refusal(s.file("s.yaml", small_scenario()), o);
    EXPECT_TRUE(message.starts_with("-c ") || message.starts_with("-m ")) << message;
    EXPECT_NE(message.find(GetParam().says), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Options, WrongOption,
    testing::Values(wrong_option{{"machine..cpus=2"}, {}, "is no path"},
                    wrong_option{{"machine.cpus.=2"}, {}, "'machine.cpus.'"},
                    wrong_option{{"machine.cpus=~"}, {}, "expected a whole number"},
                    wrong_option{{"machine.cpus=[2"}, {}, "not YAML"},
                    wrong_option{{"machine.cpus=2\n---\n3"}, {}, "a second document"},
                    wrong_option{
                        {"matrix.software.reset.variant=[M2]"}, {}, "expected -m PATH=V1,V2"},
                    wrong_option{{"extends=x.yaml"}, {}, "expected it in a file"},
                    wrong_option{{"timeline.-1.when=1ms"}, {}, "no element '-1'"},
                    wrong_option{{"machine.cpus=2", "machine={}"}, {}, "change the same place"},
                    wrong_option{{"machine.cpus=3"}, {"machine.cpus=2,4"}, "change the same place"},
                    wrong_option{{}, {"machine.cpus=2", "machine.cpus=4"}, "change the same place"},
                    wrong_option{{}, {"machine.cpus=2,2"}, "for the second time"},
                    wrong_option{{}, {"machine.cpus=2,"}, "no value"},
                    wrong_option{{}, {"machine.cpus=2,two"}, "expected a whole number"},
                    wrong_option{{}, {"machine.cpus"}, "no PATH="},
                    wrong_option{{}, {"end.when=[R returned"}, "not YAML"}));

}  // namespace
}  // namespace drydock::tests
