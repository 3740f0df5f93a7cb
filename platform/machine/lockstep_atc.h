// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/endpoint/atc_config.h"
#include "tlm/endpoint/atc_if.h"

namespace drydock::machine {

/// What lockstep has found so far.
struct lockstep_record {
    std::uint64_t compared = 0;     ///< results that both have given
    std::uint64_t differences = 0;  ///< of them with another content
    std::uint64_t order = 0;        ///< of them at another place of their channel
    std::uint64_t later = 0;        ///< of them at another instant
    base::ps largest{};             ///< by how much, at most
    std::uint64_t open = 0;         ///< results that only one of them has given
    std::string first;              ///< the first difference, in words

    nlohmann::json to_json() const;
};

/// A Verilated ATC that drives the machine, and its twin beside it. The twin gets what the block
/// has accepted, at the same instant; what it cannot take yet waits in an unbounded queue. Its
/// results are compared with the block's and dropped: lookups by their number, Translation Requests
/// and Invalidate Completions in the order of their channel, time apart.
class lockstep_atc final : public endpoint::atc_if {
public:
    using block_factory = std::function<std::unique_ptr<endpoint::atc_if>(endpoint::atc_client&)>;

    lockstep_atc(const std::string& name, base::context& ctx, const endpoint::atc_config& config,
                 endpoint::atc_client& client, const block_factory& make_block);
    ~lockstep_atc() override;

    std::shared_ptr<const lockstep_record> record() const { return record_; }

    bool try_lookup(endpoint::lookup_id, const endpoint::atc_key&, endpoint::atc_access) override;
    bool try_fill(endpoint::request_slot, const endpoint::completion_entry&) override;
    bool try_invalidate(const endpoint::invalidate&) override;
    void release(endpoint::use_id) override;
    bool try_control(base::routing_id, endpoint::atc_control) override;
    void set_stu(std::uint8_t log2_bytes) override;
    void resume() override;

private:
    class side;
    struct result;
    struct lookup;

    void answered(endpoint::lookup_id number, side& by, result r);
    void asked(side& by, endpoint::request_slot slot, const endpoint::atc_key& key, bool no_write);
    void completed(side& by, base::routing_id rid, endpoint::itag_vector v, std::uint8_t tc);
    void compare(bool same, base::ps of_block, base::ps of_twin, const char* what,
                 const std::string& block, const std::string& twin);
    void to_twin(std::function<bool()> input);
    void retry();
    void forget(base::routing_id rid);

    base::context& ctx_;
    const bool shared_;
    endpoint::atc_client& client_;
    std::shared_ptr<lockstep_record> record_ = std::make_shared<lockstep_record>();
    std::unique_ptr<side> block_side_, twin_side_;
    std::unique_ptr<endpoint::atc_if> block_, twin_;

    std::map<endpoint::lookup_id, lookup> lookups_;  ///< by our number
    endpoint::lookup_id last_ = 0;
    std::map<endpoint::use_id, endpoint::lookup_id> use_of_;  ///< the block's
    struct request {
        endpoint::atc_key key{};
        bool no_write = false;
        endpoint::request_slot slot = 0;
        base::ps at{};
    };
    std::deque<request> requests_[2];  ///< of block and twin, not paired yet
    std::map<endpoint::request_slot, endpoint::request_slot> twin_slot_;
    std::map<endpoint::request_slot, std::deque<endpoint::completion_entry>> fills_;  ///< unpaired
    struct completion {
        base::routing_id rid{};
        endpoint::itag_vector itags = 0;
        std::uint8_t tc = 0;
        base::ps at{};
    };
    std::deque<completion> completions_[2];
    std::deque<std::function<bool()>> waiting_;  ///< what the twin could not take yet
    bool requests_blocked_ = false, completions_blocked_ = false;
};

}  // namespace drydock::machine
