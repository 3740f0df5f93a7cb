// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "platform/accuracy/blocks.h"
#include "platform/accuracy/dpc_pattern.h"
#include "tlm/base/context.h"
#include "tlm/base/rng.h"

namespace drydock::accuracy {

/// What was handed to DPC containment and when.
struct dpc_stimulus {
    enum class kind : std::uint8_t { control, trigger, tlp_up, tlp_down, release };
    base::ps at{};
    kind what{};
    root_complex::containment_control control{};
    root_complex::containment_trigger trigger{};
    root_complex::containment_tlp tlp{};
};

/// What the block answered, in order. `since`: when what it answers was handed in; of the end of RP
/// Busy, the containment.
struct dpc_answer {
    enum class kind : std::uint8_t { contained, rp_idle, released, too_early, up, down, answered };
    kind what{};
    unsigned detail = 0;  ///< verdict, cause or answer
    base::ps at{}, since{};

    bool same_as(const dpc_answer& o) const { return what == o.what && detail == o.detail; }
};

/// A block of DPC containment with who hands things to it: waits where the block is not ready,
/// keeps what it answers.
class dpc_user : protected root_complex::containment_client {
protected:
    dpc_user(fidelity, const dpc_pattern&);
    ~dpc_user() = default;
    /// At once, or as soon as the block takes it.
    void hand_in(dpc_stimulus);

    void contained(const root_complex::containment_trigger&) override;
    void released() override;
    void release_too_early() override;
    void rp_idle() override;
    void answered(root_complex::containment_answer) override;
    void judged(root_complex::containment_way, root_complex::containment_verdict) override;
    void ready(root_complex::containment_channel) override;

    base::context ctx_;
    std::vector<dpc_answer> answers_;
    std::vector<dpc_stimulus>* into_ = nullptr;  ///< what was handed in; null: nobody asks

private:
    void feed(root_complex::containment_channel);
    bool offer(const dpc_stimulus&);
    void say(dpc_answer::kind, unsigned detail, base::ps since);

    std::unique_ptr<root_complex::containment_if> block_;
    std::array<std::deque<dpc_stimulus>, 3> waiting_;  ///< by channel
    std::array<std::deque<base::ps>, 3> unanswered_;   ///< by channel: when they were taken
    std::deque<base::ps> releases_;                    ///< unanswered
    base::ps contained_at_{}, last_message_{};
};

/// A port with traffic, errors and software that releases it.
class dpc_machine final : dpc_user, base::timeline_client {
public:
    dpc_machine(const dpc_pattern&, fidelity, unsigned containments);
    /// Until there were as many containments. @param into  what the block was handed; may be null
    std::vector<dpc_answer> run(std::vector<dpc_stimulus>* into = nullptr);

private:
    enum class op : std::uint64_t { up, down, trigger, release };
    void on_time(std::uint64_t) override;
    void contained(const root_complex::containment_trigger&) override;
    void released() override;
    void release_too_early() override;
    void trigger();
    void traffic(dpc_stimulus::kind, base::ps gap, op again);
    void at(base::ps delay, op what);

    const dpc_pattern& pattern_;
    unsigned left_;
    std::array<base::rng, 4> times_;  ///< by op: what one does does not change when another comes
    base::rng traffic_;
    base::timeline::client_id id_;
};

/// Hands a block what was recorded, each piece at its instant, or as soon after it as the block
/// takes it.
struct dpc_replayed {
    std::vector<dpc_answer> answers;
    double seconds = 0;  ///< of wall time
};
dpc_replayed replay_dpc(fidelity, const dpc_pattern&, const std::vector<dpc_stimulus>&);

}  // namespace drydock::accuracy
