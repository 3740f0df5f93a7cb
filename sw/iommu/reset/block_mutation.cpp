// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "sw/iommu/reset/pieces.h"
#include "sw/iommu/reset/variants.h"

namespace drydock::sw {

namespace {

using namespace reset;

/// Nothing is invalidated while nothing changes: prepare() shuts the page tables of all domains
/// that the device uses, done() opens them. The device stays attached. Who unmaps in atomic context
/// spins, with interrupts off, for as long as the reset takes (H-71).
class reset_block_mutation final : public reset_ops {
public:
    std::string_view name() const override { return "block_page_table_mutation"; }

    int prepare(iommu_core& core, pci_dev& d) override {
        if (!has_ats(d)) return 0;
        return locked_prepare(core, d, [&](iommu_group& g) {
            std::vector<gate*> shut;
            const auto close = [&](iommu_domain* of) {
                if (!of) return;
                if (!of->mutation)
                    of->mutation = std::make_unique<gate>(core.k(), "mutation(" + of->name + ")");
                of->mutation->shut();
                shut.push_back(of->mutation.get());
            };
            close(g.domain);
            for (const auto& [pasid, domain] : g.pasid_array) close(domain);
            shut_[&d].push_back(std::move(shut));
            return 0;
        });
    }

    void done(iommu_core& core, pci_dev& d, int result) override {
        if (!has_ats(d)) return;
        locked_done(core, d, [&](iommu_group& g) {
            auto& calls = shut_[&d];
            if (core.k().warn_on(calls.empty(), "pci_dev_reset_iommu_done: not prepared", d.rid()))
                return;
            core.reset_finished(g, d, result);
            for (gate* open : calls.back()) open->open();
            calls.pop_back();
        });
    }

private:
    /// One entry for each prepare() that is not answered by done().
    std::map<const pci_dev*, std::vector<std::vector<gate*>>> shut_;
};

}  // namespace

std::unique_ptr<reset_ops> make_reset_block_mutation() {
    return std::make_unique<reset_block_mutation>();
}

}  // namespace drydock::sw
