// SPDX-License-Identifier: Apache-2.0
// Random operations go to the Verilated ATC and to its twin; what they answer, when and in which
// order must be the same.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rtl/adapter/atc.h"
#include "rtl/adapter/atc_units.h"
#include "tlm/base/rng.h"
#include "tlm/endpoint/atc.h"
#include "tlm/pcie/ats_messages.h"

namespace drydock::rtl {
namespace {

using base::ps;
using namespace endpoint;  // NOLINT(google-build-using-namespace)

/// What the functions around the ATC do next.
struct operation {
    enum class kind : std::uint8_t { lookup, invalidate, control, block, unblock, wait };
    kind what{};
    std::uint32_t value = 0;  ///< address, PASID, range.. are made of its bits
    std::uint32_t gap = 0;    ///< picoseconds since the one before
};

std::ostream& operator<<(std::ostream& o, const operation& p) {
    return o << static_cast<int>(p.what) << ':' << p.value << '+' << p.gap;
}

std::uint64_t mixed(std::uint64_t a, std::uint64_t b = 0) {
    std::uint64_t z = a * 0x9e37'79b9'7f4a'7c15 + b * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
}

/// Plays functions and Translation Agent around one ATC; writes down all that it says. What they
/// do depends on what it says and when, and on nothing else.
struct side final : atc_client, base::timeline_client {
    side(base::context& context, const std::string& name)
        : ctx(context), id(context.timeline.join(name + "_world", *this)) {}

    template <class... T>
    void say(fmt::format_string<T...> form, T&&... values) {
        log.push_back(fmt::format("{} ", ctx.now().count) +
                      fmt::format(form, std::forward<T>(values)...));
    }
    void later(std::uint64_t op, std::uint64_t delay) {
        ctx.timeline.after(ps{static_cast<std::int64_t>(delay / 1000 * 1000 + 300)},
                           base::phase::arrive, id, op);
    }

    void hit(lookup_id l, use_id use, const translation& t) override {
        say("hit {} {:x} {:x} {} {}", l, t.pa.value, t.bytes_left, t.untranslated_only,
            t.obtained.count);
        uses.push_back(use);
        later(1u << 30 | (uses.size() - 1), mixed(l, 1) % 90'000);
    }
    void fault(lookup_id l, atc_fault why) override {
        say("fault {} {}", l, static_cast<int>(why));
    }
    bool try_request(request_slot slot, const atc_key& k, bool no_write) override {
        if (blocked) return false;
        say("request {:x} {:x} {} {} {}", k.rid.value, k.va.value, k.ssid ? k.ssid->value : 0u,
            k.priv, no_write);
        requests.push_back({slot, k});
        later(2u << 30 | (requests.size() - 1), mixed(k.va.value, requests.size()) % 60'000);
        return true;
    }
    bool try_completion(base::routing_id rid, itag_vector v, std::uint8_t tc) override {
        if (blocked) return false;
        say("completion {:x} {:x} {}", rid.value, v, tc);
        for (unsigned t = 0; t < 32; ++t)
            if ((v >> t & 1) != 0) out[rid.value] &= ~(1u << t);
        return true;
    }
    void ready(atc_channel c) override { say("ready {}", static_cast<int>(c)); }

    /// An answer of every kind; large pages more often near each other.
    completion_entry answer(const atc_key& k, std::uint64_t n) const {
        const std::uint64_t r = mixed(k.va.value >> 15, n);
        completion_entry e;
        if (r % 32 == 0) e.result = static_cast<completion_entry::status>(r / 32 % 4);
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
    std::unique_ptr<atc_if> dut;
    std::vector<std::string> log;
    std::vector<use_id> uses;
    std::vector<std::pair<request_slot, atc_key>> requests;
    std::map<unsigned, std::size_t> forgotten;
    std::map<unsigned, std::uint32_t> out;  ///< ITags, by function
    bool blocked = false;
};

struct shape {
    const char* unit;
    unsigned functions;
    unsigned stu;
};

endpoint::atc_config twin_config(const atc_unit& u, bool shared) {
    endpoint::atc_config c;
    c.entries = u.shape.sets * u.shape.ways;
    c.ways = u.shape.ways;
    c.uses = u.shape.uses;
    c.request_slots = u.shape.slots;
    c.invalidate_queue = u.shape.queue;
    c.shared = shared;
    return c;
}

const atc_unit& unit_of(std::string_view name) {
    for (const atc_unit& u : atc_units())
        if (name == u.name) return u;
    throw std::logic_error("no such unit");
}

/// Both, side by side on one timeline.
struct pair_of_atcs {
    explicit pair_of_atcs(const shape& s) : what(s), twin(ctx, "twin"), block(ctx, "block") {
        const atc_unit& u = unit_of(s.unit);
        const bool shared = s.functions > 1;
        twin.dut = std::make_unique<endpoint::atc>("a", ctx, twin_config(u, shared), twin);
        atc_config c;
        c.uses = u.shape.uses;
        c.invalidate_queue = u.shape.queue;
        c.shared = shared;
        block.dut = std::make_unique<rtl::atc>("b", ctx, u, c, block);
        for (side* x : {&twin, &block}) x->dut->set_stu(static_cast<std::uint8_t>(s.stu));
        ctx.timeline.seal();
        for (unsigned f = 0; f < s.functions; ++f) control(f, atc_control::enable);
    }

    base::routing_id function(std::uint32_t v) const {
        return base::routing_id{static_cast<std::uint16_t>(0x100 + v % what.functions)};
    }
    void control(std::uint32_t f, atc_control c) {
        // Of several functions one that is reset leaves its lookups to the others' pipeline; when
        // each place is free again is the implementation's.
        if (what.functions > 1 && c == atc_control::reset) c = atc_control::disable;
        for (side* x : {&twin, &block}) {
            x->say("control {}", x->dut->try_control(function(f), c));
            if (c == atc_control::reset) {
                x->forgotten[function(f).value] = x->requests.size();
                x->out[function(f).value] = 0;
            }
        }
        ctx.timeline.run(ctx.now() + ps{20'000});
    }
    void play(const operation& p) {
        // Inputs come between the edges: at an edge itself they would depend on who is awake.
        const ps at{(ctx.now().count + p.gap) / 1000 * 1000 + 500};
        ctx.timeline.run(std::max(at, ctx.now()));
        using kind = operation::kind;
        const std::uint64_t r = mixed(p.value);
        switch (p.what) {
            case kind::lookup:
                return look(r);
            case kind::invalidate:
                return invalidate_range(r);
            case kind::control:
                if (r / 8 % 4 != 0) return;
                return control(static_cast<std::uint32_t>(r % 4),
                               static_cast<atc_control>(r / 32 % 3));
            case kind::block:
                for (side* x : {&twin, &block}) x->blocked = true;
                return;
            case kind::unblock:
                for (side* x : {&twin, &block}) {
                    x->blocked = false;
                    x->dut->resume();
                }
                return;
            case kind::wait:
                return ctx.timeline.run(ctx.now() + ps{100'000});
        }
    }
    void look(std::uint64_t r) {
        atc_key k;
        k.rid = function(static_cast<std::uint32_t>(r % 4));
        if (r / 4 % 3 != 0) k.ssid = base::substream_id{static_cast<std::uint32_t>(r / 16 % 3)};
        k.priv = r / 64 % 8 == 0;
        k.va = base::iova{(r / 512 % 24) << 12 | (r / 65536 % 4) << 30 | (r >> 40 & 0xfff)};
        const auto access = static_cast<atc_access>(r / 262'144 % 4);
        ++looked;
        for (side* x : {&twin, &block}) x->say("look {}", x->dut->try_lookup(looked, k, access));
    }
    void invalidate_range(std::uint64_t r) {
        invalidate i;
        i.rid = function(static_cast<std::uint32_t>(r % 4));
        // A free ITag of the function, if there is one.
        const std::uint32_t used = twin.out[i.rid.value];
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
        for (side* x : {&twin, &block}) {
            const bool ok = x->dut->try_invalidate(i);
            x->say("invalidate {}", ok);
            if (ok) x->out[i.rid.value] |= 1u << i.tag.value;
        }
    }
    /// Lookups of a function that is disabled fault at one instant, in any order.
    static void sort_dropped(std::vector<std::string>& log) {
        const auto dropped = [](const std::string& line) {
            return line.find(" fault ") != std::string::npos && line.ends_with(" 4");
        };
        for (auto at = log.begin(); at != log.end();) {
            const auto end = std::find_if_not(at, log.end(), dropped);
            std::sort(at, end);
            at = end == log.end() ? end : end + 1;
        }
    }
    /// The first line in which they differ.
    std::string difference() {
        sort_dropped(twin.log);
        sort_dropped(block.log);
        for (std::size_t n = 0; n < std::min(twin.log.size(), block.log.size()); ++n)
            if (twin.log[n] != block.log[n])
                return fmt::format("line {}: twin '{}', block '{}'", n, twin.log[n], block.log[n]);
        if (twin.log.size() == block.log.size()) return "";
        const side& more = twin.log.size() > block.log.size() ? twin : block;
        return fmt::format("only {}: '{}'", &more == &twin ? "the twin" : "the block",
                           more.log[std::min(twin.log.size(), block.log.size())]);
    }

    shape what;
    base::context ctx;
    side twin, block;
    lookup_id looked = 0;
};

void PrintTo(const shape& s, std::ostream* o) {
    *o << s.unit << ", " << s.functions << " functions, STU 2^" << s.stu;
}

class AtcEquivalence : public testing::TestWithParam<shape> {};

INSTANTIATE_TEST_SUITE_P(Shapes, AtcEquivalence,
                         testing::Values(shape{"small", 1, 12}, shape{"small", 3, 12},
                                         shape{"small", 1, 14}, shape{"standard", 1, 12},
                                         shape{"standard", 4, 12}),
                         [](const auto& i) {
                             return fmt::format("{}_{}_{}", i.param.unit, i.param.functions,
                                                i.param.stu);
                         });

TEST_P(AtcEquivalence, block_and_twin_answer_alike) {
    constexpr std::size_t operations = 400, cases = 60;  // 24,000 of each shape
    const auto random_operation = rc::gen::build<operation>(
        rc::gen::set(&operation::what,
                     rc::gen::weightedElement<operation::kind>({{60, operation::kind::lookup},
                                                                {25, operation::kind::invalidate},
                                                                {2, operation::kind::control},
                                                                {2, operation::kind::block},
                                                                {4, operation::kind::unblock},
                                                                {1, operation::kind::wait}})),
        rc::gen::set(&operation::value, rc::gen::arbitrary<std::uint32_t>()),
        rc::gen::set(&operation::gap, rc::gen::weightedOneOf<std::uint32_t>(
                                          {{6, rc::gen::inRange<std::uint32_t>(0, 1'000)},
                                           {3, rc::gen::inRange<std::uint32_t>(0, 10'000)},
                                           {1, rc::gen::inRange<std::uint32_t>(0, 100'000)}})));
    const rc::detail::TestParams params = [] {
        auto p = rc::detail::configuration().testParams;
        p.maxSuccess = static_cast<int>(cases);
        p.disableShrinking = true;  // the first difference says more than a shorter way to it
        return p;
    }();
    std::cout << "seed " << params.seed << ", " << cases << " cases of " << operations << "\n";
    const auto result = rc::detail::checkTestable(
        [&] {
            const auto script = *rc::gen::resize(
                1000, rc::gen::container<std::vector<operation>>(operations, random_operation));
            pair_of_atcs both(GetParam());
            for (const operation& p : script) both.play(p);
            both.play({operation::kind::unblock, 0, 0});
            both.ctx.timeline.run(both.ctx.now() + ps{2'000'000});
            const std::string difference = both.difference();
            RC_ASSERT(difference == std::string());
        },
        rc::detail::TestMetadata{}, params);
    EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << [&] {
        std::ostringstream o;
        rc::detail::printResultMessage(result, o);
        return o.str();
    }();
}

}  // namespace
}  // namespace drydock::rtl
