// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// An access is *performed* on memory and
///  (a) the generation of (StreamID, PASID, iova -> phys) it was translated by had ended by
///      unmap_complete, and none alive maps the same phys; or
///  (b) its 4 KiB page is free, or belongs to a later owner than the one at the time its
///  translation
///      was obtained.
/// (a) is decided per domain and physical page: a stream reaches a page only through a mapping of a
/// domain that it was attached to, so the generation in use has ended once all of them for that
/// page have. An access without a requested iova (a forged translated address) is judged by (b)
/// alone; so is a stream while it is attached to an identity domain, which maps every page. "A
/// later owner" is asked of translated (AT=10) accesses only: an untranslated one is translated on
/// its way. O(1) per access; memory is bounded by domains times pages ever mapped.
class stale_access final : public monitor {
public:
    explicit stale_access(reporter& r);

private:
    struct mapped {  // (domain, physical page)
        std::uint32_t alive = 0;
        bool ended = false;  // some generation of it has ended
        base::ps ended_at{};
        base::span_id unmap{};
    };
    struct owned {  // physical page
        std::uint32_t owner = 0;
        base::ps since{};
    };
    struct attachment {  // (StreamID, SubstreamID): domains it was ever attached to, latest last
        std::vector<std::uint32_t> domains;
        bool identity = false;  // the latest is one
    };
    struct unmapping {
        std::uint64_t domain = 0, iova = 0;
        bool busy = false;
        std::vector<std::uint64_t> pages;  // physical pages, one per iova page
    };

    void on_event(const base::event& e) override;
    void attach(const base::event& e);
    void map(const base::event& e);
    void unmap_begin(const base::event& e);
    void unmap_complete(const base::event& e);
    void page(const base::event& e);
    void access(const base::event& e);
    /// The generation that has ended, if every one that could have served this access has.
    const mapped* ended_generation(std::uint64_t stream_key, std::uint64_t page);
    void report_access(const base::event& e, std::uint64_t rule, std::string why);

    waves::flat_map<waves::key_pair, std::uint64_t>
        page_of_;  // (domain, iova page) -> phys page + 1
    waves::flat_map<waves::key_pair, mapped> mapped_;
    waves::flat_map<std::uint64_t, owned> owners_;
    waves::flat_map<std::uint64_t, attachment> attachments_;
    std::vector<unmapping> unmapping_;  // as many as unmaps are in progress at once
    std::uint32_t identity_text_;
};

}  // namespace drydock::monitors
