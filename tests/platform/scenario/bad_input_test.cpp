// SPDX-License-Identifier: Apache-2.0
// Each refusal names file, line and column, what was expected and, where near, what was meant.
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

/// The refusal of the small scenario with one piece replaced, without the folder's name.
std::string refused(const std::string& old_text, const std::string& new_text) {
    const scratch s;
    std::string message = refusal(s.file("s.yaml", small_scenario(old_text, new_text)));
    const std::string folder = s.path().string() + "/";
    for (auto at = message.find(folder); at != std::string::npos; at = message.find(folder))
        message.erase(at, folder.size());
    return message;
}

std::string refused_option(const std::string& set, const std::string& axis = "") {
    const scratch s;
    scenario::overrides o;
    if (!set.empty()) o.set = {set};
    if (!axis.empty()) o.axes = {axis};
    return refusal(s.file("s.yaml", small_scenario()), o);
}

TEST(BadInput, the_small_scenario_itself_is_good) {
    const scratch s;
    EXPECT_EQ(refusal(s.file("s.yaml", small_scenario())), "");
}

TEST(BadInput, an_unknown_key_is_named_with_the_nearest_one) {
    EXPECT_EQ(refused("invalidate_timeout: 10ms", "invalidate_timeuot: 10ms"),
              "s.yaml:3:10: unknown key 'invalidate_timeuot' in 'smmu'; expected one of "
              "cmdq_log2size, evtq_log2size, "
              "invalidate_timeout, itags, like, priq_log2size, sev, stream_ids; did you mean "
              "'invalidate_timeout'?");
}

TEST(BadInput, an_unknown_key_at_the_top_is_named) {
    EXPECT_NE(
        refused("clients:", "client:").find("s.yaml:10:1: unknown key 'client'; expected one of "),
        std::string::npos);
}

TEST(BadInput, a_time_without_its_unit_is_refused) {
    EXPECT_EQ(refused("invalidate_timeout: 10ms", "invalidate_timeout: 10"),
              "s.yaml:3:30: invalidate_timeout: '10' cannot be used; expected a time with its unit "
              "(ps, ns, us, ms, s), such as 10ms");
}

TEST(BadInput, a_wrong_unit_is_refused) {
    EXPECT_EQ(refused("every: 10us", "every: 10KiB"),
              "s.yaml:12:88: every: '10KiB' cannot be used; expected a time with its unit (ps, ns, "
              "us, ms, s), such as 10ms");
    EXPECT_NE(refused("buffer: 64KiB, unmap", "buffer: 64KB, unmap")
                  .find("expected a size with its unit (B, KiB, MiB, GiB)"),
              std::string::npos);
    EXPECT_NE(
        refused("link: gen4 x8", "link: gen4 x3")
            .find("s.yaml:7:13: link: 'gen4 x3' cannot be used; expected a link such as gen4 x8"),
        std::string::npos);
}

TEST(BadInput, a_number_out_of_range_is_refused) {
    EXPECT_EQ(refused("cpus: 2", "cpus: 65"),
              "s.yaml:4:9: cpus: '65' cannot be used; expected a whole number, 1..64");
    EXPECT_EQ(refused("cpu: 1, buffer", "cpu: 5, buffer"),
              "s.yaml:12:46: cpu: 5 is out of range; expected 0..1 (machine.cpus is 2)");
    EXPECT_NE(refused("invalidate_timeout: 10ms", "invalidate_timeout: 10ns")
                  .find("s.yaml:3:30: invalidate_timeout: 10ns is out of range"),
              std::string::npos);
    EXPECT_NE(refused("4 x 256B", "4 x 8KiB").find("burst: '4 x 8KiB' cannot be used"),
              std::string::npos);
}

TEST(BadInput, an_atc_that_cannot_be_built_is_refused) {
    EXPECT_NE(
        refused("ways: 4", "ways: 5").find("expected a power of two that divides the 64 entries"),
        std::string::npos);
    EXPECT_NE(
        refused("entries: 64", "entries: 48").find("expected 0 or a power of two, such as 64"),
        std::string::npos);
}

TEST(BadInput, an_unknown_variant_is_refused_with_what_there_is) {
    EXPECT_EQ(
        refused("[none, M2]", "[none, m2]"),
        "s.yaml:13:41: variant: 'm2' cannot be used; expected one of none, R1, R2, R3, R4, R5, M1, "
        "N1, N2, N3, N4, N6, M2, M3, published; did you mean 'M2'?");
}

TEST(BadInput, an_unknown_device_description_is_refused_with_the_nearest) {
    EXPECT_EQ(refused("like: generic_ats_endpoint", "like: generic_ats_endpiont"),
              "s.yaml:8:33: like: no device 'generic_ats_endpiont'; expected one of "
              "generic_ats_endpoint, generic_endpoint, intel_dsa, myricom_10g, or "
              "the path of a description or dump; did you mean 'generic_ats_endpoint'?");
}

TEST(BadInput, a_missing_dump_is_refused_with_the_nearest_file) {
    const scratch s;
    s.file("device.txt", "");
    const auto message = refusal(
        s.file("s.yaml", small_scenario("like: generic_ats_endpoint", "like: ./devise.txt")));
    EXPECT_NE(message.find("s.yaml:8:33: like: cannot read './devise.txt'; expected a device "
                           "description or an lspci -vvvxxxx dump; "
                           "did you mean 'device.txt'?"),
              std::string::npos)
        << message;
}

TEST(BadInput, an_action_on_a_device_that_is_not_there_is_refused) {
    EXPECT_EQ(refused("reset: {device: ep0", "reset: {device: ep1"),
              "s.yaml:15:50: no device 'ep1'; expected one of ep0; did you mean 'ep0'?");
    EXPECT_EQ(refused("sva, device: ep0", "sva, device: nic"),
              "s.yaml:11:29: no device 'nic'; expected one of ep0");
}

TEST(BadInput, a_task_that_nobody_starts_is_refused) {
    EXPECT_EQ(refused("R returned", "Q returned"),
              "s.yaml:16:13: no task 'Q'; expected one of R, sva0, dma0; did you mean 'R'?");
}

TEST(BadInput, an_unknown_point_is_refused) {
    EXPECT_NE(refused("when: 1ms, task: R", "when: sva0 at p9, task: R")
                  .find("s.yaml:15:12: no point 'p9'; expected one of p0, p1"),
              std::string::npos);
}

TEST(BadInput, an_unknown_event_is_refused_with_the_nearest) {
    EXPECT_NE(refused("when: 1ms, task: R", "when: itag_timout, task: R")
                  .find("did you mean 'itag_timeout'?"),
              std::string::npos);
}

TEST(BadInput, an_event_that_tells_no_device_cannot_be_asked_for_one) {
    EXPECT_EQ(refused("when: 1ms, task: R", "when: sync_done of ep0, task: R"),
              "s.yaml:15:12: event 'sync_done' tells no device");
}

TEST(BadInput, an_entry_has_exactly_one_verb) {
    EXPECT_NE(refused("{when: 1ms, task: R, cpu: 1, reset: {device: ep0, method: flr}}",
                      "{when: 1ms, task: R, reset: {device: ep0}, release: R}")
                  .find("a second verb 'release' beside 'reset'"),
              std::string::npos);
    EXPECT_NE(refused("  - {when: 1ms, task: R", "  - {when: 1ms}\n  - {when: 1ms, task: R")
                  .find("s.yaml:15:5: no verb; expected one of reset, start"),
              std::string::npos);
}

TEST(BadInput, a_hold_needs_the_point_where_its_task_is_held) {
    EXPECT_NE(refused("timeline:\n", "timeline:\n  - {when: 2ms, hold: R}\n")
                  .find("hold: R needs a place to hold it; expected when: R at POINT"),
              std::string::npos);
}

TEST(BadInput, a_reset_that_the_device_cannot_do_is_refused) {
    EXPECT_NE(
        refused("like: generic_ats_endpoint", "like: myricom_10g").find("has no PASID capability"),
        std::string::npos);
    const scratch s;
    auto text = small_scenario("like: generic_ats_endpoint", "like: myricom_10g");
    text.erase(text.find("  sva0:"), text.find("  dma0:") - text.find("  sva0:"));
    const auto message = refusal(s.file("s.yaml", text));
    EXPECT_NE(message.find("device 'ep0' (myricom_10g) cannot do a function level reset"),
              std::string::npos)
        << message;
}

TEST(BadInput, an_integrated_endpoint_needs_an_override_to_stand_below_a_port) {
    EXPECT_NE(refused("like: generic_ats_endpoint", "like: intel_dsa")
                  .find("expected overrides: {port_type: endpoint, link: gen4 x8}"),
              std::string::npos);
}

TEST(BadInput, an_expectation_of_nothing_that_exists_is_refused) {
    EXPECT_EQ(
        refused("ep0.timeouts", "ep0.timeout"),
        "s.yaml:19:10: nothing is called 'ep0.timeout'; did you mean 'ep0.timeouts'?; expected a "
        "monitor, violations, timeouts, "
        "NAME.missed, NAME.longest_unmap, TASK.result or what else `drydock list SCENARIO` shows");
    EXPECT_NE(refused("R.result: 0", "stale_acess: 0").find("did you mean 'stale_access'?"),
              std::string::npos);
    EXPECT_NE(refused("R.result: 0", "stale_acess: fires").find("no monitor 'stale_acess'"),
              std::string::npos);
    EXPECT_NE(refused("R.result: 0", "stuck: {fires: nic}").find("no device 'nic'"),
              std::string::npos);
}

TEST(BadInput, an_expectation_in_the_wrong_unit_is_refused) {
    EXPECT_NE(refused("\">= 1\"", "\">= 1ms\"").find("has the wrong unit; expected a plain number"),
              std::string::npos);
    EXPECT_NE(
        refused("ep0.timeouts: \">= 1\"", "sva0.longest_unmap: 5").find("expected a time such as"),
        std::string::npos);
    EXPECT_NE(refused("\">= 1\"", "\"lots\"").find("'lots' cannot be used; expected a number"),
              std::string::npos);
    EXPECT_NE(refused("R.result: 0", "R.result: 1%").find("is part of nothing"), std::string::npos);
}

TEST(BadInput, an_expectation_for_no_variant_is_refused) {
    EXPECT_EQ(refused("  none: [ep0", "  nome: [ep0"),
              "s.yaml:19:3: no variant 'nome'; expected one of M1, M2, M3, N1, N2, N3, N4, N6, R1, "
              "R2, R3, R4, R5, all, none; did you mean 'none'?");
}

TEST(BadInput, a_key_given_twice_is_refused) {
    EXPECT_EQ(refused("  cpus: 2\n", "  cpus: 2\n  cpus: 3\n"),
              "s.yaml:5:3: key 'cpus' stands here for the second time");
}

TEST(BadInput, text_that_is_no_yaml_is_refused_at_its_place) {
    EXPECT_NE(refused("{reset: {variant: none}}", "{reset: {variant: none}").find("s.yaml:"),
              std::string::npos);
    const scratch s;
    EXPECT_NE(refusal(s.file("list.yaml", "[1, 2]")).find("list.yaml:1:1: expected a scenario"),
              std::string::npos);
    EXPECT_NE(refusal(s.file("empty.yaml", "")).find("the file is empty"), std::string::npos);
}

TEST(BadInput, aliases_that_expand_beyond_reason_are_refused) {
    const scratch s;
    std::string text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    for (char c = 'b'; c < 'i'; ++c) {
        text += std::string(1, c) + ": &" + c + " [";
        for (int i = 0; i < 10; ++i)
            text += std::string(i ? "," : "") + "*" + static_cast<char>(c - 1);
        text += "]\n";
    }
    EXPECT_NE(refusal(s.file("s.yaml", text)).find("expands to too many values"),
              std::string::npos);
}

TEST(BadInput, a_missing_key_is_named) {
    EXPECT_NE(refused("end: {when: R returned, plus: 1ms}\n", "")
                  .find("'end' is missing; expected machine, end"),
              std::string::npos);
    EXPECT_NE(refused("kind: sva, device: ep0, pasid: 1", "kind: sva, device: ep0")
                  .find("'pasid' is missing"),
              std::string::npos);
}

TEST(BadInput, a_scenario_file_that_is_not_there_is_refused) {
    EXPECT_EQ(refusal("/nowhere/s.yaml"),
              "cannot read '/nowhere/s.yaml'; expected the path of a scenario file");
}

TEST(BadInput, an_option_is_named_where_it_is_wrong) {
    EXPECT_EQ(refused_option("machine.smmu.sve=true"),
              "-c machine.smmu.sve=true: unknown key 'sve' in 'smmu'; expected one of "
              "cmdq_log2size, evtq_log2size, invalidate_timeout, "
              "itags, like, priq_log2size, sev, stream_ids; did you mean 'sev'?");
    EXPECT_EQ(refused_option("machine.cpus"),
              "-c machine.cpus: no PATH=; expected -c PATH=VALUE, such as -c machine.cpus=8");
    EXPECT_NE(refused_option("machine.cpus.x=1")
                  .find("-c machine.cpus.x=1: 'machine.cpus.x' leads through the value '2'"),
              std::string::npos);
    EXPECT_NE(refused_option("timeline.3.when=1ms").find("no element '3'"), std::string::npos);
    EXPECT_NE(refused_option("machine.cpus=").find("no value"), std::string::npos);
    EXPECT_NE(refused_option("", "software.reset.variant=none,N5")
                  .find("-m software.reset.variant=none,N5: variant: 'N5' cannot be used; "
                        "expected one of none, R1, R2"),
              std::string::npos);
}

}  // namespace
}  // namespace drydock::tests
