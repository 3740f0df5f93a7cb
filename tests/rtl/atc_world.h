// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "rtl/adapter/atc.h"
#include "rtl/adapter/atc_units.h"
#include "tlm/base/context.h"
#include "tlm/endpoint/atc_if.h"
#include "tlm/pcie/ats_messages.h"

/// Functions and Translation Agent around ATCs, driven by operations that a random source draws.
namespace drydock::test {

/// What the functions around the ATC do next.
struct atc_operation {
    enum class kind : std::uint8_t { lookup, invalidate, control, block, unblock, wait };
    kind what{};
    std::uint32_t value = 0;  ///< address, PASID, range.. are made of its bits
    std::uint32_t gap = 0;    ///< picoseconds since the one before
};

inline std::ostream& operator<<(std::ostream& o, const atc_operation& p) {
    return o << static_cast<int>(p.what) << ':' << p.value << '+' << p.gap;
}

inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b = 0) {
    std::uint64_t z = a * 0x9e37'79b9'7f4a'7c15 + b * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
}

/// Plays functions and Translation Agent around one ATC; writes down all that it says. What they
/// do depends on what it says and when, and on nothing else.
struct atc_side final : endpoint::atc_client, base::timeline_client {
    atc_side(base::context& context, const std::string& name)
        : ctx(context), id(context.timeline.join(name + "_world", *this)) {}

    template <class... T>
    void say(fmt::format_string<T...> form, T&&... values) {
        log.push_back(fmt::format("{} ", ctx.now().count) +
                      fmt::format(form, std::forward<T>(values)...));
    }
    void later(std::uint64_t op, std::uint64_t delay) {
        ctx.timeline.after(base::ps{static_cast<std::int64_t>(delay / 1000 * 1000 + 300)},
                           base::phase::arrive, id, op);
    }

    void hit(endpoint::lookup_id l, endpoint::use_id use, const endpoint::translation& t) override {
        say("hit {} {:x} {:x} {} {}", l, t.pa.value, t.bytes_left, t.untranslated_only,
            t.obtained.count);
        uses.push_back(use);
        later(1u << 30 | (uses.size() - 1), mixed(l, 1) % 90'000);
    }
    void fault(endpoint::lookup_id l, endpoint::atc_fault why) override {
        say("fault {} {}", l, static_cast<int>(why));
    }
    bool try_request(endpoint::request_slot slot, const endpoint::atc_key& k,
                     bool no_write) override {
        if (blocked) return false;
        say("request {:x} {:x} {} {} {}", k.rid.value, k.va.value, k.ssid ? k.ssid->value : 0u,
            k.priv, no_write);
        requests.push_back({slot, k});
        later(2u << 30 | (requests.size() - 1), mixed(k.va.value, requests.size()) % 60'000);
        return true;
    }
    bool try_completion(base::routing_id rid, endpoint::itag_vector v, std::uint8_t tc) override {
        if (blocked) return false;
        say("completion {:x} {:x} {}", rid.value, v, tc);
        for (unsigned t = 0; t < 32; ++t)
            if ((v >> t & 1) != 0) out[rid.value] &= ~(1u << t);
        return true;
    }
    void ready(endpoint::atc_channel c) override { say("ready {}", static_cast<int>(c)); }

    /// An answer of every kind; large pages more often near each other.
    endpoint::completion_entry answer(const endpoint::atc_key& k, std::uint64_t n) const {
        const std::uint64_t r = mixed(k.va.value >> 15, n);
        endpoint::completion_entry e;
        if (r % 32 == 0) e.result = static_cast<endpoint::completion_entry::status>(r / 32 % 4);
        pcie::translation_entry t;
        constexpr unsigned sizes[] = {12, 12, 12, 12, 13, 14, 16, 21, 21, 30, 33};
        const unsigned log2 = sizes[r / 128 % 11];
        t.bytes = std::uint64_t{1} << log2;
        t.address = mixed(n) << 12 & ~(t.bytes - 1) & 0xffff'ffff'ffff;
        t.read = r / 2048 % 8 != 0;
        t.write = r / 16384 % 4 != 0;
        t.execute = r / 65536 % 2 != 0;
        t.global = r / 131072 % 8 == 0;
        t.untranslated_only = r / 1'048'576 % 16 == 0;
        e.data = t.encode();
        return e;
    }
    void on_time(std::uint64_t op) override {
        const std::size_t n = op & 0x3fff'ffff;
        if (op >> 30 == 1) {
            dut->release(uses[n]);
        } else {
            const auto& [slot, key] = requests[n];
            if (!gone(n)) dut->try_fill(slot, answer(key, n));
        }
    }
    /// Whether the request was made before its function's last reset.
    bool gone(std::size_t n) const {
        const auto at = forgotten.find(requests[n].second.rid.value);
        return at != forgotten.end() && n < at->second;
    }

    base::context& ctx;
    base::timeline::client_id id;
    std::unique_ptr<endpoint::atc_if> dut;
    std::vector<std::string> log;
    std::vector<endpoint::use_id> uses;
    std::vector<std::pair<endpoint::request_slot, endpoint::atc_key>> requests;
    std::map<unsigned, std::size_t> forgotten;
    std::map<unsigned, std::uint32_t> out;  ///< ITags, by function
    bool blocked = false;
};

/// Functions that hand the same to each of their ATCs at the same time.
struct atc_world {
    explicit atc_world(unsigned functions_around) : functions(functions_around) {}

    /// To be called when each side has its ATC.
    void begin(unsigned stu) {
        for (atc_side* x : sides) x->dut->set_stu(static_cast<std::uint8_t>(stu));
        ctx.timeline.seal();
        for (unsigned f = 0; f < functions; ++f) control(f, endpoint::atc_control::enable);
    }
    base::routing_id function(std::uint32_t v) const {
        return base::routing_id{static_cast<std::uint16_t>(0x100 + v % functions)};
    }
    void control(std::uint32_t f, endpoint::atc_control c) {
        for (atc_side* x : sides) {
            x->say("control {}", x->dut->try_control(function(f), c));
            if (c == endpoint::atc_control::reset) {
                x->forgotten[function(f).value] = x->requests.size();
                x->out[function(f).value] = 0;
            }
        }
        ctx.timeline.run(ctx.now() + base::ps{20'000});
    }
    void play(const atc_operation& p) {
        // Inputs come between the edges: at an edge itself they would depend on who is awake.
        const base::ps at{(ctx.now().count + p.gap) / 1000 * 1000 + 500};
        ctx.timeline.run(std::max(at, ctx.now()));
        using kind = atc_operation::kind;
        const std::uint64_t r = mixed(p.value);
        switch (p.what) {
            case kind::lookup:
                return look(r);
            case kind::invalidate:
                return invalidate_range(r);
            case kind::control:
                if (r / 8 % 4 != 0) return;
                return control(static_cast<std::uint32_t>(r % 4),
                               static_cast<endpoint::atc_control>(r / 32 % 3));
            case kind::block:
                for (atc_side* x : sides) x->blocked = true;
                return;
            case kind::unblock:
                for (atc_side* x : sides) {
                    x->blocked = false;
                    x->dut->resume();
                }
                return;
            case kind::wait:
                return ctx.timeline.run(ctx.now() + base::ps{100'000});
        }
    }
    void look(std::uint64_t r) {
        endpoint::atc_key k;
        k.rid = function(static_cast<std::uint32_t>(r % 4));
        if (r / 4 % 3 != 0) k.ssid = base::substream_id{static_cast<std::uint32_t>(r / 16 % 3)};
        k.priv = r / 64 % 8 == 0;
        k.va = base::iova{(r / 512 % 24) << 12 | (r / 65536 % 4) << 30 | (r >> 40 & 0xfff)};
        const auto access = static_cast<endpoint::atc_access>(r / 262'144 % 4);
        ++looked;
        for (atc_side* x : sides) x->say("look {}", x->dut->try_lookup(looked, k, access));
    }
    void invalidate_range(std::uint64_t r) {
        endpoint::invalidate i;
        i.rid = function(static_cast<std::uint32_t>(r % 4));
        // A free ITag of the function, if there is one.
        const std::uint32_t used = sides.front()->out[i.rid.value];
        if (~used == 0) return;
        i.tag = base::itag{static_cast<std::uint8_t>(std::countr_one(used))};
        if (r / 4 % 2 != 0) {
            i.ssid = base::substream_id{static_cast<std::uint32_t>(r / 16 % 3)};
            i.global = r / 64 % 8 == 0;
        }
        constexpr std::uint64_t sizes[] = {4096, 4096, 4096, 8192, 32768, 1u << 21, 1u << 31, 0};
        const std::uint64_t body = pcie::encode_invalidate_body(
            (r / 512 % 24) << 12 | (r / 65536 % 4) << 30, sizes[r / 262'144 % 8]);
        const pcie::ats_range range = pcie::decode_ats_range(body);
        i.first = base::iova{range.first};
        i.last = base::iova{range.last};
        i.traffic_class = static_cast<std::uint8_t>(r / 2'097'152 % 2);
        for (atc_side* x : sides) {
            const bool ok = x->dut->try_invalidate(i);
            x->say("invalidate {}", ok);
            if (ok) x->out[i.rid.value] |= 1u << i.tag.value;
        }
    }

    base::context ctx;
    unsigned functions;
    std::vector<atc_side*> sides;
    endpoint::lookup_id looked = 0;
};

inline rtl::atc_config config_of(const rtl::atc_unit& u, bool shared) {
    rtl::atc_config c;
    c.uses = u.shape.uses;
    c.invalidate_queue = u.shape.queue;
    c.shared = shared;
    return c;
}

}  // namespace drydock::test
