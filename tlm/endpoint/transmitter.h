// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "tlm/endpoint/ring.h"
#include "tlm/pcie/tlp.h"

namespace drydock::endpoint {

class outlet;

/// What a device has to send, of all its functions in the order of their asking: a queue for each
/// class, emptied as the link's store has room. Neither a request nor a completion passes a posted
/// TLP that was queued before it (PCIe, cells b, c, d), whoever sent that one; posted ones wait for
/// nobody.
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
    void credits(pcie::fc_class c, std::uint32_t headers, std::uint32_t data);
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
    static std::size_t index(pcie::fc_class c) { return static_cast<std::size_t>(c); }
    bool may_go(const queue& q) const;
    bool send_one(pcie::fc_class c);

    wire& wire_;
    std::array<queue, pcie::fc_classes> queues_;
    std::uint64_t pushed_ = 0;
    bool running_ = false;
};

/// One function's way into the transmitter: so much of each class it may have waiting there.
class outlet {
public:
    struct sender {
        /// A TLP of this class has left.
        virtual void left(pcie::fc_class c) = 0;

    protected:
        ~sender() = default;
    };

    outlet(transmitter& to, sender& s, std::size_t posted, std::size_t non_posted,
           std::size_t completions)
        : to_(to), sender_(s), limits_{posted, non_posted, completions} {}
    outlet(const outlet&) = delete;
    outlet& operator=(const outlet&) = delete;

    std::size_t room(pcie::fc_class c) const { return limits_[index(c)] - waiting_[index(c)]; }
    /// @pre room for its class
    void push(pcie::tlp_ptr t) {
        ++waiting_[index(t->flow_class())];
        to_.push(*this, std::move(t));
    }
    /// Drops what waits, each TLP through f. pass_on() lets those go that waited behind it.
    template <class F>
    void drop(pcie::fc_class c, F&& f) {
        if (waiting_[index(c)] == 0) return;
        std::vector<pcie::tlp_ptr> dropped;
        to_.take_back(*this, c, dropped);
        waiting_[index(c)] = 0;
        for (const pcie::tlp_ptr& t : dropped) f(t);
    }
    void pass_on() { to_.run(); }

private:
    friend class transmitter;
    static std::size_t index(pcie::fc_class c) { return static_cast<std::size_t>(c); }
    void gone(pcie::fc_class c) {
        --waiting_[index(c)];
        sender_.left(c);
    }

    transmitter& to_;
    sender& sender_;
    std::array<std::size_t, pcie::fc_classes> limits_;
    std::array<std::size_t, pcie::fc_classes> waiting_{};
};

}  // namespace drydock::endpoint
