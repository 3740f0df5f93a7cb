// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "tlm/endpoint/ring.h"
#include "tlm/pcie/tlp.h"

namespace drydock::endpoint {

/// What a function has to send: a queue for each class, emptied as the link's store has room.
/// Neither a request nor a completion passes a posted TLP that was queued before it (PCIe,
/// cells b, c, d); posted ones wait for nobody.
class transmitter {
public:
    struct wire {
        virtual void put(pcie::tlp_ptr t) = 0;
        /// A TLP of this class has left its queue.
        virtual void left(pcie::fc_class c) = 0;

    protected:
        ~wire() = default;
    };

    transmitter(wire& w, std::size_t posted, std::size_t non_posted, std::size_t completions)
        : wire_(w), queues_{queue(posted), queue(non_posted), queue(completions)} {}

    std::size_t room(pcie::fc_class c) const {
        return queues_[index(c)].limit - queues_[index(c)].items.size();
    }
    /// @pre room for its class
    void push(pcie::tlp_ptr t);
    /// Room in the link's store; UINT32_MAX data: unlimited.
    void credits(pcie::fc_class c, std::uint32_t headers, std::uint32_t data);
    /// Drops what waits, each TLP through f.
    template <class F>
    void drop(pcie::fc_class c, F&& f) {
        queue& q = queues_[index(c)];
        while (!q.items.empty()) f(q.items.pop().t);
    }

private:
    struct item {
        pcie::tlp_ptr t;
        std::uint64_t number = 0;
    };
    struct queue {
        explicit queue(std::size_t n) : items(n), limit(n) {}
        ring<item> items;
        std::size_t limit;
        std::uint32_t headers = 0;
        std::uint32_t data = 0;
    };
    static std::size_t index(pcie::fc_class c) { return static_cast<std::size_t>(c); }
    bool may_go(const queue& q) const;
    bool send_one(pcie::fc_class c);
    void run();

    wire& wire_;
    std::array<queue, pcie::fc_classes> queues_;
    std::uint64_t pushed_ = 0;
    bool running_ = false;
};

}  // namespace drydock::endpoint
