// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tlm/endpoint/ring.h"
#include "tlm/pcie/channels.h"

namespace drydock::endpoint {

class outlet;

/// What a device has to send, of all its functions in the order of their asking: a queue for each
/// class, emptied as the link's store has room. Neither a request nor a completion passes a posted
/// TLP that was queued before it (PCIe, cells b, c, d), whoever sent that one; posted ones wait for
/// nobody. Each virtual channel has queues of its own, and nothing waits for another channel.
class transmitter {
public:
    struct wire {
        virtual void put(pcie::tlp_ptr t) = 0;

    protected:
        ~wire() = default;
    };

    explicit transmitter(wire& w) : wire_(w) {}

    void push(outlet& from, pcie::tlp_ptr t);
    /// Room in the link's store; UINT32_MAX data: unlimited.
    void credits(unsigned vc, pcie::fc_class c, std::uint32_t headers, std::uint32_t data);
    /// In which channel a TLP of each TC goes from here on; what waits stays where it is.
    void set_map(const pcie::channel_map& m);
    /// The channel of a TC.
    unsigned channel_of(std::uint8_t tc) const { return channel_of_tc_[tc & 7]; }
    /// Sends what may go.
    void run();
    /// Takes out what waits of one sender, in order. What waited behind it goes by run().
    void take_back(const outlet& of, pcie::fc_class c, std::vector<pcie::tlp_ptr>& into);

private:
    struct item {
        pcie::tlp_ptr t;
        outlet* from = nullptr;
        std::uint64_t number = 0;
    };
    struct queue {
        ring<item> items;
        std::uint32_t headers = 0;
        std::uint32_t data = 0;
    };
    using queues = std::array<queue, pcie::fc_classes>;
    /// Queues of VC1 to VC7, made when the link first speaks of one.
    using other_queues = std::array<std::unique_ptr<queues>, pcie::most_channels>;
    static std::size_t index(pcie::fc_class c) { return static_cast<std::size_t>(c); }
    queues& queues_of(unsigned vc) {
        if (vc == 0) return queues_;
        return queues_beside_vc0(vc);
    }
    queues& queues_beside_vc0(unsigned vc);
    bool send_others();
    static bool may_go(const queues& of, const queue& q);
    bool send_one(unsigned vc, queues& of, pcie::fc_class c);
    bool send_any(unsigned vc, queues& of);
    static void take_back(queues& of, const outlet& from, pcie::fc_class c,
                          std::vector<pcie::tlp_ptr>& into);

    wire& wire_;
    queues queues_;  // of VC0
    std::unique_ptr<other_queues> others_;
    std::array<std::uint8_t, 8> channel_of_tc_{};
    std::uint64_t pushed_ = 0;
    bool running_ = false;
};

/// One function's way into the transmitter: so much of each class it may have waiting there, in
/// each virtual channel.
class outlet {
public:
    struct sender {
        /// A TLP of this class has left in a virtual channel.
        virtual void left(pcie::fc_class c, unsigned vc) = 0;

    protected:
        ~sender() = default;
    };

    outlet(transmitter& to, sender& s, std::size_t posted, std::size_t non_posted,
           std::size_t completions)
        : to_(to), sender_(s), limits_{posted, non_posted, completions} {}
    outlet(const outlet&) = delete;
    outlet& operator=(const outlet&) = delete;

    std::size_t room(pcie::fc_class c, std::uint8_t tc = 0) const {
        const unsigned vc = to_.channel_of(tc);
        if (vc != 0) return room_beside_vc0(vc, c);
        return limits_[index(c)] - waiting_[index(c)];
    }
    unsigned channel_of(std::uint8_t tc) const { return to_.channel_of(tc); }
    /// ECRC Generation Enable: what is pushed from here on has a digest.
    void set_digests(bool on) { digests_ = on; }
    bool digests() const { return digests_; }
    /// @pre room for its class and TC
    void push(pcie::tlp_ptr t) {
        t->digest = digests_;
        ++waiting(to_.channel_of(t->traffic_class))[index(t->flow_class())];
        to_.push(*this, std::move(t));
    }
    /// Drops what waits, each TLP through f. pass_on() lets those go that waited behind it.
    template <class F>
    void drop(pcie::fc_class c, F&& f) {
        if (waiting_[index(c)] == 0 && !beside_vc0_) return;
        std::vector<pcie::tlp_ptr> dropped;
        to_.take_back(*this, c, dropped);
        waiting_[index(c)] = 0;
        if (beside_vc0_)
            for (counts& of : *beside_vc0_) of[index(c)] = 0;
        for (const pcie::tlp_ptr& t : dropped) f(t);
    }
    void pass_on() { to_.run(); }

private:
    friend class transmitter;
    using counts = std::array<std::size_t, pcie::fc_classes>;
    static std::size_t index(pcie::fc_class c) { return static_cast<std::size_t>(c); }
    void gone(unsigned vc, pcie::fc_class c) {
        --waiting(vc)[index(c)];
        sender_.left(c, vc);
    }
    counts& waiting(unsigned vc) {
        if (vc == 0) return waiting_;
        if (!beside_vc0_) beside_vc0_ = std::make_unique<std::array<counts, pcie::most_channels>>();
        return (*beside_vc0_)[vc];
    }
    std::size_t room_beside_vc0(unsigned vc, pcie::fc_class c) const {
        return limits_[index(c)] - (beside_vc0_ ? (*beside_vc0_)[vc][index(c)] : 0);
    }

    transmitter& to_;
    sender& sender_;
    counts limits_;
    counts waiting_{};  // in VC0
    bool digests_ = false;
    std::unique_ptr<std::array<counts, pcie::most_channels>> beside_vc0_;
};

}  // namespace drydock::endpoint
