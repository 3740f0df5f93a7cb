// SPDX-License-Identifier: Apache-2.0
#include "sw/arm_smmu_v3/invs.h"

#include <algorithm>

#include "sw/arm_smmu_v3/device.h"

namespace drydock::sw {

namespace {
u32 number_of(const arm_smmu_device* smmu) { return smmu ? smmu->number() : 0; }
}  // namespace

std::strong_ordering arm_smmu_inv_cmp(const arm_smmu_inv& a, const arm_smmu_inv& b) {
    if (const auto c = number_of(a.smmu) <=> number_of(b.smmu); c != 0) return c;
    if (const auto c = a.type <=> b.type; c != 0) return c;
    if (const auto c = a.id <=> b.id; c != 0) return c;
    return a.ssid <=> b.ssid;
}

arm_smmu_invs::arm_smmu_invs(kernel& k, std::vector<arm_smmu_inv> entries)
    : kernel_(k), lock_(k, "arm_smmu_invs"), inv_(std::move(entries)) {
    for (const auto& i : inv_) {
        has_ats_ |= i.is_ats();
        trash_ += i.users == 0;
    }
}

std::shared_ptr<arm_smmu_invs> arm_smmu_invs::merge(const std::vector<arm_smmu_inv>& add) const {
    std::vector<arm_smmu_inv> out;
    out.reserve(inv_.size() + add.size());
    for (const auto& i : inv_)
        if (i.users != 0) out.push_back(i);
    for (const auto& a : add) {
        const auto at = std::lower_bound(
            out.begin(), out.end(), a,
            [](const auto& x, const auto& y) { return arm_smmu_inv_cmp(x, y) < 0; });
        if (at != out.end() && arm_smmu_inv_cmp(*at, a) == 0) {
            at->users += a.users;
            at->muted = a.muted;
        } else {
            out.insert(at, a);
        }
    }
    return std::make_shared<arm_smmu_invs>(kernel_, std::move(out));
}

void arm_smmu_invs::mute(const arm_smmu_master& master) {
    for (auto& i : inv_) i.muted |= i.master == &master;
}

std::vector<arm_smmu_inv> arm_smmu_invs::unref(const std::vector<arm_smmu_inv>& remove,
                                               bool serialise) {
    std::vector<arm_smmu_inv> gone;
    for (const auto& r : remove) {
        const auto at = std::lower_bound(
            inv_.begin(), inv_.end(), r,
            [](const auto& x, const auto& y) { return arm_smmu_inv_cmp(x, y) < 0; });
        const bool found =
            at != inv_.end() && arm_smmu_inv_cmp(*at, r) == 0 && at->users >= r.users;
        if (kernel_.warn_on(!found, "arm_smmu_invs_unref: entry is not in the array")) continue;
        at->users -= r.users;
        if (at->users == 0) {
            ++trash_;
            gone.push_back(*at);
        }
    }
    if (!serialise) return gone;  // somebody may be in the middle of it
    lock_.write_lock_irqsave();
    while (!inv_.empty() && inv_.back().users == 0) {
        inv_.pop_back();
        --trash_;
    }
    lock_.write_unlock_irqrestore();
    return gone;
}

std::shared_ptr<arm_smmu_invs> arm_smmu_invs::purge() const {
    if (trash_ == 0) return nullptr;
    return merge({});
}

bool arm_smmu_invs_end_batch(const arm_smmu_inv& cur, const arm_smmu_inv& next) {
    if (cur.smmu != next.smmu) return true;
    if (next.type == arm_smmu_inv_type::s2_vmid_s1_clear) return true;
    return cur.is_ats() != next.is_ats();
}

}  // namespace drydock::sw
