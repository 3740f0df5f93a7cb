// SPDX-License-Identifier: Apache-2.0
#include "tlm/endpoint/page_requester.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tlm/pcie/ats_messages.h"

namespace drydock::endpoint {
namespace {

constexpr std::uint64_t page_mask = 0xfff;
constexpr std::uint32_t most_markers = 16;  // of DMA queues that stop one after another
constexpr base::ps flood_interval{100'000};
constexpr std::uint64_t op_gathered = 0, op_flood = 1;
/// Boundaries of a Page Request that the function sees; those between are of the other side.
constexpr std::uint64_t stage_asked = 55, stage_sent = 56, stage_answered = 60;

}  // namespace

page_requester::page_requester(std::string_view name, base::context& ctx, base::place_id place,
                               pcie::config_space& config, const page_config& pages,
                               std::uint32_t waiters, pcie::tlp_pool& pool, page_function& function)
    : ctx_(ctx),
      place_(place),
      id_(ctx.timeline.join(name, *this)),
      config_(config),
      pages_(pages),
      pool_(pool),
      waiters_(waiters),
      users_{&function},
      requests_(config.pri().present() ? waiters + most_markers : 0),
      next_waiter_(requests_.empty() ? 0 : waiters, none),
      groups_(requests_.empty() ? 0 : prg_indices),
      free_groups_(groups_.size()) {
    if (pages.group_pages < 1 || pages.group_pages > prg_indices)
        throw std::invalid_argument("page requests: group_pages: expected 1..512");
    free_.reserve(requests_.size());
    for (std::size_t i = requests_.size(); i-- > 0;) free_.push_back(static_cast<std::uint32_t>(i));
    for (std::uint16_t g = 0; g < groups_.size(); ++g) free_groups_.push(g);
}

// -- asking --------------------------------------------------------------------------------------

std::uint32_t page_requester::add_user(page_function& f) {
    users_.push_back(&f);
    return static_cast<std::uint32_t>(users_.size() - 1);
}

/// Of virtual functions few ask at all: room for their requests comes with the first one.
void page_requester::make_room_for(std::uint32_t user) {
    for (; prepared_ <= user; ++prepared_) {
        const std::size_t before = requests_.size();
        requests_.resize(before + waiters_);
        next_waiter_.resize(next_waiter_.size() + waiters_, none);
        for (std::size_t i = requests_.size(); i-- > before;)
            free_.push_back(static_cast<std::uint32_t>(i));
    }
}

bool page_requester::ask(std::uint32_t user, std::uint32_t waiter,
                         const std::optional<pcie::pasid_prefix>& prefix, base::iova va,
                         bool write) {
    if (!enabled_ || failed_ || config_.pri().allocation() == 0) return false;
    if (user >= prepared_) make_room_for(user);
    waiter += user * waiters_;
    request wanted;
    wanted.user = user;
    wanted.page = va.value & ~page_mask;
    wanted.prefix = prefix;
    wanted.read = !write;
    wanted.write = write;
    if (join(waiter, wanted)) return true;
    const bool first = queue_.empty();
    next_waiter_[waiter] = none;
    request& r = requests_[queue(wanted)];
    r.first_waiter = waiter;
    begin_span(r);
    if (!first) return true;
    gathering_ = true;
    gather_timer_ = ctx_.timeline.after(pages_.gather, base::phase::serve, id_, op_gathered);
    return true;
}

/// Waits for the request that there is for this page, if that asks for the same right or has not
/// gone out.
bool page_requester::join(std::uint32_t waiter, const request& wanted) {
    for (request& r : requests_) {
        if (r.is == request::state::free || r.marker || r.page != wanted.page ||
            r.user != wanted.user || r.prefix != wanted.prefix)
            continue;
        const bool covered = (!wanted.read || r.read) && (!wanted.write || r.write);
        if (r.is == request::state::sent && !covered) continue;
        r.read |= wanted.read;
        r.write |= wanted.write;
        next_waiter_[waiter] = std::exchange(r.first_waiter, waiter);
        return true;
    }
    return false;
}

/// @pre a free request
std::uint32_t page_requester::queue(const request& r) {
    const std::uint32_t index = free_.back();
    free_.pop_back();
    requests_[index] = r;
    requests_[index].is = request::state::queued;
    queue_.push(index);
    return index;
}

void page_requester::pasid_stopped(std::uint32_t user, base::substream_id pasid) {
    if (!enabled_ || failed_ || !pages_.stop_markers) return;
    std::uint32_t markers = 0;
    for (std::size_t i = 0; i < queue_.size(); ++i) markers += requests_[queue_.at(i)].marker;
    if (markers == most_markers)
        return users_[user]->page_note("a PASID was stopped without Stop Marker: too many wait");
    request marker;
    marker.marker = true;
    marker.user = user;
    marker.prefix = pcie::pasid_prefix{pasid, false, false};
    queue(marker);
    send();
}

void page_requester::begin_span(request& r) {
    if (!ctx_.probe.wants(base::kind::span_begin)) return;
    r.span = ctx_.probe.new_span();
    ctx_.probe.emit(base::kind::span_begin, place_, ctx_.now(), r.span,
                    static_cast<std::uint64_t>(base::span_class::page_request), 0,
                    users_[r.user]->id().value, r.page);
    if (ctx_.probe.wants(base::kind::stage))
        ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), r.span, stage_asked);
}

// -- sending -------------------------------------------------------------------------------------

void page_requester::on_time(std::uint64_t op) {
    if (op == op_flood) return flood_one();
    gathering_ = false;
    send();
}

bool page_requester::may_send() {
    return enabled_ && !failed_ && !gathering_ &&
           (config_.pri().status() & pcie::pri_view::unexpected_index) == 0;
}

void page_requester::send() {
    while (!queue_.empty() && may_send()) {
        if (requests_[queue_.front()].marker) {
            if (users_[requests_[queue_.front()].user]->message_room() == 0) return;
            send_marker();
            continue;
        }
        const std::size_t n = next_group();
        if (n == 0) return;
        send_group(n);
    }
}

/// How many of those that wait make up the next group, 0: none can go.
std::size_t page_requester::next_group() {
    const std::uint32_t allowed = config_.pri().allocation();
    if (outstanding_ >= allowed || free_groups_.empty()) return 0;
    const std::size_t most =
        std::min({std::size_t{allowed - outstanding_}, std::size_t{pages_.group_pages},
                  queue_.size(), users_[requests_[queue_.front()].user]->message_room()});
    const request& first = requests_[queue_.front()];
    const auto belongs = [&first](const request& r) {
        return !r.marker && r.user == first.user && r.prefix == first.prefix;
    };
    std::size_t n = 0;
    while (n < most && belongs(requests_[queue_.at(n)])) ++n;
    return n;
}

void page_requester::send_group(std::size_t n) {
    const std::uint16_t index = free_groups_.pop();
    group& g = groups_[index];
    outstanding_ += static_cast<std::uint32_t>(n);
    g.requests = static_cast<std::uint32_t>(n);
    std::uint32_t previous = none;
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t at = queue_.pop();
        request& r = requests_[at];
        r.is = request::state::sent;
        (previous == none ? g.first : requests_[previous].next) = at;
        previous = at;
    }
    for (std::uint32_t at = g.first; at != none;) {
        const request r = requests_[at];
        at = r.next;
        pcie::tlp_ptr t =
            message(r.user, r.prefix,
                    pcie::page_request_fields{r.page, index, at == none, r.write, r.read}.encode());
        t->span = r.span;
        if (r.span != base::no_span && ctx_.probe.wants(base::kind::stage))
            ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), r.span, stage_sent);
        users_[r.user]->send_message(std::move(t));
    }
}

void page_requester::send_marker() {
    const std::uint32_t at = queue_.pop();
    page_function& who = *users_[requests_[at].user];
    pcie::tlp_ptr t = message(requests_[at].user, requests_[at].prefix,
                              pcie::page_request_fields{0, 0, true, false, false}.encode());
    requests_[at] = {};
    free_.push_back(at);
    who.send_message(std::move(t));
}

pcie::tlp_ptr page_requester::message(std::uint32_t user,
                                      const std::optional<pcie::pasid_prefix>& prefix,
                                      std::uint64_t address) {
    pcie::tlp_ptr t = pool_.make();
    t->type = pcie::tlp_type::msg;
    t->code = pcie::msg_code::page_request;
    t->routing = pcie::msg_routing::to_root;
    t->requester = users_[user]->id();
    t->pasid = prefix;
    t->address = address;
    return t;
}

// -- answers -------------------------------------------------------------------------------------

bool page_requester::receive_response(const pcie::tlp& response, std::uint32_t user) {
    pcie::pri_view pri = config_.pri();
    if (!pri.present()) return false;
    if (failed_) return true;  // ignored until the interface is enabled anew
    const std::uint8_t code = pcie::prg_response_code(response.address);
    // 1111 and the unused codes report failure whatever index and PASID they carry (PCIe).
    if (code > static_cast<std::uint8_t>(pcie::prg_code::invalid_request)) {
        failed_ = true;
        const std::uint16_t index = pcie::prg_response_group(response.address);
        if (groups_[index].first != none) answer(index, result::failure);
        fail();
        return true;
    }
    const std::uint16_t index = pcie::prg_response_group(response.address);
    const group& g = groups_[index];
    if (g.first == none || requests_[g.first].user != user) {
        pri.set_status(pcie::pri_view::unexpected_index);
    } else if (!pasid_fits(g, response)) {
        users_[user]->page_note("PRG Response with a wrong or without PASID is ignored");
    } else {
        answer(index, code == 0 ? result::success : result::invalid_request);
        settle();
        send();
    }
    return true;
}

/// PRG Response PASID Required: the PASID of the requests; otherwise none, and the same one does no
/// harm.
bool page_requester::pasid_fits(const group& g, const pcie::tlp& response) {
    const auto& asked = requests_[g.first].prefix;
    if (!response.pasid) return !asked || !config_.pri().pasid_required();
    return asked && response.pasid->pasid == asked->pasid;
}

void page_requester::answer(std::uint16_t index, result r) { give_back(index, r, true); }

/// The group is in flight no more.
void page_requester::give_back(std::uint16_t index, result r, bool answered) {
    group& g = groups_[index];
    outstanding_ -= g.requests;
    std::uint32_t at = std::exchange(g.first, none);
    g.requests = 0;
    free_groups_.push(index);
    while (at != none) {
        const std::uint32_t next = requests_[at].next;
        end(at, r, answered);
        at = next;
    }
}

/// @param answered  by a response of its own
void page_requester::end(std::uint32_t at, result r, bool answered) {
    const request ended = std::exchange(requests_[at], {});
    free_.push_back(at);
    if (ended.span != base::no_span) {
        if (answered && ctx_.probe.wants(base::kind::stage))
            ctx_.probe.emit(base::kind::stage, place_, ctx_.now(), ended.span, stage_answered);
        if (ctx_.probe.wants(base::kind::span_end))
            ctx_.probe.emit(base::kind::span_end, place_, ctx_.now(), ended.span,
                            static_cast<std::uint64_t>(r));
    }
    for (std::uint32_t w = ended.first_waiter; w != none;) {
        const std::uint32_t next = next_waiter_[w];
        if (r != result::abandoned)
            users_[w / waiters_]->page_answered(w % waiters_, r == result::success);
        w = next;
    }
}

/// No response is expected any more, so none is outstanding.
void page_requester::fail() {
    config_.pri().set_status(pcie::pri_view::response_failure);
    forget(result::failure);
    settle();
}

void page_requester::forget(result r) {
    ctx_.timeline.cancel(gather_timer_);
    gathering_ = false;
    outstanding_ = 0;
    queue_.clear();
    for (std::uint16_t g = 0; g < groups_.size(); ++g)
        if (std::exchange(groups_[g], {}).first != none) free_groups_.push(g);
    for (std::uint32_t i = 0; i < requests_.size(); ++i)
        if (requests_[i].is != request::state::free) end(i, r, false);
}

// -- control -------------------------------------------------------------------------------------

void page_requester::config_written() {
    pcie::pri_view pri = config_.pri();
    if (!pri.present()) return;
    const bool on = pri.enabled();
    if (on && !enabled_) {
        if (outstanding_ > 0) users_[0]->page_note("PRI is enabled though it has not stopped");
        failed_ = false;
    }
    const bool off = !on && enabled_;
    enabled_ = on;
    if (off) drop_queued();
    if (pri.take_reset() && !on) forget(result::failure);
    settle();
    send();  // there may be more allocation, or UPRGI is clear again
}

/// Nothing more is asked for; what is outstanding will be answered.
void page_requester::drop_queued() {
    ctx_.timeline.cancel(gather_timer_);
    gathering_ = false;
    while (!queue_.empty()) end(queue_.pop(), result::failure, false);
}

void page_requester::settle() { config_.pri().set_stopped(!enabled_ && outstanding_ == 0); }

void page_requester::reset() {
    ctx_.timeline.cancel(flood_timer_);
    flood_left_ = 0;
    forget(result::abandoned);
    enabled_ = failed_ = false;
}

/// What was sent is the physical function's matter until it is answered; of one that is gone no
/// answer arrives.
void page_requester::leave(std::uint32_t user, bool gone) {
    if (user >= prepared_) return;  // it never asked
    for (std::size_t n = queue_.size(); n > 0; --n) {
        const std::uint32_t at = queue_.pop();
        if (requests_[at].user == user)
            end(at, result::abandoned, false);
        else
            queue_.push(at);
    }
    for (request& r : requests_)
        if (r.user == user) r.first_waiter = none;
    if (!gone) return;
    for (std::uint16_t g = 0; g < groups_.size(); ++g)
        if (groups_[g].first != none && requests_[groups_[g].first].user == user)
            give_back(g, result::abandoned, false);
    settle();
    send();
}

// -- misbehaviour --------------------------------------------------------------------------------

void page_requester::flood(std::uint32_t requests) {
    ctx_.timeline.cancel(flood_timer_);
    flood_left_ = requests;
    flood_one();
}

void page_requester::flood_one() {
    if (flood_left_ == 0) return;
    if (flood_left_ != UINT32_MAX) --flood_left_;
    if (users_[0]->message_room() > 0) {
        const std::uint32_t n = flooded_++;
        users_[0]->send_message(
            message(0, {},
                    pcie::page_request_fields{std::uint64_t{n} << 12,
                                              static_cast<std::uint16_t>(n % prg_indices), true,
                                              false, true}
                        .encode()));
    }
    flood_timer_ = ctx_.timeline.after(flood_interval, base::phase::serve, id_, op_flood);
}

}  // namespace drydock::endpoint
