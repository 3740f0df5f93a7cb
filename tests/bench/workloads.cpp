// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/workloads.h"

namespace drydock::bench {

void lookup_load::run(std::uint64_t pages, std::uint64_t warm_up, std::uint64_t count, window* w) {
    h_.atc.connect(*this);
    h_.software.connect(*this);
    pages_ = pages;
    warm_up_ = warm_up;
    total_ = to_ask_ = warm_up + count;
    next_ = done_ = 0;
    window_ = w;
    wake();
    h_.run();
}

void lookup_load::wake() {
    if (awake_ || to_ask_ == 0) return;
    awake_ = true;
    h_.software.call_after(base::ps{});
}

void lookup_load::on_time(std::uint64_t) {
    awake_ = false;
    while (to_ask_ > 0 && outstanding_ < most_) {
        endpoint::atc_key key;
        key.rid = harness::function;
        key.va = base::iova{harness::first_page + next_ * 4096};
        if (!h_.atc.try_lookup(static_cast<endpoint::lookup_id>(next_), key,
                               endpoint::atc_access::read))
            return;
        next_ = next_ + 1 == pages_ ? 0 : next_ + 1;
        ++outstanding_;
        --to_ask_;
    }
}

void lookup_load::found() {
    --outstanding_;
    ++done_;
    if (window_ != nullptr && done_ == warm_up_) window_->open();
    if (done_ == total_) {
        if (window_ != nullptr) window_->close(total_ - warm_up_);
        h_.ctx.timeline.stop();
    }
    wake();
}

namespace {

constexpr std::uint64_t cmdq_prod = 0x98, cmdq_cons = 0x9c;  // SMMUv3 6.3
constexpr std::uint64_t atc_inv = 0x40, sync = 0x46;         // SMMUv3 4.1.1
constexpr std::uint64_t unmapped = 0x80'0000'0000;
constexpr std::uint32_t index_mask = (2u << harness::queue_log2) - 1;  // wrap bit included
/// From the change of CMDQ_CONS to the next batch.
constexpr base::ps software_time{10'000};
/// Start, long after the ATC was filled: the clocks of every run then stand alike.
constexpr base::ps start{1'000'000'000'000};

}  // namespace

void command_load::run(std::uint64_t warm_up, std::uint64_t count, window& w) {
    h_.smmu.observe_registers(*this);
    h_.software.connect(*this);
    warm_up_ = warm_up;
    total_ = warm_up + count;
    window_ = &w;
    h_.software.call_at(start);
    h_.run();
}

void command_load::put(std::uint64_t w0, std::uint64_t w1) {
    const std::uint64_t slot = prod_ & (index_mask >> 1);
    const std::uint64_t command[2] = {w0, w1};
    h_.memory.write(base::phys_addr{harness::cmdq + slot * sizeof command}, command,
                    sizeof command);
    prod_ = (prod_ + 1) & index_mask;
}

void command_load::submit() {
    constexpr std::uint64_t far_apart = 0x9e37'79b1, pages = std::uint64_t{1} << 24;
    for (unsigned i = 0; i < per_batch_; ++i) {
        const std::uint64_t page = page_++ * far_apart % pages;
        put(atc_inv | std::uint64_t{harness::function.value} << 32, unmapped + page * 4096);
    }
    put(sync, 0);
    h_.write(harness::registers + cmdq_prod, prod_, 4);
}

void command_load::on_time(std::uint64_t) { submit(); }

void command_load::register_changed(std::uint64_t offset) {
    if (offset != cmdq_cons) return;
    if (h_.read(harness::registers + cmdq_cons, 4) != prod_) return;
    ++done_;
    if (done_ == warm_up_) window_->open();
    if (done_ < total_) return h_.software.call_after(software_time);
    window_->close((total_ - warm_up_) * per_batch_);
    h_.ctx.timeline.stop();
}

}  // namespace drydock::bench
