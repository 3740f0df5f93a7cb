// SPDX-License-Identifier: Apache-2.0
// Enumeration of a tree with switches.
#include "tests/sw/pci/pci_fixture.h"

namespace drydock::sw {
namespace {

using test::make_endpoint;
using test::make_root_port;
using test::make_switch_port;
using test::model_host;

struct PciTree : test::Pci {
    void put(u16 rid, std::unique_ptr<test::model_function> f) {
        host.functions[rid] = std::move(f);
    }
    void scan(u8 last_bus = 255) {
        pci =
            std::make_unique<pci_host>(k, pci_host_config{.ecam = model_host::ecam,
                                                          .mem32 = {0x1000'0000, 0x3000'0000},
                                                          .mem64 = {0x80'0000'0000, u64{64} << 30},
                                                          .last_bus = last_bus});
        in_task([this] { pci->scan(); });
    }
    /// Two root ports; below the first a switch with two endpoints, below the second a third one.
    void three_endpoints() {
        put(0x0008, make_root_port());
        put(0x0010, make_root_port());
        put(0x0100, make_switch_port(PCI_EXP_TYPE_UPSTREAM));
        put(0x0200, make_switch_port(PCI_EXP_TYPE_DOWNSTREAM));
        put(0x0208, make_switch_port(PCI_EXP_TYPE_DOWNSTREAM));
        for (u16 rid : {0x0300, 0x0400, 0x0500}) put(rid, make_endpoint({}));
    }
    u32 buses(u16 rid) { return host.functions[rid]->get(PCI_PRIMARY_BUS, 4) & 0xffffff; }
    /// First and last address of the 64-bit prefetchable window.
    std::pair<u64, u64> window(u16 rid) {
        const auto& f = *host.functions[rid];
        return {u64{f.get(PCI_PREF_BASE_UPPER32, 4)} << 32 |
                    (f.get(PCI_PREF_MEMORY_BASE, 2) & 0xfff0u) << 16,
                u64{f.get(PCI_PREF_LIMIT_UPPER32, 4)} << 32 |
                    (f.get(PCI_PREF_MEMORY_LIMIT, 2) & 0xfff0u) << 16 | 0xfffff};
    }
};

TEST_F(PciTree, P_174_two_root_ports_a_switch_and_three_endpoints_get_depth_first_bus_numbers) {
    three_endpoints();
    std::vector<u8> subordinates;  // of the first root port, as written
    host.on_config_write = [&](u16 rid, unsigned at, u32 v) {
        if (rid == 0x0008 && at == PCI_SUBORDINATE_BUS) subordinates.push_back(static_cast<u8>(v));
    };
    scan();
    ASSERT_EQ(pci->devices().size(), 8u);
    EXPECT_EQ(subordinates, (std::vector<u8>{0xff, 4})) << "open while it looks, then shrunk";
    EXPECT_EQ(buses(0x0008), 0x040100u);
    EXPECT_EQ(buses(0x0100), 0x040201u);
    EXPECT_EQ(buses(0x0200), 0x030302u);
    EXPECT_EQ(buses(0x0208), 0x040402u);
    EXPECT_EQ(buses(0x0010), 0x050500u);
    EXPECT_EQ(pci->find(0x0400)->bridge, pci->find(0x0208));
    EXPECT_EQ(pci->find(0x0208)->bridge, pci->find(0x0100));
    EXPECT_EQ(pci->find(0x0500)->bridge, pci->find(0x0010));
}

TEST_F(PciTree, windows_lie_within_those_of_the_bridge_above_and_apart_from_each_other) {
    three_endpoints();
    scan();
    const auto root = window(0x0008), up = window(0x0100), one = window(0x0200),
               two = window(0x0208), other = window(0x0010);
    EXPECT_LE(root.first, up.first);
    EXPECT_GE(root.second, up.second);
    EXPECT_LE(up.first, one.first);
    EXPECT_LT(one.second, two.first);
    EXPECT_GE(up.second, two.second);
    EXPECT_LT(root.second, other.first);
    for (const auto& [rid, w] : {std::pair(0x0300, one), std::pair(0x0400, two)}) {
        const auto& bar = pci->find(static_cast<u16>(rid))->resource[0];
        EXPECT_LE(w.first, bar.start);
        EXPECT_GE(w.second, bar.start + bar.size - 1);
    }
    for (u16 bridge : {0x0008, 0x0010, 0x0100, 0x0200, 0x0208}) {
        const auto& f = *host.functions[bridge];
        EXPECT_EQ(f.get(PCI_COMMAND, 2) & 6u, 6u) << bridge;
        EXPECT_GT(f.get(PCI_MEMORY_BASE, 2), f.get(PCI_MEMORY_LIMIT, 2)) << "closed: not needed";
    }
}

TEST_F(PciTree, a_32_bit_BAR_opens_the_32_bit_windows_of_all_bridges_above_it) {
    three_endpoints();
    auto& far = *host.functions[0x0400];
    far.put(PCI_BASE_ADDRESS_0 + 8, 0, 4);
    far.bar_size[2] = 1u << 20;
    scan();
    const u64 start = pci->find(0x0400)->resource[2].start;
    ASSERT_GE(start, 0x1000'0000u);
    for (u16 bridge : {0x0008, 0x0100, 0x0208}) {
        const auto& f = *host.functions[bridge];
        EXPECT_LE((f.get(PCI_MEMORY_BASE, 2) & 0xfff0u) << 16, start) << bridge;
        EXPECT_GE((f.get(PCI_MEMORY_LIMIT, 2) & 0xfff0u) << 16 | 0xfffff, start) << bridge;
    }
    const auto& sibling = *host.functions[0x0200];
    EXPECT_GT(sibling.get(PCI_MEMORY_BASE, 2), sibling.get(PCI_MEMORY_LIMIT, 2));
}

TEST_F(PciTree, payload_is_the_minimum_below_a_root_port_and_no_concern_of_the_other) {
    three_endpoints();
    put(0x0208, make_switch_port(PCI_EXP_TYPE_DOWNSTREAM, 1));
    scan();
    const auto mps = [&](u16 rid) {
        const unsigned cap = pci->find(rid)->is_bridge ? 0x40 : test::ep_pcie;
        return (host.functions[rid]->get(cap + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_PAYLOAD) >> 5;
    };
    for (u16 rid : {0x0008, 0x0100, 0x0200, 0x0208, 0x0300, 0x0400}) EXPECT_EQ(mps(rid), 1u) << rid;
    EXPECT_EQ(mps(0x0010), 2u);
    EXPECT_EQ(mps(0x0500), 2u);
}

TEST_F(PciTree, P_172_below_a_downstream_port_only_device_0_is_looked_for) {
    three_endpoints();
    put(0x0308, make_endpoint({}));
    scan();
    EXPECT_EQ(pci->find(0x0308), nullptr);
}

TEST_F(PciTree, PASID_stops_at_a_switch_without_prefixes) {
    three_endpoints();
    host.functions[0x0100]->put(0x40 + PCI_EXP_DEVCAP2, 0, 4);
    scan();
    EXPECT_FALSE(pci->find(0x0300)->eetlp_prefix_path);
    EXPECT_TRUE(pci->find(0x0500)->eetlp_prefix_path);
}

/// 32 downstream ports, each with a switch that has `ports` endpoints: 2 + 32 * (2 + ports) buses.
void wide_tree(PciTree& t, unsigned ports) {
    t.put(0x0008, make_root_port());
    t.put(0x0100, make_switch_port(PCI_EXP_TYPE_UPSTREAM));
    unsigned bus = 3;
    for (unsigned d = 0; d < 32; ++d) {
        t.put(static_cast<u16>(0x0200 | d << 3), make_switch_port(PCI_EXP_TYPE_DOWNSTREAM));
        if (bus > 0xff) continue;
        t.put(static_cast<u16>(bus++ << 8), make_switch_port(PCI_EXP_TYPE_UPSTREAM));
        const unsigned inside = bus++;
        for (unsigned n = 0; n < ports && bus <= 0xff; ++n) {
            t.put(static_cast<u16>(inside << 8 | n << 3),
                  make_switch_port(PCI_EXP_TYPE_DOWNSTREAM));
            t.put(static_cast<u16>(bus++ << 8), make_endpoint({}));
        }
    }
}

TEST_F(PciTree, a_tree_of_226_buses_is_found_whole) {
    wide_tree(*this, 5);
    scan();
    EXPECT_EQ(pci->devices().size(), host.functions.size());
    EXPECT_EQ(buses(0x0008), 0xe20100u);
    EXPECT_EQ(pci->find(0xe200)->bridge->bridge->rid(), 0xdc00u);
}

TEST_F(PciTree, more_buses_than_there_are_is_told) {
    wide_tree(*this, 7);
    pci = std::make_unique<pci_host>(k, pci_host_config{.ecam = model_host::ecam,
                                                        .mem32 = {0x1000'0000, 0x3000'0000},
                                                        .mem64 = {0x80'0000'0000, u64{64} << 30}});
    bool told = false;
    in_task([&] {
        try {
            pci->scan();
        } catch (const std::runtime_error& e) {
            told = std::string(e.what()).find("no bus number left") != std::string::npos;
        }
    });
    EXPECT_TRUE(told);
}

}  // namespace
}  // namespace drydock::sw
