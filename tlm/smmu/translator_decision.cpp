// SPDX-License-Identifier: Apache-2.0
// What registers, STE and CD decide about a transaction, in the order of the faults.
#include "tlm/smmu/translator_engine.h"

namespace drydock::smmu {

void translator::engine::look_up(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    t.number = numbers_.next();
    t.config_epoch = config_epoch_;
    t.tlbi_count = tlbi_count_;
    t.stream.mev = false;  // until there is an STE
    ++work_.lookups;
    if (!control_.smmuen) return disabled(slot);
    if (t.request.kind == request_kind::translated && !control_.atschk) {
        if (!fits(t.request.va.value, config_.oas_bits())) return finish(slot, outcome::abort);
        return pass(slot);
    }
    find_ste(slot);
}

/// SMMUEN=0 .
void translator::engine::disabled(std::uint32_t slot) {
    const translate_request& r = transactions_[slot].request;
    switch (r.kind) {
        case request_kind::ordinary:
            if (control_.gbpa_abort || !fits(r.va.value, config_.oas_bits()))
                return finish(slot, outcome::abort);
            return pass(slot);
        case request_kind::translation_request:
            return finish(slot, outcome::unsupported_request,
                          make_bad_ats_treq(r.sid, r.ssid, ats_fields(r)));
        case request_kind::translated:
            return finish(slot, outcome::abort, make_transl_forbidden(r.sid, r.va.value, !r.write));
    }
}

ats_request_fields translator::engine::ats_fields(const translate_request& r) {
    const bool prefix = r.ssid.has_value();
    return {r.va.value, r.no_write, prefix && r.execute, prefix && r.privileged, r.stus};
}

// -- stream table
// ----------------------------------------------------------------------------------

void translator::engine::find_ste(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    const base::stream_id sid = t.request.sid;
    if (!streams_.in_range(sid)) return bad_stream(slot);
    if (const ste* cached = stes_.find(sid.value, 0)) {
        ++work_.config_hits;
        t.stream = *cached;
        return have_ste(slot);
    }
    if (!t.in_tcu) return go_to_tcu(slot, errand::ste);
    ++work_.config_reads;
    if (streams_.two_level()) return fetch_for(slot, state::l1std, streams_.l1_address(sid), 8);
    fetch_for(slot, state::ste, streams_.ste_address(sid), 64);
}

void translator::engine::l1std_read(std::uint32_t slot) {
    const transaction& t = transactions_[slot];
    if (fetch_failed(slot, event_id::f_ste_fetch)) return;
    const auto address =
        streams_.ste_address(t.request.sid, decode_l1_stream_descriptor(t.answer[0]));
    if (!address) return bad_stream(slot);
    fetch_for(slot, state::ste, *address, 64);
}

void translator::engine::ste_read(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    if (fetch_failed(slot, event_id::f_ste_fetch)) return;
    t.stream = decode_ste(t.answer);
    t.stream.legal = illegal_ste_rule(t.stream, config_) == 0;
    if (t.config_epoch == config_epoch_) stes_.fill(t.request.sid.value, 0, t.stream);
    have_ste(slot);
}

void translator::engine::have_ste(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    if (!t.stream.legal)
        return config_error(slot, make_config_event(event_id::c_bad_ste, r.sid, r.ssid));
    if (t.stream.stage2()) t.regime2 = stage2_regime_of(t.stream, config_);
    const bool read = r.kind == request_kind::translation_request || !r.write;
    const bool ordinary = r.kind == request_kind::ordinary;
    t.privileged = r.privileged && (ordinary || ssid_of(t).has_value());
    t.instruction = ordinary && r.execute;
    if (config_.attr_perms_ovr && t.stream.config >= 4) {
        if (t.stream.privcfg >= 2) t.privileged = t.stream.privcfg == 3;
        if (t.stream.instcfg >= 2) t.instruction = t.stream.instcfg == 3;
    }
    if (!read) t.instruction = false;
    switch (r.kind) {
        case request_kind::ordinary:
            return ordinary_by_ste(slot);
        case request_kind::translation_request:
            return request_by_ste(slot);
        case request_kind::translated:
            return translated_by_ste(slot);
    }
}

void translator::engine::ordinary_by_ste(std::uint32_t slot) {
    const transaction& t = transactions_[slot];
    if (t.stream.config < 4) return finish(slot, outcome::abort);
    if (t.stream.stage1()) return find_cd(slot);
    if (t.request.ssid) return bad_substream(slot);
    bypass_stage1(slot);
}

/// The answers to a Translation Request, first match.
void translator::engine::request_by_ste(std::uint32_t slot) {
    const transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    if (t.stream.config < 4) return finish(slot, outcome::unsupported_request);
    if (t.stream.config == 4 || effective_eats(t.stream) == 0)
        return finish(slot, outcome::unsupported_request,
                      make_bad_ats_treq(r.sid, r.ssid, ats_fields(r)));
    if (t.stream.stage1()) return find_cd(slot);
    if (r.ssid) return bad_substream(slot);
    bypass_stage1(slot);
}

/// What becomes of a Translated transaction with ATSCHK=1; a PASID is ignored.
void translator::engine::translated_by_ste(std::uint32_t slot) {
    const transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    if (t.stream.config < 4) return finish(slot, outcome::abort);
    if (t.stream.config == 4 || effective_eats(t.stream) == 0)
        return finish(slot, outcome::abort, make_transl_forbidden(r.sid, r.va.value, !r.write));
    if (effective_eats(t.stream) == 2) {  // the address is an IPA
        if (fits(r.va.value, config_.oas_bits())) return stage2_alone(slot);
        return finish(slot, outcome::abort,
                      make_stage1_fault(event_id::f_addr_size, r.sid, std::nullopt, access_of(t)));
    }
    if (!fits(r.va.value, config_.oas_bits())) return finish(slot, outcome::abort);
    pass(slot);
}

/// EATS=2 needs stage 2 (an STE without it is ILLEGAL) and ATSCHK; 3 is reserved.
unsigned translator::engine::effective_eats(const ste& s) const {
    if (!config_.ats || s.eats == 3) return 0;
    return s.eats == 2 && !control_.atschk ? 0 : s.eats;
}

// -- context descriptor
// ----------------------------------------------------------------------------

void translator::engine::find_cd(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    const substream_choice c = choose_substream(t.stream, t.request.ssid, config_);
    switch (c.what) {
        case substream_choice::kind::bad_substreamid:
            return bad_substream(slot);
        case substream_choice::kind::stream_disabled:
            return config_error(slot, make_stream_disabled(t.request.sid));
        case substream_choice::kind::bypass:
            return bypass_stage1(slot);
        case substream_choice::kind::cd:
            break;
    }
    t.cd_index = c.index;
    if (const context_descriptor* cached = cds_.find(t.request.sid.value, c.index)) {
        ++work_.config_hits;
        t.cd = *cached;
        return have_cd(slot);
    }
    if (!t.in_tcu) return go_to_tcu(slot, errand::cd);
    ++work_.config_reads;
    const cd_table table = cd_table_of(t.stream, config_);
    if (table.two_level()) return config_table(slot, state::l1cd, table.l1_address(c.index).value);
    config_table(slot, state::cd, table.cd_address(c.index).value);
}

/// Reads an L1CD or a CD; the address is an IPA where there is stage 2.
void translator::engine::config_table(std::uint32_t slot, state what, std::uint64_t address) {
    transaction& t = transactions_[slot];
    if (!t.stream.stage2())
        return fetch_for(slot, what, base::phys_addr{address}, what == state::cd ? 64 : 8);
    t.config_read = what;
    t.kind = walk_kind::config;
    t.input = address;
    t.tag = {stream_world::stage2, vmid_of(t.stream.s2vmid), 0};
    miss(slot);
}

void translator::engine::l1cd_read(std::uint32_t slot) {
    const transaction& t = transactions_[slot];
    if (fetch_failed(slot, event_id::f_cd_fetch)) return;
    const auto address =
        cd_table_of(t.stream, config_).cd_address(t.cd_index, t.answer[0], config_.oas_bits());
    if (!address) return bad_substream(slot);
    config_table(slot, state::cd, address->value);
}

void translator::engine::cd_read(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    if (fetch_failed(slot, event_id::f_cd_fetch)) return;
    t.cd = decode_cd(t.answer);
    t.cd.legal = is_legal(t.cd, t.stream, world_of(t.stream, config_, control_.e2h), config_);
    if (t.config_epoch == config_epoch_) cds_.fill(t.request.sid.value, t.cd_index, t.cd);
    have_cd(slot);
}

void translator::engine::have_cd(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    if (!t.cd.legal)
        return config_error(slot, make_config_event(event_id::c_bad_cd, r.sid, r.ssid));
    if (t.prefetch == prefetching::config) return finish(slot, outcome::ok);
    const stream_world world = world_of(t.stream, config_, control_.e2h);
    t.tag = {world, world == stream_world::nh ? vmid_of(t.stream.s2vmid) : std::uint16_t{0},
             world == stream_world::el2 ? std::uint16_t{0} : t.cd.asid};
    t.kind = walk_kind::stage1;
    t.input = canonical(r.va.value);
    t.regime1 = regime_of(t.cd, world, r.va.value, config_);
    if (!in_range(t.regime1, r.va.value)) return fault(slot, event_id::f_translation);
    translate(slot);
}

/// The address is an IPA: stage 1 is off, skipped, or was done by the device (EATS=2).
void translator::engine::stage2_alone(std::uint32_t slot) {
    transaction& t = transactions_[slot];
    if (t.prefetch == prefetching::config) return finish(slot, outcome::ok);
    t.kind = walk_kind::stage2;
    t.input = t.request.va.value;
    t.tag = {stream_world::stage2, vmid_of(t.stream.s2vmid), 0};
    translate(slot);
}

// -- endings
// ---------------------------------------------------------------------------------------

/// Stage 1 leaves the address as it is: Config[0]=0, or S1DSS=1 without SubstreamID.
void translator::engine::bypass_stage1(std::uint32_t slot) {
    const transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    const bool request = r.kind == request_kind::translation_request;
    if (!fits(r.va.value, config_.oas_bits())) {
        if (request) return finish(slot, outcome::no_access);
        return finish(slot, outcome::abort,
                      make_stage1_fault(event_id::f_addr_size, r.sid, r.ssid, access_of(t)));
    }
    if (t.stream.stage2()) return stage2_alone(slot);
    if (!request) return pass(slot);
    finish(slot,
           translate_result{
               .result = outcome::ok, .pa = base::phys_addr{r.va.value}, .r = true, .w = true});
}

void translator::engine::bad_stream(std::uint32_t slot) {
    const translate_request& r = transactions_[slot].request;
    const bool invalid_sids = control_.recinvsid;
    const bool records = r.kind == request_kind::ordinary ? invalid_sids
                         : r.kind == request_kind::translation_request
                             ? invalid_sids && records_ats_errors()
                             : records_ats_errors();
    translate_result result;
    if (r.kind == request_kind::translation_request) result.result = outcome::completer_abort;
    if (records) result.event = make_config_event(event_id::c_bad_streamid, r.sid, r.ssid);
    finish(slot, result);
}

/// True: memory aborted the fetch that came back, and the transaction has ended with `error`.
bool translator::engine::fetch_failed(std::uint32_t slot, event_id error) {
    const transaction& t = transactions_[slot];
    if (!t.aborted) return false;
    config_error(slot, make_fetch_event(error, t.request.sid, t.request.ssid, t.fetching));
    return true;
}

void translator::engine::config_error(std::uint32_t slot, const event_record& e) {
    const request_kind kind = transactions_[slot].request.kind;
    translate_result result;
    if (kind == request_kind::translation_request) result.result = outcome::completer_abort;
    if (kind == request_kind::ordinary || records_ats_errors()) result.event = e;
    finish(slot, result);
}

void translator::engine::bad_substream(std::uint32_t slot) {
    const translate_request& r = transactions_[slot].request;
    config_error(slot, make_bad_substreamid(r.sid, r.ssid ? r.ssid->value : 0));
}

/// F_TRANSLATION, F_ADDR_SIZE, F_ACCESS and, for ordinary transactions, F_PERMISSION.
void translator::engine::fault(std::uint32_t slot, event_id id) {
    const transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    if (r.kind == request_kind::translation_request) return finish(slot, outcome::no_access);
    translate_result result;
    const event_record event = make_stage1_fault(id, r.sid, r.ssid, access_of(t));
    if (t.cd.stall && may_stall(t)) return stall(slot, event);
    result.result = t.cd.abort ? outcome::abort : outcome::raz_wi;
    if (t.cd.record) result.event = event;
    finish(slot, result);
}

/// The same of stage 2, and F_PERMISSION for whatever it translated.
void translator::engine::stage2_fault(std::uint32_t slot, event_id id, const stage2_place& at) {
    const transaction& t = transactions_[slot];
    const translate_request& r = t.request;
    if (r.kind == request_kind::translation_request) return finish(slot, outcome::no_access);
    translate_result result;
    const event_record event = make_stage2_fault(id, r.sid, ssid_of(t), access_of(t), at);
    if (t.regime2.stall && may_stall(t)) return stall(slot, event);
    if (t.regime2.record) result.event = event;
    finish(slot, result);
}

void translator::engine::walk_aborted(std::uint32_t slot, const walk_slot& w) {
    const transaction& t = transactions_[slot];
    const bool stage2 = w.awaited >= walk_slot::phase::descriptor2;
    config_error(
        slot, make_walk_abort(t.request.sid, ssid_of(t), access_of(t), base::phys_addr{w.accessing},
                              stage2 ? w.stage2_class() : fault_class::tt, stage2));
}

/// A PASID is ignored with Translated transactions (7.3).
std::optional<base::substream_id> translator::engine::ssid_of(const transaction& t) {
    return t.request.kind == request_kind::translated ? std::nullopt : t.request.ssid;
}

event_access translator::engine::access_of(const transaction& t) const {
    const bool read = t.request.kind == request_kind::translation_request || !t.request.write;
    return {t.request.va.value, read, t.instruction, t.privileged};
}

}  // namespace drydock::smmu
