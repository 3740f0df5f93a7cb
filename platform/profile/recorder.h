// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "platform/latency/collector.h"
#include "platform/profile/lanes.h"
#include "platform/profile/operations.h"
#include "platform/profile/spread.h"
#include "waves/json_lines.h"

namespace drydock::profile {

/// Writes what the report, `explain` and `compare` are made of, of one run:
///
/// profile.json, bounded (some 100 KB, whatever the length of the run): per group of transactions
/// how their durations are spread, the slowest, a typical one for each duration and those that
/// timed out in full; what CPUs, command queues and devices did over time. A group is a class of
/// transactions of one client for one device (unmaps), or of one device (all others).
///
/// waits.jsonl: a header line, then a line for each wait of one transaction for another.
class recorder final : base::observer, latency::listener {
public:
    /// @param identity the header's JSON object, as in every file of the run
    /// @throws std::runtime_error if a file cannot be made
    recorder(base::context& ctx, latency::collector& from, const waves::device_names& names,
             unsigned cpus, const std::filesystem::path& folder, nlohmann::json identity);
    ~recorder();
    recorder(const recorder&) = delete;
    recorder& operator=(const recorder&) = delete;

    /// The run is over, and the collector has finished. Writes the files.
    /// @param began when the scenario's clients started
    /// @param parameters as `drydock params` prints them, kept as they are
    /// @throws std::runtime_error if one could not be written
    void close(base::ps began, base::ps now, nlohmann::json parameters);

private:
    struct group {
        spread completed;
        std::uint64_t timed_out = 0, abandoned = 0, open = 0;
        gallery kept;
    };
    struct group_key {
        base::span_class of{};
        base::place_id client = 0;  ///< of unmaps alone
        std::uint16_t device = 0;
        friend auto operator<=>(const group_key&, const group_key&) = default;
    };
    void on_event(const base::event& e) override;
    void ended(const latency::transaction& t) override;
    void waited(const latency::wait& w) override;
    void held(const latency::hold& h) override;
    nlohmann::json group_json(const group_key& k, const group& g) const;

    base::context& ctx_;
    latency::collector& from_;
    words words_;
    std::filesystem::path file_;
    nlohmann::json identity_;
    waves::json_lines waits_;
    span_owners owners_;
    workbench bench_;
    swim_lanes lanes_;
    std::map<group_key, group> groups_;
};

}  // namespace drydock::profile
