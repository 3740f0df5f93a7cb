// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <linux/pci_regs.h>

#include "sw/pci/ats.h"
#include "sw/pci/probe.h"
#include "sw/pci/reset.h"
#include "tests/sw/model/model_host.h"

namespace drydock::sw::test {

/// Root ports with an endpoint each, enumerated; `ep` is the first.
struct Pci : ::testing::Test {
    model_host host;
    kernel k{host.doors(), 2};
    std::unique_ptr<pci_host> pci;
    pci_dev* ep = nullptr;

    void build(const endpoint_options& o = {}, unsigned ports = 2) {
        for (unsigned p = 0; p < ports; ++p) {
            host.functions[static_cast<u16>((p + 1) << 3)] = make_root_port();
            host.functions[static_cast<u16>((p + 1) << 8)] = make_endpoint(o);
        }
        pci_host_config c{.ecam = model_host::ecam,
                          .mem32 = {0x1000'0000, 0x3000'0000},
                          .mem64 = {0x80'0000'0000, u64{64} << 30}};
        pci = std::make_unique<pci_host>(k, c);
        in_task([this] { pci->scan(); });
        ep = pci->find(0x100);
    }
    void in_task(std::function<void()> f) {
        bool done = false;
        k.run_task("t" + std::to_string(++tasks), 0, [&] {
            f();
            done = true;
        });
        host.fake.run(k.now() + 200s);
        ASSERT_TRUE(done);
    }
    int tasks = 0;
    unsigned order(std::string_view point) const {
        unsigned i = 0;
        for (const auto& n : host.fake.notes) {
            ++i;
            if (n.what == hal::note::point && host.fake.text_of(n.a) == point) return i;
        }
        return 0;
    }
};

/// In place of the IOMMU core and of the function's driver: write down when they are called.
struct recording_iommu final : reset_iommu {
    kernel& k;
    model_host& host;
    int prepare_result = 0;
    hal::time_point prepared_at{};
    std::vector<std::string> log;
    recording_iommu(kernel& kern, model_host& h) : k(kern), host(h) {}
    int prepare(pci_dev&) override {
        prepared_at = k.now();
        log.push_back("prepare flrs=" + std::to_string(host.functions[0x100]->flrs));
        return prepare_result;
    }
    using reset_iommu::done;
    void done(pci_dev&, int) override {
        log.push_back("done bar=" +
                      std::to_string(host.functions[0x100]->get(PCI_BASE_ADDRESS_0 + 4, 4)));
    }
};

struct recording_driver final : pci_driver {
    std::vector<std::string>& log;
    explicit recording_driver(std::vector<std::string>& l) : log(l) {}
    void reset_prepare(pci_dev&) override { log.push_back("reset_prepare"); }
    void reset_done(pci_dev& d) override {
        log.push_back(std::string("reset_done master=") +
                      (pci_read_config_word(d, PCI_COMMAND) & 4 ? "1" : "0"));
    }
};

}  // namespace drydock::sw::test
