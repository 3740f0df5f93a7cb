// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "tlm/endpoint/atc.h"

namespace drydock::bench {

/// Whoever looks up pages in place of the DMA engine.
struct lookup_client {
    virtual void found() = 0;
    virtual void lookup_ready() = 0;

protected:
    ~lookup_client() = default;
};

/// The ATC of an endpoint with a tap: lookups of the benchmark go in and their answers come out
/// here, everything else passes between the ATC and its endpoint.
class tapped_atc final : public endpoint::atc_if, endpoint::atc_client {
public:
    tapped_atc(const std::string& name, base::context& ctx, const endpoint::atc_config& config,
               endpoint::atc_client& outer)
        : outer_(outer), inner_(name, ctx, config, *this) {}

    /// For the endpoint's constructor. latest() is what it made last.
    static std::unique_ptr<endpoint::atc_if> make(const std::string& name, base::context& ctx,
                                                  const endpoint::atc_config& config,
                                                  endpoint::atc_client& outer);
    static tapped_atc& latest();

    void connect(lookup_client& c) { lookups_ = &c; }
    const endpoint::atc& inner() const { return inner_; }

    bool try_lookup(endpoint::lookup_id l, const endpoint::atc_key& k,
                    endpoint::atc_access a) override {
        return inner_.try_lookup(l, k, a);
    }
    bool try_fill(endpoint::request_slot s, const endpoint::completion_entry& e) override {
        return inner_.try_fill(s, e);
    }
    bool try_invalidate(const endpoint::invalidate& i) override { return inner_.try_invalidate(i); }
    void release(endpoint::use_id u) override { inner_.release(u); }
    bool try_control(base::routing_id id, endpoint::atc_control c) override {
        return inner_.try_control(id, c);
    }
    void set_stu(std::uint8_t log2_bytes) override { inner_.set_stu(log2_bytes); }
    void resume() override { inner_.resume(); }

private:
    void hit(endpoint::lookup_id, endpoint::use_id, const endpoint::translation&) override;
    void fault(endpoint::lookup_id, endpoint::atc_fault why) override;
    bool try_request(endpoint::request_slot s, const endpoint::atc_key& k, bool no_write) override {
        return outer_.try_request(s, k, no_write);
    }
    bool try_completion(base::routing_id id, endpoint::itag_vector v,
                        std::uint8_t traffic_class) override {
        return outer_.try_completion(id, v, traffic_class);
    }
    void ready(endpoint::atc_channel c) override;

    endpoint::atc_client& outer_;
    endpoint::atc inner_;
    lookup_client* lookups_ = nullptr;
};

}  // namespace drydock::bench
