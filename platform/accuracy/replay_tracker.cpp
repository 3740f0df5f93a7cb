// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <deque>
#include <utility>

#include "platform/accuracy/replay.h"
#include "tlm/base/context.h"

namespace drydock::accuracy {
namespace {

using base::ps;

class player final : smmu::invalidation_tracker_client, base::timeline_client {
public:
    player(fidelity f, const pattern& p, const std::vector<tracker_stimulus>& what, unsigned n)
        : what_(what),
          id_(ctx_.timeline.join("player", *this)),
          tracker_(make_tracker(f, p, ctx_, *this)),
          tags_(n, itag_count) {
        answers_.times.resize(n);
        ctx_.timeline.seal();
    }
    tracker_answers run() {
        const auto begin = std::chrono::steady_clock::now();
        if (!what_.empty()) ctx_.timeline.at(what_[0].at, base::phase::arrive, id_);
        while (answers_.order.size() < answers_.times.size() && ctx_.timeline.next() != base::never)
            ctx_.timeline.run(ctx_.timeline.next() + ps{1'000'000});
        answers_.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return std::move(answers_);
    }

private:
    using kind = tracker_stimulus::kind;
    static constexpr unsigned itag_count = smmu::itags;

    void on_time(std::uint64_t) override {
        while (next_ < what_.size() && what_[next_].at <= ctx_.now()) play(what_[next_++]);
        if (next_ < what_.size()) ctx_.timeline.at(what_[next_].at, base::phase::arrive, id_);
    }
    void play(const tracker_stimulus& s) {
        switch (s.what) {
            case kind::invalidate:
                todo_.push_back(&s);
                return ready();
            case kind::completion:
                for (std::size_t n = 0; n < tags_.size(); ++n)
                    if (tags_[n] < itag_count && (s.completion.itag_vector >> tags_[n] & 1) != 0)
                        answers_.times[n].answered = ctx_.now();
                return tracker_->completion(s.completion);
            case kind::room:
                room_ = s.room;
                room_until_ = ctx_.now();
                if (room_) tracker_->resume();
                return;
        }
    }
    void ready() override {
        while (!todo_.empty() &&
               tracker_->try_invalidate(todo_.front()->id, todo_.front()->invalidation)) {
            answers_.times[todo_.front()->id].accepted = ctx_.now();
            todo_.pop_front();
        }
    }
    /// A request that goes out at the instant at which the last credit went is that credit's.
    bool try_send(smmu::invalidation_id id, base::itag tag, const smmu::invalidation&) override {
        if (!room_ && ctx_.now() != room_until_) return false;
        answers_.times[id].sent = ctx_.now();
        tags_[id] = tag.value;
        return true;
    }
    void finished(smmu::invalidation_id id, bool) override {
        answers_.times[id].finished = ctx_.now();
        answers_.order.push_back(id);
        tags_[id] = itag_count;
    }
    void drained(std::uint32_t) override {}

    const std::vector<tracker_stimulus>& what_;
    std::size_t next_ = 0;
    base::context ctx_;
    base::timeline::client_id id_;
    std::unique_ptr<smmu::invalidation_tracker_if> tracker_;
    tracker_answers answers_;
    std::vector<unsigned> tags_;  ///< ITag of each that is out
    std::deque<const tracker_stimulus*> todo_;
    bool room_ = true;
    ps room_until_ = base::never;
};

}  // namespace

tracker_answers replay_tracker(fidelity f, const pattern& p,
                               const std::vector<tracker_stimulus>& what, unsigned invalidations) {
    return player(f, p, what, invalidations).run();
}

}  // namespace drydock::accuracy
