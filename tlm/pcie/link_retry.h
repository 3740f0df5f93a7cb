// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tlm/base/context.h"
#include "tlm/base/delay_line.h"
#include "tlm/pcie/link_config.h"
#include "tlm/pcie/link_error.h"
#include "tlm/pcie/ring.h"
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// What the retry protocol asks of the direction of a link it belongs to.
struct link_retry_owner {
    /// Bytes go on the wire now. @return when the last one is sent
    virtual base::fine_time occupy(unsigned bytes) = 0;
    /// When what ends on the wire then is with the receiver.
    virtual base::ps arrival(base::fine_time end) const = 0;
    /// An ACK or NAK takes the opposite way. @return when it is with the sender
    virtual base::ps send_acknowledge() = 0;
    virtual void received(tlp_ptr t) = 0;
    /// The receiver has no buffer for it.
    virtual void overflowed(tlp_ptr t) = 0;
    virtual void found(link_error e, bool at_receiver) = 0;
    virtual void replayed(std::uint16_t sequence, unsigned bytes) = 0;
    virtual void retrain() = 0;
    /// Something may be sent again.
    virtual void go_on() = 0;

protected:
    ~link_retry_owner() = default;
};

/// ACK, NAK and replay of one direction: sequence numbers, replay buffer and timer of its sender,
/// sequence check and ACK timer of its receiver (PCIe). Nothing of it runs, and no TLP meets it,
/// before activate().
///
/// A TLP stays in the replay buffer until it is delivered, once; a copy of one that was delivered
/// is only its time on the wire.
class link_retry final : base::timeline_client {
public:
    link_retry(base::context& ctx, const std::string& name, const link_config& config,
               link_retry_owner& owner);

    /// From here on TLPs are numbered and acknowledged one by one.
    void activate() { active_ = true; }
    bool active() const { return active_; }

    // -- the sender
    bool replaying() const { return replaying_; }
    /// No sequence number is left: at most 2047 TLPs are unacknowledged (PCIe).
    bool full() const { return buffer_.size() >= 2047; }
    void sent(tlp_ptr t, unsigned bytes, base::fine_time end);
    /// @pre replaying(), the wire is free
    void resend();
    /// The link is in Recovery for so long: the timers stand still.
    void hold(base::ps time);
    /// Data Link Layer down: everything starts anew. TLPs that were not delivered go to f.
    template <class F>
    void reset(F&& f) {
        while (!buffer_.empty())
            if (tlp_ptr t = buffer_.pop().t) f(std::move(t));
        forget();
    }
    /// Whether one more DLLP for the sender is destroyed on its way.
    bool dllp_is_hit();

    // -- faults that a test asks for; each hits so many of the next occasions
    struct faults {
        std::uint32_t bad_tlps = 0, lost_tlps = 0, bad_dllps = 0, replay_timeouts = 0,
                      overflows = 0;
    };
    faults& inject() { return faults_; }
    /// An ACK arrives whose sequence number nobody has sent.
    void wrong_acknowledge();

    std::uint64_t replays() const { return replays_; }

private:
    enum class fate : std::uint8_t { good, bad, lost };
    enum op : std::uint64_t { replay_timer, ack_timer };
    struct entry {
        tlp_ptr t;  // null: delivered
        unsigned bytes = 0;
    };
    struct numbered {
        std::uint16_t sequence = 0;
        fate how = fate::good;
    };
    struct dllp {
        std::uint16_t sequence = 0;
        bool nak = false, bad = false;
    };
    struct tlp_end {
        link_retry* self;
        void operator()(numbered&& n) const { self->arrived(n); }
    };
    struct dllp_end {
        link_retry* self;
        void operator()(dllp&& d) const { self->acknowledged(d); }
    };

    void on_time(std::uint64_t what) override;
    void transmit(std::uint16_t sequence, unsigned bytes, base::fine_time end);
    void arrived(numbered n);
    void acknowledge();
    void nak();
    void send(bool is_nak);
    void acknowledged(dllp d);
    void begin_replay();
    void run_replay_timer(base::ps from);
    void arm_replay_timer();
    void forget();
    bool hit(unsigned bytes);

    base::context& ctx_;
    link_retry_owner& owner_;
    base::timeline::client_id id_;
    base::delay_line<numbered, tlp_end> tlps_;
    base::delay_line<dllp, dllp_end> dllps_;
    base::rng rng_;
    double log_good_bit_;  // ln(1 - bit error rate)
    unsigned dllp_bytes_, tlps_per_ack_;
    base::ps replay_time_, ack_limit_;
    bool active_ = false;
    faults faults_;
    // sender
    ring<entry> buffer_;
    std::uint16_t first_ = 0;  // sequence number of the oldest in the buffer
    unsigned next_ = 0;        // place in the buffer of what is sent again next
    unsigned replay_num_ = 0;
    bool replaying_ = false;
    base::timeline::handle replay_at_, ack_at_;
    base::ps deadline_ = base::never, armed_{};
    std::uint64_t replays_ = 0;
    // receiver
    std::uint16_t expected_ = 0;
    bool nak_scheduled_ = false;
    unsigned unacknowledged_ = 0;
};

}  // namespace drydock::pcie
