// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "waves/event_ring.h"
#include "waves/flat_map.h"
#include "waves/fst_file.h"
#include "waves/fst_lanes.h"
#include "waves/fst_signals.h"
#include "waves/sink.h"

namespace drydock::waves {

/// The sink behind open_fst(): which event becomes which signal.
class fst_sink final : public sink, public base::signal_recorder, base::observer {
public:
    fst_sink(base::context& ctx, const std::filesystem::path& file, window shown,
             const file_header& header, fst_options options);
    ~fst_sink() override;
    void close() override;
    std::uint64_t overflowed() const override { return overflowed_; }
    base::signal_recorder* signals() override { return this; }

    // base::signal_recorder
    signal add(std::string_view scope, std::string_view name, unsigned bits,
               std::span<const std::string_view> words) override;
    void set(signal s, base::ps now, std::span<const std::uint32_t> value) override;
    bool recording(base::ps now) const override;

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
        marker,
        tlps,
        invalidations,
        calls,
        spans  // lane groups; spans + span_class
    };
    /// An event, or the value of a block's own signal: then `signal` is its number + 1.
    struct record {
        base::ps time;
        base::event event;
        signal own = 0;
        std::vector<std::uint32_t> value = {};
    };
    struct own_signal {
        fst_signals::signal at = 0;
        unsigned bits = 1;
        std::vector<std::string> words;
    };

    void on_event(const base::event& e) override;
    void take(const record& r);
    void show(const base::event& e);
    void show(const own_signal& s, base::ps now, std::span<const std::uint32_t> value);
    void finish();
    // fst_sink_events.cpp
    void link(const base::event& e);
    void tlp_sent(const base::event& e);
    void smmu(const base::event& e);
    void software(const base::event& e);
    void call(const base::event& e);
    void spans(const base::event& e);
    void markers(const base::event& e);
    void log(const base::event& e);

    fst_signals::signal signal_of(shows what, std::uint64_t key, std::string scope,
                                  std::string name, fst_signals::form f = fst_signals::form::text);
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
    event_ring<record> ring_;
    fst_signals signals_;
    flat_map<std::uint64_t, fst_signals::signal> known_;    // + 1
    flat_map<std::uint64_t, std::uint32_t> groups_;         // index into lanes_ + 1
    flat_map<std::uint64_t, std::uint32_t> span_group_;     // open span -> index into lanes_
    flat_map<std::uint64_t, base::span_class> span_class_;  // of each open span
    flat_map<std::uint64_t, std::uint32_t> in_use_;         // tracker -> ITags in use
    flat_map<std::uint64_t, base::place_id> running_;       // CPU -> task
    std::vector<own_signal> own_;
    std::deque<fst_lanes> lanes_;
    std::string text_;
    std::uint64_t tlps_ = 0, calls_ = 0;  // how many began
    std::uint64_t overflowed_ = 0;
    bool violated_ = false;
};

}  // namespace drydock::waves
