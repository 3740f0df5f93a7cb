// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "platform/monitors/monitor_set.h"
#include "tlm/base/context.h"

namespace drydock::monitors::test {

using base::kind;
using base::ps;
using base::routing_id;
using base::span_class;
using base::span_id;
using namespace base::literals;

/// The monitors over a context to which a test tells events as the machine would.
class told {
public:
    explicit told(monitor_parameters limits = {}) : set(ctx, limits) {
        set.names().add(ep0, "ep0");
        set.names().add(nic, "nic");
    }

    void at(ps t) { now_ = t; }
    void tell(kind k, std::string_view where, std::uint64_t a = 0, std::uint64_t b = 0,
              std::uint64_t c = 0, std::uint64_t d = 0, span_id span = {}) {
        ctx.probe.emit(k, ctx.probe.place(where), now_, span, a, b, c, d);
    }
    std::uint64_t text(std::string_view s) { return ctx.probe.text(s); }
    std::uint64_t place(std::string_view s) { return ctx.probe.place(s); }
    void finish() { set.finish(now_); }

    // -- what software and hardware say, in their words --
    void attach(routing_id rid, std::uint64_t domain, std::string_view type = "paging",
                int pasid = -1) {
        hardware_attach(rid, domain, type, pasid);
        view(rid, domain, type, pasid);
    }
    void hardware_attach(routing_id rid, std::uint64_t domain, std::string_view type = "paging",
                         int pasid = -1) {
        tell(kind::sw_attach, "iommu", rid.value, substream(pasid), domain, text(type));
    }
    void view(routing_id rid, std::uint64_t domain, std::string_view type = "paging",
              int pasid = -1) {
        tell(kind::sw_view, "iommu", rid.value, substream(pasid), domain, text(type));
    }
    static std::uint64_t substream(int pasid) {
        return pasid < 0 ? 0 : (1ull << 32 | unsigned(pasid));
    }
    void map(std::uint64_t domain, std::uint64_t iova, std::uint64_t phys,
             std::uint64_t bytes = 4096) {
        tell(kind::sw_map, "iommu", domain, iova, phys, bytes);
    }
    void unmap_begin(std::uint64_t domain, std::uint64_t iova, std::uint64_t phys,
                     std::uint64_t bytes = 4096) {
        tell(kind::sw_unmap_begin, "iommu", domain, iova, phys, bytes);
    }
    void unmap_complete(std::uint64_t domain, std::uint64_t iova, std::uint64_t phys) {
        tell(kind::sw_unmap_complete, "iommu", domain, iova, phys, 2);
    }
    void page(std::uint64_t phys, std::uint64_t owner) {
        tell(kind::sw_page, "pages", phys, owner, 1);
    }
    static constexpr std::uint64_t write = 1ull << 53, translated = 1ull << 54, known = 1ull << 55,
                                   forged = 1ull << 63;  // the fixture's own: leaves `known` out
    void access(routing_id rid, std::uint64_t iova, std::uint64_t phys,
                std::uint64_t bits = translated, ps obtained = {}, int pasid = -1,
                span_id span = {}) {
        const std::uint64_t ssid = pasid < 0 ? 0 : std::uint64_t(pasid) << 32 | 1ull << 52;
        tell(kind::memory_access, "memory", phys,
             rid.value | ssid | ((bits & forged) != 0 ? bits & ~forged : bits | known), iova,
             std::uint64_t(obtained.count), span);
    }
    void point(std::string_view p, routing_id rid) {
        tell(kind::sw_point, "R", text(p), rid.value);
    }
    void function(routing_id rid, std::string_view state) {
        tell(kind::function_state, "ep", rid.value, text(state));
    }

    std::uint64_t fired(std::string_view monitor) const {
        std::uint64_t n = 0;
        for (const violation& v : set.all())
            if (v.monitor == monitor) n += v.count;
        return n;
    }
    const violation& only() const {
        EXPECT_EQ(set.all().size(), 1u);
        return set.all().at(0);
    }
    bool silent() const { return set.all().empty(); }

    static constexpr routing_id ep0{0x0100}, nic{0x0200};
    base::context ctx;
    monitor_set set;

private:
    ps now_{};
};

}  // namespace drydock::monitors::test
