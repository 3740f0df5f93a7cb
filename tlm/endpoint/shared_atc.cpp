// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/shared_atc.h"

#include <deque>
#include <utility>

#include "tlm/endpoint/atc.h"

namespace drydock::endpoint {

/// What one function sees.
class shared_atc::share final : public atc_if {
public:
    share(shared_atc& owner, lookup_id number, atc_client& client)
        : client_(client), owner_(owner), number_(number << lookup_bits) {}

    bool try_lookup(lookup_id id, const atc_key& key, atc_access access) override {
        return passed(atc_channel::lookup, inner().try_lookup(number_ | id, key, access));
    }
    bool try_fill(request_slot slot, const completion_entry& e) override {
        return passed(atc_channel::fill, inner().try_fill(slot, e));
    }
    bool try_invalidate(const invalidate& i) override {
        return passed(atc_channel::invalidate, inner().try_invalidate(i));
    }
    void release(use_id u) override { inner().release(u); }
    bool try_control(base::routing_id rid, atc_control what) override;
    void set_stu(std::uint8_t log2_bytes) override { inner().set_stu(log2_bytes); }
    void resume() override {
        while (!waiting_.empty()) {
            const waiting_request w = waiting_.front();
            waiting_.pop_front();  // first: what is sent may make room, and call again
            if (client_.try_request(w.slot, w.key, w.no_write)) continue;
            waiting_.push_front(w);
            break;
        }
        inner().resume();
    }
    /// Taken in any case: what the function cannot send now it sends later.
    void request(request_slot slot, const atc_key& key, bool no_write) {
        if (!waiting_.empty() || !client_.try_request(slot, key, no_write))
            waiting_.push_back({slot, key, no_write});
    }
    atc_client& client() { return client_; }

    bool refused[4] = {};  ///< by channel: it is in the owner's list

private:
    struct waiting_request {
        request_slot slot = 0;
        atc_key key{};
        bool no_write = false;
    };
    atc_if& inner() { return *owner_.atc_; }
    bool passed(atc_channel c, bool accepted) {
        if (!accepted) owner_.refused(c, *this);
        return accepted;
    }

    atc_client& client_;
    shared_atc& owner_;
    lookup_id number_;
    std::deque<waiting_request> waiting_;
};

/// Of a disabled function the ATC still expects answers to what was asked for; after a reset it
/// does not.
bool shared_atc::share::try_control(base::routing_id rid, atc_control what) {
    if (!passed(atc_channel::control, inner().try_control(rid, what))) return false;
    if (what == atc_control::enable) return true;
    for (const waiting_request& w : waiting_)
        if (what == atc_control::disable)
            inner().try_fill(w.slot, {completion_entry::status::timeout, 0, {}});
    waiting_.clear();
    return true;
}

shared_atc::shared_atc(directory& d, atc_maker make) : directory_(d), make_(std::move(make)) {}
shared_atc::~shared_atc() = default;

atc_maker shared_atc::maker() {
    return [this](const std::string& name, base::context& ctx, const atc_config& config,
                  atc_client& client) -> std::unique_ptr<atc_if> {
        if (!atc_) {
            atc_config of_all = config;
            of_all.shared = true;
            auto& self = static_cast<atc_client&>(*this);
            atc_ = make_ ? make_(name, ctx, of_all, self)
                         : std::make_unique<atc>(name, ctx, of_all, self);
        }
        auto made = std::make_unique<share>(*this, static_cast<lookup_id>(shares_.size()), client);
        shares_.push_back(made.get());
        return made;
    };
}

shared_atc::share* shared_atc::share_of(base::routing_id id) {
    return static_cast<share*>(directory_.atc_at(id));
}

void shared_atc::refused(atc_channel c, share& s) {
    const auto channel = static_cast<std::size_t>(c);
    if (std::exchange(s.refused[channel], true)) return;
    refused_[channel].push_back(&s);
}

void shared_atc::hit(lookup_id id, use_id use, const translation& t) {
    shares_[id >> lookup_bits]->client().hit(id & ((1u << lookup_bits) - 1), use, t);
}

void shared_atc::fault(lookup_id id, atc_fault why) {
    shares_[id >> lookup_bits]->client().fault(id & ((1u << lookup_bits) - 1), why);
}

/// A function that is gone has reset its share: nobody waits for the answer.
bool shared_atc::try_request(request_slot slot, const atc_key& key, bool no_write) {
    if (share* const s = share_of(key.rid)) s->request(slot, key, no_write);
    return true;
}

bool shared_atc::try_completion(base::routing_id rid, itag_vector vector,
                                std::uint8_t traffic_class) {
    share* const s = share_of(rid);
    return s == nullptr || s->client().try_completion(rid, vector, traffic_class);
}

void shared_atc::ready(atc_channel c) {
    const auto channel = static_cast<std::size_t>(c);
    retrying_.clear();
    retrying_.swap(refused_[channel]);
    for (share* s : retrying_) s->refused[channel] = false;
    for (share* s : retrying_) s->client().ready(c);
}

}  // namespace drydock::endpoint
