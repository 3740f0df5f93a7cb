// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm>

#include "tlm/pcie/channels.h"
#include "tlm/pcie/link_error.h"
#include "tlm/pcie/tlp.h"

namespace drydock::pcie {

/// Phases of a TLP on our sockets: there is one, the TLP itself.
enum class tlp_phase : std::uint8_t { tlp };

/// Protocol traits: the payload is a decoded TLP whose ownership moves with the call.
struct tlp_protocol {
    using tlm_payload_type = tlp;
    using tlm_phase_type = tlp_phase;
};

/// Said beside the TLPs, in both directions.
struct link_sideband {
    virtual ~link_sideband() = default;
    /// Buffer space for `hdr` TLPs and `data` units of 16 B of class c is free (again). The first
    /// calls, at start of simulation, advertise all there is; UINT32_MAX means unlimited.
    virtual void credit_return(fc_class c, std::uint32_t hdr, std::uint32_t data) = 0;
    /// The same of a virtual channel other than VC0. Advertised when the channel is first heard of.
    virtual void channel_credit_return(unsigned vc, fc_class c, std::uint32_t hdr,
                                       std::uint32_t data) = 0;
    /// An end tells the link how it uses virtual channels.
    virtual void channels(const channel_map& m) = 0;
    /// The link tells both ends: flow control of this channel is initialised, or is so no more.
    virtual void channel_state(unsigned vc, bool active) = 0;
    /// DL_Active of the link between the two ends.
    virtual void link_state(bool up) = 0;
    /// The link is in Recovery, or in L0 again.
    virtual void recovery(bool begins) = 0;
    /// The link has found an error at this end: for the end's AER.
    virtual void link_error(pcie::link_error e) = 0;
};

struct tlp_fw_if : virtual tlm::tlm_fw_transport_if<tlp_protocol>, virtual link_sideband {};
struct tlp_bw_if : virtual tlm::tlm_bw_transport_if<tlp_protocol>, virtual link_sideband {};

/// What a component implements to be at the end of a link, or to be the link.
struct tlp_receiver {
    virtual ~tlp_receiver() = default;
    /// A TLP arrives; the receiver owns it and frees its buffer by credit_return when it leaves.
    virtual void receive(tlp_ptr t) = 0;
    /// Room in the other side's buffer for what this side sends.
    virtual void credits(fc_class c, std::uint32_t hdr, std::uint32_t data) = 0;
    /// The same of a virtual channel other than VC0, for an end that has several.
    virtual void channel_credits(unsigned, fc_class, std::uint32_t, std::uint32_t) {}
    /// For a link: an end uses virtual channels otherwise.
    virtual void channels_changed(const channel_map&) {}
    /// Flow control of a virtual channel is initialised, or is so no more.
    virtual void channel_changed(unsigned, bool) {}
    virtual void link_changed(bool up) = 0;
    virtual void link_in_recovery(bool) {}
    /// An error that the link finds at this end.
    virtual void link_error_found(link_error) {}
};

namespace detail {

/// Turns the TLM-2.0 calls of one direction into calls of a tlp_receiver.
template <class If>
class socket_end : public If {
public:
    socket_end(tlp_receiver& r, tlp_pool& p) : receiver_(r), pool_(p) {}
    void credit_return(fc_class c, std::uint32_t hdr, std::uint32_t data) override {
        receiver_.credits(c, hdr, data);
    }
    void channel_credit_return(unsigned vc, fc_class c, std::uint32_t hdr,
                               std::uint32_t data) override {
        receiver_.channel_credits(vc, c, hdr, data);
    }
    void channels(const channel_map& m) override { receiver_.channels_changed(m); }
    void channel_state(unsigned vc, bool active) override { receiver_.channel_changed(vc, active); }
    void link_state(bool up) override { receiver_.link_changed(up); }
    void recovery(bool begins) override { receiver_.link_in_recovery(begins); }
    void link_error(pcie::link_error e) override { receiver_.link_error_found(e); }

protected:
    tlm::tlm_sync_enum accept(tlp& t) {
        receiver_.receive(pool_.own(&t));
        return tlm::TLM_COMPLETED;
    }

private:
    tlp_receiver& receiver_;
    tlp_pool& pool_;
};

struct fw_end final : socket_end<tlp_fw_if> {
    using socket_end::socket_end;
    tlm::tlm_sync_enum nb_transport_fw(tlp& t, tlp_phase&, sc_core::sc_time&) override {
        return accept(t);
    }
    void b_transport(tlp&, sc_core::sc_time&) override {
        SC_REPORT_ERROR("/drydock/pcie",
                        "TLPs travel by nb_transport only; b_transport is not a link");
    }
    bool get_direct_mem_ptr(tlp&, tlm::tlm_dmi&) override { return false; }
    unsigned transport_dbg(tlp&) override { return 0; }
};

struct bw_end final : socket_end<tlp_bw_if> {
    using socket_end::socket_end;
    tlm::tlm_sync_enum nb_transport_bw(tlp& t, tlp_phase&, sc_core::sc_time&) override {
        return accept(t);
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
};

/// What either end of a link tells the other, beside TLPs.
template <class Socket>
class link_calls {
public:
    void credit_return(fc_class c, std::uint32_t hdr, std::uint32_t data) {
        other().credit_return(c, hdr, data);
    }
    /// The buffer of a TLP is free.
    void free_buffer(const tlp& t) {
        free_buffer(t.virtual_channel, t.flow_class(), t.data_credits());
    }
    void free_buffer(unsigned vc, fc_class c, std::uint32_t data) {
        if (vc == 0)
            other().credit_return(c, 1, data);
        else
            other().channel_credit_return(vc, c, 1, data);
    }
    void channel_credit_return(unsigned vc, fc_class c, std::uint32_t hdr, std::uint32_t data) {
        other().channel_credit_return(vc, c, hdr, data);
    }
    void set_channels(const channel_map& m) { other().channels(m); }
    void set_channel(unsigned vc, bool active) { other().channel_state(vc, active); }
    void set_link(bool up) { other().link_state(up); }
    void set_recovery(bool begins) { other().recovery(begins); }
    void tell_error(link_error e) { other().link_error(e); }

private:
    auto& other() { return *static_cast<Socket&>(*this).operator->(); }
};

}  // namespace detail

/// The end of a link that looks away from the root complex (root port, switch downstream port).
class downstream_socket : public tlm::tlm_base_initiator_socket<0, tlp_fw_if, tlp_bw_if>,
                          public detail::link_calls<downstream_socket> {
public:
    downstream_socket(const char* name, tlp_receiver& r, tlp_pool& pool)
        : tlm_base_initiator_socket(name), end_(r, pool) {
        bind(end_);
    }
    /// Hands the TLP over. @pre the other side has advertised room for it
    void send(tlp_ptr t) {
        tlp_phase ph = tlp_phase::tlp;
        sc_core::sc_time none;
        (*this)->nb_transport_fw(*t.release(), ph, none);
    }
    std::type_index get_protocol_types() const override { return typeid(tlp_protocol); }

private:
    detail::bw_end end_;
};

/// The end that looks towards the root complex (endpoint, switch upstream port).
class upstream_socket : public tlm::tlm_base_target_socket<0, tlp_fw_if, tlp_bw_if>,
                        public detail::link_calls<upstream_socket> {
public:
    upstream_socket(const char* name, tlp_receiver& r, tlp_pool& pool)
        : tlm_base_target_socket(name), end_(r, pool) {
        bind(end_);
    }
    void send(tlp_ptr t) {
        tlp_phase ph = tlp_phase::tlp;
        sc_core::sc_time none;
        (*this)->nb_transport_bw(*t.release(), ph, none);
    }
    std::type_index get_protocol_types() const override { return typeid(tlp_protocol); }

private:
    detail::fw_end end_;
};

}  // namespace drydock::pcie
