// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tlm/base/context.h"
#include "tlm/endpoint/ring.h"
#include "tlm/pcie/config_space.h"
#include "tlm/pcie/tlp.h"

namespace drydock::endpoint {

struct page_config {
    unsigned group_pages = 8;  ///< Page Requests that share a PRG index at most, 1..512
    base::ps gather{100'000};  ///< so long the first request waits for others to share its group
    bool stop_markers = true;  ///< a PASID that is stopped is told by a Stop Marker
};

/// What the Page Request Interface asks of the function around it.
struct page_function {
    virtual base::routing_id id() const = 0;
    /// Messages that may be sent now; if there are none, page_requester::room() tells when.
    virtual std::size_t message_room() = 0;
    virtual void send_message(pcie::tlp_ptr t) = 0;
    /// The page is there, or will not come.
    virtual void page_answered(std::uint32_t waiter, bool success) = 0;
    /// Something that no register tells.
    virtual void page_note(std::string_view text) = 0;

protected:
    ~page_function() = default;
};

/// The Page Request Interface of a physical function, which its virtual functions share: one
/// Enable, Allocation, status and set of PRG indices for all of them; each asks and is answered by
/// its own ID (PCIe PRI).
///
/// Pages are asked for in order. Requests of one PASID that wait together share a group; the
/// Outstanding Page Request Allocation is never exceeded. Success lets those who wait translate
/// again, anything else ends their wait in vain. A Response Failure stops the interface until it is
/// enabled anew, an unexpected PRG index until software clears UPRGI.
class page_requester final : base::timeline_client {
public:
    /// @param waiters  numbers of those who may wait, of each user: 0..waiters-1
    /// @param function  user 0
    page_requester(std::string_view hierarchical_name, base::context& ctx, base::place_id place,
                   pcie::config_space& config, const page_config& pages, std::uint32_t waiters,
                   pcie::tlp_pool& pool, page_function& function);

    /// A virtual function. @return its number
    std::uint32_t add_user(page_function& f);
    /// @pre the waiter waits for no page. @return false: the interface is off, failed or has no
    /// allocation
    bool ask(std::uint32_t user, std::uint32_t waiter,
             const std::optional<pcie::pasid_prefix>& prefix, base::iova va, bool write);
    /// No more requests carry this PASID: a Stop Marker behind those before.
    void pasid_stopped(std::uint32_t user, base::substream_id pasid);
    /// @return false: the function has no PRI, the message is an Unsupported Request
    bool receive_response(const pcie::tlp& response, std::uint32_t user);
    void config_written();
    /// There may be room for messages.
    void room() { send(); }
    /// The function is reset: nobody waits any more.
    void reset();
    /// A virtual function is reset, or `gone`: its answers come to nobody, or not at all.
    void leave(std::uint32_t user, bool gone);
    /// Misbehaviour: one Page Request every 100 ns, whatever Enable and Allocation say.
    void flood(std::uint32_t requests);

    /// Page Requests sent whose group is not answered.
    std::uint32_t outstanding() const { return outstanding_; }

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    static constexpr std::size_t prg_indices = 512;  // 9 bits
    enum class result : std::uint8_t { success, invalid_request, failure, abandoned };
    struct request {
        enum class state : std::uint8_t { free, queued, sent };
        state is = state::free;
        bool marker = false, read = false, write = false;
        std::uint32_t user = 0;
        std::uint64_t page = 0;
        std::optional<pcie::pasid_prefix> prefix;
        std::uint32_t first_waiter = none;
        std::uint32_t next = none;  // in its group
        base::span_id span{};
    };
    struct group {
        std::uint32_t first = none;  // none: not in flight
        std::uint32_t requests = 0;
    };

    void on_time(std::uint64_t op) override;
    bool may_send();
    void send();
    std::size_t next_group();
    void send_group(std::size_t n);
    void send_marker();
    pcie::tlp_ptr message(std::uint32_t user, const std::optional<pcie::pasid_prefix>& prefix,
                          std::uint64_t address);
    bool pasid_fits(const group& g, const pcie::tlp& response);
    void answer(std::uint16_t index, result r);
    void end(std::uint32_t request, result r, bool answered);
    void fail();
    void forget(result r);
    void drop_queued();
    bool join(std::uint32_t waiter, const request& wanted);
    std::uint32_t queue(const request& r);
    void begin_span(request& r);
    void make_room_for(std::uint32_t user);
    void give_back(std::uint16_t index, result r, bool answered);
    void settle();
    void flood_one();

    base::context& ctx_;
    base::place_id place_;
    base::timeline::client_id id_;
    base::timeline::handle gather_timer_, flood_timer_;
    pcie::config_space& config_;
    page_config pages_;
    pcie::tlp_pool& pool_;
    std::uint32_t waiters_;  // of one user
    std::vector<page_function*> users_;
    std::uint32_t prepared_ = 1;  // users for whom there are requests
    std::vector<request> requests_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> next_waiter_;  // user u's from u * waiters_ on
    ring<std::uint32_t> queue_;               // requests and markers to be sent, in order
    std::vector<group> groups_;               // empty without the capability
    ring<std::uint16_t> free_groups_;
    std::uint32_t outstanding_ = 0;
    bool enabled_ = false;
    bool failed_ = false;  // RF since the interface was enabled
    bool gathering_ = false;
    std::uint32_t flood_left_ = 0;
    std::uint32_t flooded_ = 0;
};

}  // namespace drydock::endpoint
