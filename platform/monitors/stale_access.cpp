// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/stale_access.h"

#include <algorithm>

namespace drydock::monitors {
namespace {

constexpr std::uint64_t page_bits = 12;  // ownership and generations are kept per 4 KiB
constexpr std::uint64_t ssv_of_substream = std::uint64_t{1} << 32;  // kind::sw_attach, field b
// kind::memory_access, field b
constexpr std::uint64_t access_ssv = std::uint64_t{1} << 52;
constexpr std::uint64_t access_write = std::uint64_t{1} << 53;
constexpr std::uint64_t access_translated = std::uint64_t{1} << 54;
constexpr std::uint64_t access_iova_known = std::uint64_t{1} << 55;

/// stream[31:0], substream[52:32], ssv[53]: one key for (StreamID, SubstreamID).
std::uint64_t stream_key(std::uint64_t stream, std::uint64_t substream, bool ssv) {
    return (stream & 0xffffffffu) |
           (ssv ? (substream & 0xfffffu) << 32 | std::uint64_t{1} << 53 : 0);
}

constexpr std::string_view rule_unmapped =
    "no access is performed through a translation whose unmap has completed";
constexpr std::string_view rule_owner =
    "no access is performed on a page that is free or belongs to a later owner";

}  // namespace

stale_access::stale_access(reporter& r)
    : monitor("stale_access", r,
              {base::kind::sw_attach, base::kind::sw_map, base::kind::sw_unmap_begin,
               base::kind::sw_unmap_complete, base::kind::sw_page, base::kind::memory_access}),
      identity_text_(r.probe().text("identity")) {}

void stale_access::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::memory_access:
            return access(e);
        case base::kind::sw_attach:
            return attach(e);
        case base::kind::sw_map:
            return map(e);
        case base::kind::sw_unmap_begin:
            return unmap_begin(e);
        case base::kind::sw_unmap_complete:
            return unmap_complete(e);
        case base::kind::sw_page:
            return page(e);
        default:
            return;
    }
}

void stale_access::attach(const base::event& e) {
    attachment& a = attachments_[stream_key(e.a, e.b, (e.b & ssv_of_substream) != 0)];
    a.identity = e.d == identity_text_;
    const auto domain = static_cast<std::uint32_t>(e.c);
    std::erase(a.domains, domain);  // a stream knows few domains; the current one stands last
    a.domains.push_back(domain);
}

void stale_access::map(const base::event& e) {
    const std::uint64_t pages = (e.d + 4095) >> page_bits;
    for (std::uint64_t i = 0; i < pages; ++i) {
        const std::uint64_t phys = (e.c >> page_bits) + i;
        page_of_[{e.a, (e.b >> page_bits) + i}] = phys + 1;
        ++mapped_[{e.a, phys}].alive;
    }
}

void stale_access::unmap_begin(const base::event& e) {
    auto free = std::find_if(unmapping_.begin(), unmapping_.end(), [](auto& u) { return !u.busy; });
    if (free == unmapping_.end()) free = unmapping_.emplace(unmapping_.end());
    free->busy = true;
    free->domain = e.a;
    free->iova = e.b;
    free->pages.clear();
    const std::uint64_t pages = (e.d + 4095) >> page_bits;
    for (std::uint64_t i = 0; i < pages; ++i) {
        const waves::key_pair at{e.a, (e.b >> page_bits) + i};
        const std::uint64_t* phys = page_of_.find(at);
        if (phys == nullptr) continue;
        free->pages.push_back(*phys - 1);
        page_of_.erase(at);
    }
}

void stale_access::unmap_complete(const base::event& e) {
    const auto of = std::find_if(unmapping_.begin(), unmapping_.end(), [&](const unmapping& u) {
        return u.busy && u.domain == e.a && u.iova == e.b;
    });
    if (of == unmapping_.end()) return;
    of->busy = false;
    for (const std::uint64_t phys : of->pages) {
        mapped& m = mapped_[{e.a, phys}];
        if (m.alive > 0) --m.alive;
        m.ended = true;
        m.ended_at = e.time;
        m.unmap = e.span;
    }
}

void stale_access::page(const base::event& e) {
    for (std::uint64_t i = 0; i < e.c; ++i)
        owners_[(e.a >> page_bits) + i] = {static_cast<std::uint32_t>(e.b), e.time};
}

const stale_access::mapped* stale_access::ended_generation(std::uint64_t key, std::uint64_t page) {
    const attachment* known = attachments_.find(key);
    if (known == nullptr || known->identity) return nullptr;
    const mapped* ended = nullptr;
    for (const std::uint32_t domain : known->domains) {
        const mapped* m = mapped_.find({domain, page});
        if (m == nullptr) continue;
        if (m->alive > 0) return nullptr;
        if (m->ended) ended = m;
    }
    return ended;
}

void stale_access::access(const base::event& e) {
    const std::uint64_t page = e.a >> page_bits;
    const std::uint64_t key = stream_key(e.b, e.b >> 32, (e.b & access_ssv) != 0);
    if ((e.b & access_iova_known) != 0) {
        if (const mapped* m = ended_generation(key, page))
            return report_access(
                e, 0, "its unmap completed " + readable(e.time - m->ended_at) + " earlier");
    }
    const owned* o = owners_.find(page);
    if (o == nullptr) return;
    if (o->owner == 0) return report_access(e, 1, "the page is free");
    const base::ps obtained{static_cast<std::int64_t>(e.d)};
    if ((e.b & access_translated) != 0 && obtained.count != 0 && o->since > obtained)
        report_access(e, 1, "the page has a later owner since " + readable(o->since));
}

void stale_access::report_access(const base::event& e, std::uint64_t rule, std::string why) {
    const base::routing_id function = rid(e.b);
    found({function.value, rule}, e.span, [&] {
        return finding{
            e.time,
            e.span,
            report().device_name(function),
            function,
            std::string(rule == 0 ? rule_unmapped : rule_owner),
            std::string((e.b & access_write) != 0 ? "write to " : "read of ") + hex(e.a) +
                ((e.b & access_iova_known) != 0 ? " (iova " + hex(e.c) + ")" : "") + ": " + why};
    });
}

}  // namespace drydock::monitors
