// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>

#include "waves/flat_map.h"
#include "waves/fst_file.h"
#include "waves/fst_signals.h"
#include "waves/sink.h"

namespace drydock::waves {

/// The sink behind open_fst(): which event becomes which signal.
class fst_sink final : public sink, base::observer {
public:
    fst_sink(base::context& ctx, const std::filesystem::path& file, window shown,
             const file_header& header, fst_options options);
    ~fst_sink() override;
    void close() override;
    std::uint64_t overflowed() const override { return overflowed_; }

private:
    /// What a place can show; key of a signal or lane group together with the place (or CPU, or
    /// device).
    enum class shows : std::uint8_t {
        state,
        link,
        point,
        log,
        gerror,
        itags,
        stall,
        irqs,
        task,
        interrupt,
        blocked,
        tlps,
        invalidations,
        spans  // lane groups; spans + span_class
    };
    void on_event(const base::event& e) override;
    void link(const base::event& e);
    void smmu(const base::event& e);
    void software(const base::event& e);
    void spans(const base::event& e);
    void log(const base::event& e);

    fst_signals::signal signal_of(shows what, std::uint64_t key, std::string scope,
                                  std::string name, bool number = false);
    fst_lanes& lanes_of(std::uint64_t what, base::place_id where, std::string_view name);
    void take(fst_lanes& lanes, std::uint64_t key, base::ps now);
    const std::string& place(base::place_id p) const { return ctx_.probe.name(p); }
    std::string device(std::uint64_t rid) const {
        return names_.name(base::routing_id{static_cast<std::uint16_t>(rid)});
    }
    /// By type, requester and tag, which every word about a TLP has. Those that share them arrive
    /// in the order in which they were sent.
    static std::uint64_t tlp_key(const base::event& e) { return e.a << 32 ^ e.d; }
    std::string& fresh() {
        text_.clear();
        return text_;
    }

    base::context& ctx_;
    device_names names_;
    fst_options options_;
    fst_file file_;
    fst_signals signals_;
    flat_map<std::uint64_t, fst_signals::signal> known_;  // + 1
    flat_map<std::uint64_t, std::uint32_t> groups_;       // index into lanes_ + 1
    flat_map<std::uint64_t, std::uint32_t> span_group_;   // open span -> index into lanes_
    flat_map<std::uint64_t, std::uint32_t> in_use_;       // tracker -> ITags in use
    flat_map<std::uint64_t, base::place_id> running_;     // CPU -> task
    std::deque<fst_lanes> lanes_;
    std::string text_;
    std::uint64_t overflowed_ = 0;
};

}  // namespace drydock::waves
