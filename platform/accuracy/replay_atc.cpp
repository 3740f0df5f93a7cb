// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include "platform/accuracy/replay.h"
#include "tlm/base/context.h"

namespace drydock::accuracy {
namespace {

using base::ps;

class player final : endpoint::atc_client, base::timeline_client, base::observer {
public:
    player(fidelity f, const pattern& p, const std::vector<atc_stimulus>& what, unsigned n)
        : what_(what),
          id_(ctx_.timeline.join("player", *this)),
          atc_(make_atc(f, p, ctx_, *this)),
          invalidates_(n) {
        answers_.times.resize(n);
        answers_.probes.resize(n);
        ctx_.probe.subscribe(*this, base::kind::stage);
        ctx_.probe.subscribe(*this, base::kind::atc_invalidated);
        atc_->set_stu(12);
        ctx_.timeline.seal();
    }
    atc_answers run() {
        const auto begin = std::chrono::steady_clock::now();
        if (!what_.empty()) ctx_.timeline.at(what_[0].at, base::phase::arrive, id_);
        while (answers_.order.size() < invalidates_.size() && ctx_.timeline.next() != base::never)
            ctx_.timeline.run(ctx_.timeline.next() + ps{1'000'000});
        answers_.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return std::move(answers_);
    }

private:
    using kind = atc_stimulus::kind;
    struct given_use {
        endpoint::use_id id = 0;
        bool known = false, release_due = false;
        ps asked = base::never;
        std::uint64_t page = 0;
    };

    void on_time(std::uint64_t) override {
        while (next_ < what_.size() && what_[next_].at <= ctx_.now()) play(what_[next_++]);
        if (next_ < what_.size()) ctx_.timeline.at(what_[next_].at, base::phase::arrive, id_);
    }
    void play(const atc_stimulus& s) {
        switch (s.what) {
            case kind::enable:
                controls_.push_back(&s);
                return feed(endpoint::atc_channel::control);
            case kind::lookup:
                lookups_.push_back(&s);
                return feed(endpoint::atc_channel::lookup);
            case kind::fill:
                fills_.push_back(&s);
                return feed(endpoint::atc_channel::fill);
            case kind::invalidate:
                waiting_.push_back(&s);
                return feed(endpoint::atc_channel::invalidate);
            case kind::release: {
                given_use& u = uses_[s.number];
                if (u.known)
                    atc_->release(u.id);
                else
                    u.release_due = true;
                return;
            }
            case kind::completion_room:
                room_ = s.room;
                if (room_ && std::exchange(refused_, false)) atc_->resume();
                return;
        }
    }
    void feed(endpoint::atc_channel c) {
        const auto rid = [](const atc_stimulus& s) {
            return base::routing_id{static_cast<std::uint16_t>(s.number)};
        };
        if (c == endpoint::atc_channel::control)
            while (!controls_.empty() &&
                   atc_->try_control(rid(*controls_.front()), endpoint::atc_control::enable))
                controls_.pop_front();
        if (c == endpoint::atc_channel::lookup) feed_lookups();
        if (c == endpoint::atc_channel::fill) feed_fills();
        if (c == endpoint::atc_channel::invalidate) feed_invalidates();
    }
    void feed_lookups() {
        while (!lookups_.empty()) {
            const atc_stimulus& s = *lookups_.front();
            if (!atc_->try_lookup(s.number, s.key, s.access)) return;
            given_use& u = uses_[s.number];
            u.asked = ctx_.now();
            u.page = name_of(s.key);
            lookups_.pop_front();
        }
    }
    /// The answer to a request that this block has not made yet waits for it and for no other.
    void feed_fills() {
        for (auto f = fills_.begin(); f != fills_.end();) {
            const auto slot = slots_.find({name_of((*f)->key), (*f)->number});
            if (slot == slots_.end()) {
                ++f;
                continue;
            }
            if (!atc_->try_fill(slot->second, (*f)->entry)) return;
            filled_[name_of((*f)->key)] = ctx_.now();
            slots_.erase(slot);
            f = fills_.erase(f);
        }
    }
    void feed_invalidates() {
        while (!waiting_.empty() && atc_->try_invalidate(waiting_.front()->invalidate)) {
            const atc_stimulus& s = *waiting_.front();
            answers_.times[s.number].taken = ctx_.now();
            invalidates_[s.number] = s.invalidate;
            open_.push_back(s.number);
            waiting_.pop_front();
        }
    }

    void hit(endpoint::lookup_id number, endpoint::use_id id,
             const endpoint::translation&) override {
        given_use& u = uses_[number];
        u.id = id;
        u.known = true;
        const auto filled = filled_.find(u.page);
        if (filled == filled_.end() || filled->second < u.asked)
            answers_.hits.add(cycles_since(u.asked));
        else
            answers_.fills.add(cycles_since(filled->second));
        if (u.release_due) atc_->release(id);
    }
    /// Of the block, since the edge that samples what came then.
    std::int64_t cycles_since(ps then) const {
        return (ctx_.now() - base::clock_domain(block_clock).next_edge(then)) / block_clock;
    }
    void fault(endpoint::lookup_id, endpoint::atc_fault) override {}
    bool try_request(endpoint::request_slot slot, const endpoint::atc_key& k, bool) override {
        const std::uint64_t name = name_of(k);
        slots_[{name, asked_[name]++}] = slot;
        if (!fills_.empty()) feed_fills();
        return true;
    }
    bool try_completion(base::routing_id rid, endpoint::itag_vector v, std::uint8_t) override {
        for (auto n = open_.begin(); n != open_.end();) {
            const endpoint::invalidate& i = invalidates_[*n];
            if (i.rid != rid || (v >> i.tag.value & 1) == 0) {
                ++n;
                continue;
            }
            ps& completed = answers_.times[*n].completed;
            if (completed == base::never) {
                completed = ctx_.now();
                answers_.order.push_back(*n);
            }
            n = room_ ? open_.erase(n) : n + 1;
        }
        refused_ = refused_ || !room_;
        return room_;
    }
    void ready(endpoint::atc_channel c) override { feed(c); }
    void on_event(const base::event& e) override {
        if (e.span.value == 0 || e.span.value > answers_.times.size()) return;
        if (e.what == base::kind::atc_invalidated) {
            answers_.probes[e.span.value - 1] = static_cast<std::uint32_t>(e.d);
            return;
        }
        atc_times& t = answers_.times[e.span.value - 1];
        if (e.a == 9) t.started = e.time;
        if (e.a == 10) t.processed = e.time;
        if (e.a == 11) t.drained = e.time;
    }

    const std::vector<atc_stimulus>& what_;
    std::size_t next_ = 0;
    base::context ctx_;
    base::timeline::client_id id_;
    std::unique_ptr<endpoint::atc_if> atc_;
    atc_answers answers_;
    std::deque<const atc_stimulus*> controls_, lookups_, fills_, waiting_;
    std::vector<endpoint::invalidate> invalidates_;
    std::deque<std::uint32_t> open_;
    std::unordered_map<std::uint32_t, given_use> uses_;
    std::unordered_map<std::uint64_t, std::uint32_t> asked_;
    std::map<std::pair<std::uint64_t, std::uint32_t>, endpoint::request_slot> slots_;
    std::unordered_map<std::uint64_t, ps> filled_;  ///< by page: when its last answer came
    bool room_ = true, refused_ = false;
};

}  // namespace

atc_answers replay_atc(fidelity f, const pattern& p, const std::vector<atc_stimulus>& what,
                       unsigned invalidations) {
    return player(f, p, what, invalidations).run();
}

}  // namespace drydock::accuracy
