// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/sw_hw_domain_mismatch.h"

namespace drydock::monitors {
namespace {

constexpr std::uint8_t config_abort = 0, config_bypass = 4, config_s1 = 5,
                       config_both = 7;                             // SMMUv3 5.2 STE.Config
constexpr std::uint64_t ssv_of_substream = std::uint64_t{1} << 32;  // kind::sw_attach, field b
constexpr std::uint64_t spinning = 1;                               // kind::sw_lock, flags

}  // namespace

sw_hw_domain_mismatch::sw_hw_domain_mismatch(reporter& r)
    : monitor("sw_hw_domain_mismatch", r,
              {base::kind::sw_attach, base::kind::sw_view, base::kind::sw_device_blocked,
               base::kind::sw_point, base::kind::sw_lock, base::kind::sw_unlock,
               base::kind::function_state}),
      p4_(r.probe().text("p4")),
      d4_(r.probe().text("d4")),
      r0_(r.probe().text("r0")),
      s_(r.probe().text("s")),
      link_down_(r.probe().text("link_down")),
      blocked_(r.probe().text("blocked")),
      identity_(r.probe().text("identity")),
      none_(r.probe().text("none")) {}

void sw_hw_domain_mismatch::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::sw_attach:
            return attach(e);
        case base::kind::sw_view:
            return view(e);
        case base::kind::sw_device_blocked: {
            device& d = devices_[static_cast<std::uint16_t>(e.a)];
            d.blocked = e.b != 0;
            d.blocked_by = e.c;
            return;
        }
        case base::kind::sw_point:
            return point(e);
        case base::kind::function_state:  // without a link it is in reset, whoever asked for that
            devices_[static_cast<std::uint16_t>(e.a)].no_link = e.b == link_down_;
            return;
        case base::kind::sw_lock:
            if ((e.c & spinning) == 0 && is_group_mutex(e.a)) ++group_mutexes_held_;
            return;
        case base::kind::sw_unlock:
            if ((e.c & spinning) == 0 && is_group_mutex(e.a)) unlocked(e);
            return;
        default:
            return;
    }
}

bool sw_hw_domain_mismatch::is_group_mutex(std::uint64_t lock) const {
    const std::string& name = text(lock);
    return name.find("group") != std::string::npos && name.find("mutex") != std::string::npos;
}

/// The driver has just written the CD: the table in it is the domain's.
void sw_hw_domain_mismatch::attach(const base::event& e) {
    if (hardware_ == nullptr || e.d == blocked_ || e.d == identity_) return;
    const auto ssid = static_cast<std::uint32_t>((e.b & ssv_of_substream) != 0 ? e.b : 0);
    const auto cd =
        hardware_->cd(base::stream_id{static_cast<std::uint32_t>(e.a)}, base::substream_id{ssid});
    if (cd && cd->valid) table_of_.try_emplace(e.c, cd->ttb0);
}

void sw_hw_domain_mismatch::view(const base::event& e) {
    device& d = devices_[static_cast<std::uint16_t>(e.a)];
    attachment a{e.c, domain_type::paging};
    if (e.d == blocked_) a.type = domain_type::blocked;
    if (e.d == identity_) a.type = domain_type::identity;
    if (e.d == none_) a = {};
    if ((e.b & ssv_of_substream) == 0)
        d.rid = a;
    else if (a.type == domain_type::none)
        d.pasids.erase(static_cast<std::uint32_t>(e.b));
    else
        d.pasids[static_cast<std::uint32_t>(e.b)] = a;
}

void sw_hw_domain_mismatch::point(const base::event& e) {
    const auto function = static_cast<std::uint16_t>(e.b);
    const auto known = devices_.find(function);
    if (known == devices_.end()) return;
    if (e.a == r0_) known->second.in_reset = true;
    if (e.a == s_) known->second.in_reset = false;
    if ((e.a == p4_ || e.a == d4_ || e.a == s_) && group_mutexes_held_ == 0) {
        // At d4 the function's E is that of the reset only if done() did not write it: compared as
        // well.
        check(function, known->second, e.time, e.span, true);
    }
}

void sw_hw_domain_mismatch::unlocked(const base::event& e) {
    if (group_mutexes_held_ > 0) --group_mutexes_held_;
    if (group_mutexes_held_ > 0) return;
    for (const auto& [function, d] : devices_) check(function, d, e.time, e.span, !d.in_reset);
}

void sw_hw_domain_mismatch::finish(base::ps now) {
    if (group_mutexes_held_ > 0) return;
    for (const auto& [function, d] : devices_) check(function, d, now, base::no_span, !d.in_reset);
}

void sw_hw_domain_mismatch::check(std::uint16_t function, const device& d, base::ps t,
                                  base::span_id span, bool ats) {
    if (hardware_ == nullptr) return;
    if (d.rid.type == domain_type::none && !d.blocked) return;
    const auto ste = hardware_->ste(base::stream_id{function});
    if (!ste) return differs(function, 0, t, span, "the stream lies outside of the stream table");
    check_translation(function, d, *ste, t, span);
    if (ats && !d.no_link) check_ats(function, d, *ste, t, span);
}

void sw_hw_domain_mismatch::check_translation(std::uint16_t function, const device& d,
                                              const ste_view& ste, base::ps t, base::span_id span) {
    const bool aborts = !ste.valid || ste.config == config_abort;
    if (d.blocked) {
        if (d.blocked_by != 0)
            check_table(function, 0, {d.blocked_by, domain_type::paging}, t, span);
        else if (!aborts)
            differs(function, 1, t, span,
                    "the core holds it blocked, STE.Config is " + std::to_string(ste.config));
        return;
    }
    // With PASIDs attached every RID domain needs the CD table; S1DSS then says what RID traffic
    // gets.
    const bool s1 = ste.valid && (ste.config == config_s1 || ste.config == config_both);
    const bool by_pasids = !d.pasids.empty();
    if (by_pasids ? !s1
                  : (d.rid.type == domain_type::blocked && !aborts) ||
                        (d.rid.type == domain_type::identity &&
                         !(ste.valid && ste.config == config_bypass) && !s1) ||
                        (d.rid.type == domain_type::paging && !s1))
        return differs(function, 2, t, span,
                       "domain " + std::to_string(d.rid.domain) + " is attached, STE.V is " +
                           std::to_string(ste.valid) + ", STE.Config is " +
                           std::to_string(ste.config));
    if (by_pasids && ste.substreams) {
        constexpr std::uint8_t terminate = 0, bypass = 1, substream_0 = 2;
        const std::uint8_t want = d.rid.type == domain_type::blocked    ? terminate
                                  : d.rid.type == domain_type::identity ? bypass
                                                                        : substream_0;
        if (ste.s1dss != want)
            differs(function, 8, t, span,
                    "domain " + std::to_string(d.rid.domain) + " is attached, STE.S1DSS is " +
                        std::to_string(ste.s1dss));
    }
    if (d.rid.type == domain_type::paging) check_table(function, 0, d.rid, t, span);
    for (const auto& [ssid, a] : d.pasids)
        if (a.type == domain_type::paging) check_table(function, ssid, a, t, span);
}

void sw_hw_domain_mismatch::check_table(std::uint16_t function, std::uint32_t ssid,
                                        const attachment& a, base::ps t, base::span_id span) {
    const auto cd = hardware_->cd(base::stream_id{function}, base::substream_id{ssid});
    if (!cd || !cd->valid)
        return differs(function, 3 + (std::uint64_t{ssid} << 8), t, span,
                       "domain " + std::to_string(a.domain) + " is attached, CD " +
                           std::to_string(ssid) + " is not valid");
    const auto own = table_of_.find(a.domain);
    if (own == table_of_.end())
        differs(function, 4 + (std::uint64_t{ssid} << 8), t, span,
                "CD " + std::to_string(ssid) + " points at " + hex(cd->ttb0) + ", domain " +
                    std::to_string(a.domain) + " was never attached to the device");
    else if (own->second != cd->ttb0)
        differs(function, 4 + (std::uint64_t{ssid} << 8), t, span,
                "CD " + std::to_string(ssid) + " points at " + hex(cd->ttb0) + ", domain " +
                    std::to_string(a.domain) + "'s table is at " + hex(own->second));
}

void sw_hw_domain_mismatch::check_ats(std::uint16_t function, const device& d, const ste_view& ste,
                                      base::ps t, base::span_id span) {
    const base::routing_id rid{function};
    const auto enabled = hardware_->ats_enabled(rid);
    if (!enabled) return;
    const bool served = ste.valid && ste.eats != 0 && ste.config != config_abort;
    if (d.blocked && d.blocked_by == 0) {
        if (*enabled) differs(function, 5, t, span, "the core holds it blocked, ATS Enable is 1");
        if (served)
            differs(function, 6, t, span,
                    "the core holds it blocked, STE.EATS is " + std::to_string(ste.eats));
        return;
    }
    const bool believed = hardware_->ats_believed(rid).value_or(served);
    if (*enabled != believed)
        differs(function, 7, t, span,
                std::string("ATS Enable is ") + (*enabled ? "1" : "0") +
                    ", the driver takes it for " + (believed ? "1" : "0"));
}

void sw_hw_domain_mismatch::differs(std::uint16_t function, std::uint64_t rule, base::ps t,
                                    base::span_id span, std::string what) {
    found({function, rule}, span, [&] {
        const base::routing_id rid{function};
        return finding{
            t,
            span,
            report().device_name(rid),
            rid,
            "STE, CD and ATS Enable are as the core's view says while no attach is in progress",
            std::move(what)};
    });
}

}  // namespace drydock::monitors
