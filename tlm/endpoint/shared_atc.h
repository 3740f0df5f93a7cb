// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/endpoint/atc_config.h"
#include "tlm/endpoint/atc_if.h"

namespace drydock::endpoint {

/// Makes the ATC of a function: the transaction-level one, or an RTL block behind the same
/// interface.
using atc_maker = std::function<std::unique_ptr<atc_if>(
    const std::string& hierarchical_name, base::context&, const atc_config&, atc_client&)>;

/// One ATC for a physical function and its virtual functions: each of them sees an ATC of its own,
/// behind which all share lookups, entries and the queue of Invalidate Requests.
///
/// A Translation Request that its function cannot send now waits here, so that it stops nobody
/// else's.
class shared_atc final : atc_client {
public:
    /// Who has a Routing ID now.
    struct directory {
        /// The ATC that this function sees; null: nobody has the ID.
        virtual atc_if* atc_at(base::routing_id id) = 0;

    protected:
        ~directory() = default;
    };

    shared_atc(directory& d, atc_maker make);
    ~shared_atc() override;
    shared_atc(const shared_atc&) = delete;
    shared_atc& operator=(const shared_atc&) = delete;

    /// Makes the share of the next function; the first one, the PF's, makes the ATC itself.
    atc_maker maker();

private:
    class share;
    /// Lookups of a function are numbered below 2^12.
    static constexpr unsigned lookup_bits = 12;

    share* share_of(base::routing_id id);
    void refused(atc_channel c, share& s);
    // atc_client, of the ATC itself
    void hit(lookup_id, use_id, const translation&) override;
    void fault(lookup_id, atc_fault) override;
    bool try_request(request_slot, const atc_key&, bool no_write) override;
    bool try_completion(base::routing_id, itag_vector, std::uint8_t traffic_class) override;
    void ready(atc_channel) override;

    directory& directory_;
    atc_maker make_;
    std::unique_ptr<atc_if> atc_;
    std::vector<share*> shares_;
    std::array<std::vector<share*>, 4> refused_;  // by channel, in order
    std::vector<share*> retrying_;
};

}  // namespace drydock::endpoint
