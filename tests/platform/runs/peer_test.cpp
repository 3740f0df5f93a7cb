// SPDX-License-Identifier: Apache-2.0
// DMA of one device to another: which way it takes, by Access Control Services.
#include "tests/platform/runs/whole_machine.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// a and b below a switch with these services, c below a root port of its own; a and c write to and
/// read from b.
std::string peers(const std::string& acs, const std::string& like_a = "generic_ats_endpoint",
                  const std::string& policy = "all") {
    return "machine:\n"
           "  ports:\n"
           "    rp0:\n"
           "      switch:\n"
           "        acs: " +
           acs +
           "\n"
           "        dsp0: {device: {name: a, like: " +
           like_a +
           "}}\n"
           "        dsp1: {device: {name: b, like: generic_ats_endpoint}}\n"
           "    rp1: {device: {name: c, like: generic_ats_endpoint}}\n"
           "  parameters: {sw.pci.acs: " +
           policy +
           "}\n"
           "clients:\n"
           "  ab: {kind: dma_client, device: a, peer: b, cpu: 0, buffer: 32KiB, burst: 4 x 256B, "
           "every: 20us}\n"
           "  cb: {kind: dma_client, device: c, peer: b, cpu: 1, buffer: 32KiB, burst: 4 x 256B, "
           "every: 20us}\n"
           "end: {when: 2ms}\n";
}

/// All bursts came to a good end.
void expect_served(const json& r) {
    for (const char* client : {"ab", "cb"}) {
        const json& dma = r.at("clients").at(client).at("dma");
        EXPECT_GE(dma.at("done").get<int>(), 80) << client;
        EXPECT_EQ(dma.at("errors").get<int>(), 0) << client;
        EXPECT_EQ(dma.at("no_access").get<int>(), 0) << client;
    }
    EXPECT_EQ(expect::fired(r, "stale_access", ""), 0);
    EXPECT_EQ(counter(r, "switch.acs_violations"), 0);
}

TEST(Peer, without_redirect_translated_requests_pass_in_the_switch) {
    const json r = run_text(peers("off"));
    expect_served(r);
    EXPECT_GE(counter(r, "switch.peer_direct"), 300);
    EXPECT_EQ(counter(r, "switch.peer_redirected"), 0);
    EXPECT_GE(counter(r, "rc.peer_requests"), 300) << "c's: from one root port to the other";
}

TEST(Peer, P2P_request_redirect_sends_them_up_and_the_root_complex_down_again) {
    const json direct = run_text(peers("off"));
    const json r = run_text(peers("[sv, rr, cr, uf]"));
    expect_served(r);
    EXPECT_EQ(counter(r, "switch.peer_direct"), 0);
    EXPECT_EQ(counter(r, "switch.peer_redirected"), counter(direct, "switch.peer_direct"));
    EXPECT_EQ(counter(r, "rc.peer_requests"),
              counter(direct, "rc.peer_requests") + counter(r, "switch.peer_redirected"));
    EXPECT_GT(r.at("clients").at("ab").at("dma").at("longest_ps").get<std::int64_t>(),
              direct.at("clients").at("ab").at("dma").at("longest_ps").get<std::int64_t>());
}

TEST(Peer, Direct_Translated_P2P_lets_them_pass_though_requests_are_redirected) {
    const json r = run_text(peers("[sv, rr, cr, uf, dt]"));
    expect_served(r);
    EXPECT_GE(counter(r, "switch.peer_direct"), 300);
    EXPECT_EQ(counter(r, "switch.peer_redirected"), 0);
    const json off = run_text(peers("[sv, rr, cr, uf, dt]", "generic_ats_endpoint", "standard"));
    EXPECT_EQ(counter(off, "switch.peer_direct"), 0) << "a service that software does not turn on";
}

TEST(Peer, an_untranslated_request_names_no_peer_and_goes_up_in_any_case) {
    const scratch files;
    const auto plain = files.file("plain.yaml", R"(title: no ATS
ids: {vendor: 0x1d1d, device: 0xa751, class: 0x088000}
bars:
  0: {size: 64KiB, bits: 64, prefetchable: true}
capabilities:
  - {at: 0x50, msix: {vectors: 16, table: {bar: 0, offset: 0x2000}, pba: {bar: 0, offset: 0x3000}}}
  - {at: 0x60, express: {version: 2, port_type: endpoint, max_payload: 512, flr: true, extended_tag: true, link: gen4 x8}}
)");
    const json r = run_text(peers("off", plain));
    expect_served(r);
    EXPECT_EQ(counter(r, "switch.peer_direct") + counter(r, "switch.peer_redirected"), 0);
    EXPECT_GE(counter(r, "rc.peer_requests"), 600);
}

TEST(Peer, a_peer_that_cannot_be_one_is_refused) {
    const auto why = [](const std::string& client) {
        const std::string text =
            "machine:\n  ports:\n    rp0: {device: {name: a, like: generic_ats_endpoint}}\n"
            "    rp1: {hotplug: empty, device: {name: b, like: generic_ats_endpoint}}\n"
            "clients:\n  x: {device: a, " +
            client + "}\nend: {when: 1ms}\n";
        const scratch s;
        try {
            scenario::load(s.file("s.yaml", text), {});
        } catch (const scenario::bad_input& e) {
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    const std::string dma = "kind: dma_client, buffer: 32KiB, burst: 4 x 256B, every: 20us, ";
    EXPECT_NE(why(dma + "peer: a").find("is the client's own device"), std::string::npos);
    EXPECT_NE(why(dma + "peer: b").find("is not there at first"), std::string::npos);
    EXPECT_NE(why(dma + "peer: z").find("'z'"), std::string::npos);
    EXPECT_NE(why(dma + "peer: a, unmap: {every: 5us}").find("needs DMA and no unmap"),
              std::string::npos);
    EXPECT_NE(why("kind: sva, pasid: 1, buffer: 32KiB, peer: b, dma: {burst: 4 x 256B, every: 1us}")
                  .find("kind: dma_client"),
              std::string::npos);
}

}  // namespace
}  // namespace drydock::tests
