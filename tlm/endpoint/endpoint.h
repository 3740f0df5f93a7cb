// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tlm/base/delay_line.h"
#include "tlm/endpoint/completion_faults.h"
#include "tlm/endpoint/device_port.h"
#include "tlm/endpoint/endpoint_config.h"
#include "tlm/endpoint/error_reporter.h"
#include "tlm/endpoint/faults.h"
#include "tlm/endpoint/msi.h"
#include "tlm/endpoint/msix.h"
#include "tlm/endpoint/outstanding.h"
#include "tlm/endpoint/page_requester.h"
#include "tlm/endpoint/shared_atc.h"
#include "tlm/pcie/config_space.h"

namespace drydock::endpoint {

/// One function of a device (header type 0): configuration space, the DMA engine in BAR0, MSI-X,
/// and an ATC where the configuration space has the ATS capability.
///
/// Initiate FLR clears all of it at once; until flr_time is over the function ignores Invalidate
/// Requests, answers configuration requests with RRS and drops completions.
///
/// A virtual function (SR-IOV) is there while its PF's VF Enable is set; what its own registers do
/// not have (payload sizes, tags, STU, PASID, reporting of errors) is the PF's.
class endpoint final : pcie::config_listener,
                       atc_client,
                       dma_function,
                       page_function,
                       base::timeline_client,
                       timeout_listener,
                       msix_table::sender,
                       outlet::sender,
                       error_reporter::messenger {
public:
    /// @throws pcie::config_error, std::invalid_argument
    endpoint(std::string hierarchical_name, base::context& ctx, pcie::tlp_pool& pool,
             const endpoint_config& config, const device_port& port, const function_place& which,
             const atc_maker& make_atc = nullptr);

    // -- what the device around it tells ---------------------------------------------------------
    void receive(pcie::tlp_ptr t);
    /// What no function of the device claims. It is an error of all physical functions, and one of
    /// them tells it (PCIe). @return the message that this one would send
    std::optional<pcie::msg_code> log_unclaimed(const pcie::tlp& t);
    std::optional<pcie::msg_code> log_malformed(const pcie::tlp& t);
    void tell(pcie::msg_code code) { send_error(code); }
    /// The answer to it, by function 0. @return false: malformed, that is told already
    bool answer_unclaimed(const pcie::tlp& t);
    void link_changed(bool up);
    /// VF Enable: the virtual function is there, as after a reset, and not ready before
    /// vf_ready_time; or gone, with all that was under way.
    void appear(base::routing_id id);
    void vanish();
    /// The PF has another Routing ID.
    void identify(base::routing_id id) { id_ = id; }
    /// Controls of the PF may have changed.
    void physical_changed() { update_controls(); }
    /// An error of the link, which all physical functions log. @return as log_unclaimed()
    std::optional<pcie::msg_code> log_link_error(pcie::link_error e) {
        return state_ == state::dead ? std::nullopt : errors_.log(e, id_);
    }

    const std::string& name() const { return name_; }
    unsigned number() const { return which_.number; }
    bool is_virtual() const { return which_.physical != nullptr; }
    /// A virtual function that VF Enable does not hide, or a physical one.
    bool exists() const { return state_ != state::absent; }
    pcie::config_space& config_space() { return space_; }
    const dma_engine& engine() const { return engine_; }
    const atc_if* translations() const { return atc_.get(); }
    atc_if* translations() { return atc_.get(); }
    /// Bus, device and function as captured from configuration writes.
    base::routing_id routing_id() const { return id_; }
    bool in_reset() const { return state_ != state::operational && state_ != state::dead; }
    /// Requests that wait for completions (Transactions Pending).
    unsigned transactions_pending() const { return outstanding_.waiting(); }
    const error_reporter& errors() const { return errors_; }
    const page_requester& pages() const { return pages_; }
    faults& inject() { return faults_; }
    /// As new: sticky registers go as well. It is known by the numbers of its place until
    /// configuration writes bring others. @pre the link is down
    void power_cycle();
    /// Another one of the same kind has come in its place: without its faults. @pre its link is
    /// down
    void renew();
    /// The function accesses memory by itself; one that is in reset does not.
    void access(const own_access& a) {
        if (state_ == state::operational) engine_.access(a);
    }
    /// After inject() changed: what acts at once does.
    void injected();
    /// An error that somebody says this function has detected: logged and told like any other.
    void detect(pcie::error e, const pcie::tlp* t, bool advisory);
    /// The same of a correctable one: its bit in AER, and its name for observers.
    void detect_correctable(unsigned bit, std::string_view text);

private:
    enum class state : std::uint8_t { operational, flr, link_down, dead, absent, starting };
    struct held_invalidate {
        invalidate what{};
        std::uint32_t data_credits = 0;
        std::uint8_t channel = 0;
    };
    /// The buffer of a request whose reply is under way; that of a stray completion is none.
    struct owed_buffer {
        bool any = false;
        std::uint8_t channel = 0;
        std::uint32_t data = 0;
    };
    struct reply_sink {
        endpoint* self;
        void operator()(pcie::tlp_ptr&& t) const { self->tx_.push(std::move(t)); }
    };

    // endpoint.cpp: construction, what configuration writes change, resets
    void config_written(std::uint16_t offset) override;
    void flr_initiated() override { flr_asked_ = true; }
    void update_controls();
    void update_ats();
    void update_power();
    void update_requester();
    void update_intx();
    void control_atc(atc_control what);
    void reset(pcie::reset_kind kind);
    void forget_work();
    void drop_replies();
    void free_reply(unsigned vc);
    void die();
    pcie::tlp_ptr stray_completion();
    void begin_flr();
    void cxl_control_written();
    void begin_cxl_reset();
    void be_gone_for(base::ps time, std::uint32_t text);
    void enter(state s, std::uint32_t text);
    void on_time(std::uint64_t) override;

    // endpoint_receive.cpp: what comes down
    bool acceptable(const pcie::tlp& t);
    void receive_config(const pcie::tlp& t);
    void write_config(const pcie::tlp& t);
    std::optional<pcie::bar_state> bar(unsigned n);
    bool decodes_memory();
    void receive_memory(const pcie::tlp& t);
    /// @param data  no registers are there: any length
    void read_memory(const pcie::tlp& t, unsigned bar, std::uint64_t offset, bool data);
    void write_memory(const pcie::tlp& t, unsigned bar, std::uint64_t offset);
    std::uint32_t read_bar(unsigned bar, std::uint64_t offset) const;
    void write_bar(unsigned bar, std::uint64_t offset, std::uint32_t value, std::uint8_t enables);
    void receive_message(const pcie::tlp& t);
    void receive_invalidate(const pcie::tlp& t);
    void receive_page_response(const pcie::tlp& t);
    void take_invalidate(const held_invalidate& h);
    void free_invalidate(const held_invalidate& h) {
        port_.free_buffer(h.channel, pcie::fc_class::posted, h.data_credits);
    }
    void ignore_invalidate(base::itag tag, base::span_id span, std::uint32_t reason);
    void unsupported(const pcie::tlp& t);
    pcie::tlp_ptr completion_of(const pcie::tlp& request, pcie::cpl_status status);
    void reply(const pcie::tlp& request, pcie::tlp_ptr completion);
    void answer(const pcie::tlp& request, pcie::cpl_status status);
    void free_buffer(const pcie::tlp& t) {
        port_.free_buffer(t.virtual_channel, t.flow_class(), t.data_credits());
    }

    // endpoint_requester.cpp: what goes up, and its completions
    void receive_completion(const pcie::tlp& t);
    void translation_answered(std::uint16_t tag, const pcie::tlp& t);
    void read_answered(std::uint16_t tag, const pcie::tlp& t);
    void end_translation(request_slot slot, const completion_entry& e);
    void timed_out(std::uint16_t tag) override;
    void more_room();
    void drop_queued();
    void left(pcie::fc_class c, unsigned vc) override;
    void send_error(pcie::msg_code code) override;
    void flush_errors();
    pcie::tlp_ptr request(const memory_request& r, pcie::tlp_type type);
    bool try_send_msi(std::uint64_t address, std::uint32_t data) override;
    // atc_client
    void hit(lookup_id l, use_id u, const translation& t) override { engine_.hit(l, u, t); }
    void fault(lookup_id l, atc_fault why) override { engine_.fault(l, why); }
    bool try_request(request_slot slot, const atc_key& key, bool no_write) override;
    bool try_completion(base::routing_id rid, itag_vector vector,
                        std::uint8_t traffic_class) override;
    itag_vector same_authority(itag_vector vector) const;
    void send_invalidate_completions(base::routing_id rid, itag_vector part,
                                     std::uint8_t traffic_class);
    pcie::tlp_ptr invalidate_completion(base::routing_id rid, itag_vector part,
                                        std::uint8_t traffic_class);
    void lost(const pcie::tlp& t);
    void ready(atc_channel c) override;
    // dma_function
    bool may_issue() const override { return may_issue_; }
    bool ats_enabled() const override { return ats_on_; }
    bool atomics_enabled() const override { return atomics_on_; }
    bool pasid_allowed(const pcie::pasid_prefix& p) const override;
    std::uint32_t max_payload() const override { return max_payload_; }
    std::uint32_t max_read_request() const override { return max_read_request_; }
    base::routing_id id() const override { return id_; }
    bool try_translate(lookup_id, const std::optional<pcie::pasid_prefix>&, base::iova,
                       atc_access) override;
    void release(use_id u) override { atc_->release(u); }
    bool try_page(std::uint32_t waiter, const std::optional<pcie::pasid_prefix>& p, base::iova va,
                  bool write) override {
        return shared_pages().ask(page_user_, waiter, p, va, write);
    }
    void pasid_stopped(base::substream_id pasid) override {
        shared_pages().pasid_stopped(page_user_, pasid);
    }
    bool try_read(const memory_request&, std::uint32_t reader) override;
    bool try_atomic(const memory_request&, const atomic_request&, std::uint32_t reader) override;
    bool try_write(const memory_request&, std::span<const std::uint8_t> data) override;
    bool fire(std::uint32_t vector) override;
    void interrupts_changed() override { update_intx(); }
    // page_function; id() is above
    std::size_t message_room() override;
    void send_message(pcie::tlp_ptr t) override { tx_.push(std::move(t)); }
    void page_answered(std::uint32_t waiter, bool success) override {
        engine_.page_answered(waiter, success);
    }
    void page_note(std::string_view text) override { errors_.note(text, id_, base::no_span); }

    /// Whose registers hold what a virtual function has not.
    pcie::config_space& physical_space() {
        return which_.physical != nullptr ? which_.physical->space_ : space_;
    }
    /// The PF's Page Request Interface is that of its virtual functions.
    page_requester& shared_pages() {
        return which_.physical != nullptr ? which_.physical->pages_ : pages_;
    }
    base::ps now() const { return ctx_.timeline.now(); }

    std::string name_;
    base::context& ctx_;
    pcie::tlp_pool& pool_;
    device_port port_;
    function_place which_;
    endpoint_config config_;
    base::place_id place_;
    base::timeline::client_id timer_id_;
    base::timeline::handle ready_timer_;
    pcie::config_space space_;
    error_reporter errors_;
    msix_table msix_;
    msi_messages msi_;
    dma_engine engine_;
    outstanding_requests outstanding_;
    outlet tx_;
    page_requester pages_;
    std::uint32_t page_user_ = 0;
    base::delay_line<pcie::tlp_ptr, reply_sink> replies_;
    ring<owed_buffer> reply_credits_;
    std::unique_ptr<atc_if> atc_;
    faults faults_;
    completion_faults invalidate_completions_;

    state state_ = state::operational;
    base::routing_id id_{};
    bool flr_asked_ = false;
    bool cxl_reset_asked_ = false, in_cxl_reset_ = false;
    bool may_issue_ = false;
    bool relaxed_ = false;
    bool ats_on_ = false;
    unsigned power_state_ = 0;
    bool pasid_on_ = false;
    bool checks_ecrc_ = false, atomics_on_ = false;
    bool intx_asserted_ = false;  ///< pulls its wire
    std::uint32_t max_payload_ = 128;
    std::uint32_t max_read_request_ = 512;
    bool non_posted_refused_ = false;
    bool posted_refused_ = false;
    ring<atc_control> atc_controls_{8};  // not yet taken by the ATC
    ring<held_invalidate> held_{128};    // beyond the queue of the ATC: their buffers stay taken
    std::array<base::routing_id, 32>
        authority_of_itag_{};  // who asked, hence where the completion goes
    std::array<base::span_id, 32> span_of_itag_{};
    std::vector<base::span_id> span_of_slot_;
    std::uint32_t errors_to_send_ = 0;  // messages that wait for the posted queue, by kind
    std::uint32_t text_flr_, text_cxl_reset_, text_ready_, text_operational_, text_link_down_,
        text_in_reset_, text_injected_, text_queued_, text_poisoned_, text_overflow_, text_dead_,
        text_absent_, text_starting_;
};

}  // namespace drydock::endpoint
