// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/endpoint/atc.h"
#include "tlm/endpoint/atc_if.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::endpoint {

/// Makes the ATC under test; one entry for each implementation of atc_if.
struct atc_factory {
    std::string name;
    std::function<std::unique_ptr<atc_if>(base::context&, const atc_config&, atc_client&)> make;
};
inline void PrintTo(const atc_factory& f, std::ostream* os) { *os << f.name; }

/// Plays the function around an ATC: remembers every answer with its time, and may hold back
/// requests and completions.
struct atc_world final : atc_client {
    struct granted {
        lookup_id id;
        use_id use;
        translation t;
        base::ps at;
    };
    struct faulted {
        lookup_id id;
        atc_fault why;
        base::ps at;
    };
    struct asked {
        request_slot slot;
        atc_key key;
        bool no_write;
        base::ps at;
    };
    struct completed {
        itag_vector vector;
        base::ps at;
    };

    explicit atc_world(const atc_factory& factory, const atc_config& config = {},
                       bool enable = true)
        : dut(factory.make(ctx, config, *this)) {
        dut->set_stu(12);
        ctx.timeline.seal();
        if (enable) control(atc_control::enable);
    }

    void hit(lookup_id id, use_id use, const translation& t) override {
        hits.push_back({id, use, t, ctx.now()});
    }
    void fault(lookup_id id, atc_fault why) override { faults.push_back({id, why, ctx.now()}); }
    bool try_request(request_slot slot, const atc_key& key, bool no_write) override {
        if (hold_requests) return false;
        requests.push_back({slot, key, no_write, ctx.now()});
        return true;
    }
    bool try_completion(base::routing_id rid, itag_vector vector, std::uint8_t) override {
        if (hold_completions) return false;
        EXPECT_EQ(rid, function);
        completions.push_back({vector, ctx.now()});
        return true;
    }
    void ready(atc_channel c) override { ++readies[c]; }

    // -- what a function does ------------------------------------------------------------------
    void run(base::ps span = base::ps{100'000}) { ctx.timeline.run(ctx.now() + span); }
    void control(atc_control c) {
        ASSERT_TRUE(dut->try_control(function, c));
        run();
    }
    atc_key key(std::uint64_t va, std::optional<std::uint32_t> pasid = {}) const {
        atc_key k;
        k.rid = function;
        k.va = base::iova{va};
        if (pasid) k.ssid = base::substream_id{*pasid};
        return k;
    }
    lookup_id look(std::uint64_t va, std::optional<std::uint32_t> pasid = {},
                   atc_access a = atc_access::read) {
        EXPECT_TRUE(dut->try_lookup(next_id, key(va, pasid), a));
        return next_id++;
    }
    /// A lookup, and time for it to hit or to ask.
    lookup_id ask(std::uint64_t va, std::optional<std::uint32_t> pasid = {},
                  atc_access a = atc_access::read) {
        const lookup_id id = look(va, pasid, a);
        run();
        return id;
    }
    void answer(const asked& r, const pcie::translation_entry& e) {
        EXPECT_TRUE(dut->try_fill(r.slot, {completion_entry::status::success, e.encode(), {}}));
        run();
    }
    void answer(const asked& r, completion_entry::status s) {
        EXPECT_TRUE(dut->try_fill(r.slot, {s, 0, {}}));
        run();
    }
    /// Brings a translation into the cache by a lookup that misses, and gives its use back.
    void load(std::uint64_t va, pcie::translation_entry e,
              std::optional<std::uint32_t> pasid = {}) {
        ask(va, pasid);
        answer(requests.back(), e);
        dut->release(hits.back().use);
    }
    /// Whether a lookup is answered without a new request; a use it gives is released.
    bool cached(std::uint64_t va, std::optional<std::uint32_t> pasid = {}) {
        const std::size_t before = requests.size();
        ask(va, pasid);
        if (requests.size() == before) {
            dut->release(hits.back().use);
            return true;
        }
        answer(requests.back(), completion_entry::status::timeout);
        return false;
    }
    void invalidate_body(unsigned tag, std::uint64_t body,
                         std::optional<std::uint32_t> pasid = {}) {
        const pcie::ats_range r = pcie::decode_ats_range(body);
        invalidate i;
        i.rid = function;
        i.tag = base::itag{static_cast<std::uint8_t>(tag)};
        if (pasid) i.ssid = base::substream_id{*pasid};
        i.global = (body & 1) != 0;
        i.first = base::iova{r.first};
        i.last = base::iova{r.last};
        EXPECT_TRUE(dut->try_invalidate(i));
    }
    void invalidate_pages(unsigned tag, std::uint64_t va, std::uint64_t bytes = 4096,
                          std::optional<std::uint32_t> pasid = {}) {
        invalidate_body(tag, pcie::encode_invalidate_body(va, bytes), pasid);
    }
    bool is_completed(unsigned tag) const {
        for (const completed& c : completions)
            if ((c.vector >> tag & 1) != 0) return true;
        return false;
    }

    static constexpr base::routing_id function{0x0100};
    base::context ctx;
    std::vector<granted> hits;
    std::vector<faulted> faults;
    std::vector<asked> requests;
    std::vector<completed> completions;
    std::map<atc_channel, int> readies;
    bool hold_requests = false;
    bool hold_completions = false;
    lookup_id next_id = 1;
    std::unique_ptr<atc_if> dut;
};

/// A shape whose corners come soon: 8 sets of 2 ways.
inline atc_config small_shape() {
    atc_config c;
    c.entries = 16;
    c.ways = 2;
    c.request_slots = 4;
    c.uses = 16;
    c.invalidate_queue = 8;
    return c;
}

/// A readable and writable entry.
inline pcie::translation_entry page(std::uint64_t pa, std::uint64_t bytes = 4096) {
    pcie::translation_entry e;
    e.address = pa;
    e.bytes = bytes;
    e.read = e.write = true;
    return e;
}

/// The statements that every ATC behind atc_if keeps. Instantiated once for each implementation.
class AtcConformance : public testing::TestWithParam<atc_factory> {};

}  // namespace drydock::endpoint
