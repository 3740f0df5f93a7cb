// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/translator.h"

#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {
namespace {

/// Ranges of SIDs up to this are erased one by one, longer ones with everything.
constexpr unsigned most_sids_log2 = 6;

constexpr tlbi_range canonical_range(tlbi_range r) {
    return {canonical(r.first), canonical(r.last), r.leaf};
}

}  // namespace

translator::translator(std::string_view name, base::context& ctx, const smmu_config& c,
                       fetch_port& port, translator_client& client, unsigned tbus)
    : engine_((validate(c), std::make_unique<engine>(name, ctx, c, port, client, tbus))) {}
translator::~translator() = default;

bool translator::start(std::uint32_t slot, const translate_request& r) {
    return engine_->start(slot, r);
}
std::uint32_t translator::in_use() const { return engine_->in_use_; }
void translator::prefetch(base::stream_id sid, std::optional<base::substream_id> ssid,
                          std::optional<base::iova> va, std::uint16_t tbu) {
    engine_->prefetch(sid, ssid, va, tbu);
}

void translator::fetched(fetch_id id, std::span<const std::uint64_t> words, bool aborted) {
    engine_->fetched(id, words, aborted);
}
void translator::updated(fetch_id id, std::uint64_t old, bool aborted) {
    engine_->updated(id, old, aborted);
}

std::uint64_t translator::newest_number() const { return engine_->numbers_.newest(); }
std::uint64_t translator::oldest_unperformed() const {
    return engine_->numbers_.oldest_unperformed();
}
void translator::performed(std::uint64_t number) { engine_->numbers_.performed(number); }

void translator::resume(base::stream_id sid, std::uint16_t stag, bool retry, bool abort) {
    engine_->resume(sid, stag, retry, abort);
}
void translator::terminate_stalled(base::stream_id sid) { engine_->terminate_stalled(sid); }

void translator::set_control(const control& c) {
    const bool off = engine_->control_.smmuen && !c.smmuen;
    engine_->control_ = c;
    if (off) engine_->terminate_stalled(std::nullopt);
}
void translator::set_stream_table(const stream_table_base& b) { engine_->streams_.set(b); }

void translator::invalidate_ste(base::stream_id sid, bool) {
    // Level-1 descriptors are not cached, so Leaf changes nothing.
    engine_->stes_.erase(sid.value, 0);
    engine_->cds_.erase_stream(sid.value);
    engine_->config_changed();
}

void translator::invalidate_ste_range(base::stream_id sid, std::uint8_t range) {
    const unsigned log2 = (range & 31u) + 1u;
    if (log2 > most_sids_log2) return invalidate_all_config();
    const std::uint32_t first = sid.value >> log2 << log2;
    for (std::uint32_t n = 0; n < 1u << log2; ++n)
        invalidate_ste(base::stream_id{first + n}, false);
}

void translator::invalidate_all_config() {
    engine_->stes_.clear();
    engine_->cds_.clear();
    engine_->config_changed();
}

void translator::invalidate_cd(base::stream_id sid, base::substream_id ssid, bool) {
    engine_->cds_.erase(sid.value, ssid.value);
    engine_->config_changed();
}

void translator::invalidate_cd_all(base::stream_id sid) {
    engine_->cds_.erase_stream(sid.value);
    engine_->config_changed();
}

void translator::tlbi_nh_all(std::uint16_t vmid) {
    engine_->each_vmid(vmid, [&](std::uint16_t v) { engine_->kill_vmid(stream_world::nh, v); });
}
void translator::tlbi_nh_asid(std::uint16_t vmid, std::uint16_t asid) {
    engine_->each_vmid(vmid, [&](std::uint16_t v) {
        engine_->kill_asid({stream_world::nh, v, asid});
    });
}
void translator::tlbi_nh_va(std::uint16_t vmid, std::uint16_t asid, tlbi_range r) {
    engine_->each_vmid(vmid, [&](std::uint16_t v) {
        engine_->kill_range({stream_world::nh, v, asid}, canonical_range(r));
    });
}
void translator::tlbi_nh_vaa(std::uint16_t vmid, tlbi_range) {
    // Sets are chosen by ASID as well: every ASID means every entry of the VMID.
    tlbi_nh_all(vmid);
}
void translator::tlbi_el2_all() {
    engine_->kill_all(stream_world::el2);
    engine_->kill_all(stream_world::el2_e2h);
}
void translator::tlbi_el2_asid(std::uint16_t asid) {
    engine_->kill_asid({stream_world::el2_e2h, 0, asid});
}
void translator::tlbi_el2_va(std::uint16_t asid, tlbi_range r) {
    engine_->kill_range({stream_world::el2, 0, 0}, canonical_range(r));
    engine_->kill_range({stream_world::el2_e2h, 0, asid}, canonical_range(r));
}
void translator::tlbi_el2_vaa(tlbi_range r) {
    engine_->kill_range({stream_world::el2, 0, 0}, canonical_range(r));
    engine_->kill_all(stream_world::el2_e2h);
}
void translator::tlbi_s12_vmall(std::uint16_t vmid) {
    engine_->each_vmid(vmid, [&](std::uint16_t v) {
        engine_->kill_vmid(stream_world::nh, v);
        engine_->kill_vmid(stream_world::stage2, v);
    });
}
void translator::tlbi_s2_ipa(std::uint16_t vmid, tlbi_range r) {
    engine_->each_vmid(vmid, [&](std::uint16_t v) {
        engine_->kill_range({stream_world::stage2, v, 0}, r);
    });
}
void translator::tlbi_nsnh_all() {
    engine_->kill_all(stream_world::nh);
    engine_->kill_all(stream_world::stage2);
}
std::uint64_t translator::last_tlbi_sets() const { return engine_->tlbi_sets_; }

const translator::work& translator::counters() const {
    engine_->count_probes();
    return engine_->work_;
}

}  // namespace drydock::smmu
