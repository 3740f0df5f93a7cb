// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/bandwidth.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <systemc>

#include "tlm/base/timeline_kernel.h"
#include "tlm/pcie/link.h"
#include "tlm/root_complex/read_completions.h"

namespace drydock::conform {
namespace {

using pcie::fc_class;
using pcie::tlp_ptr;

// A 64-bit address, as the DMA of today's hosts has.
constexpr std::uint64_t buffer = 0x10'0000'0000;
constexpr unsigned warm_up = 200, measured = 1000;  // operations
constexpr unsigned outstanding_reads = 256;         // 8-bit tags

/// When the operations of one stream ended.
struct clock {
    unsigned done = 0;
    base::ps first{}, last{};
    bool finished() const { return done == warm_up + measured; }
    void operation_done(base::ps now) {
        if (finished()) return;
        if (++done == warm_up) first = now;
        last = now;
    }
    double gbps(unsigned bytes) const {
        return 8.0 * bytes * measured * 1000.0 / static_cast<double>((last - first).count);
    }
};

pcie::link_config config_of(const transfer& t) {
    pcie::link_config c;
    c.gen = t.gen;
    c.width = t.lanes;
    c.max_payload = t.max_payload;
    c.dllp = t.accounting;
    // The model that is compared with knows no credit stalls.
    c.device_buffers = c.port_buffers = {};
    return c;
}

void set_extent(pcie::tlp& t, unsigned bytes) {
    t.length = static_cast<std::uint16_t>((bytes + 3) / 4);
    t.first_be = 0xf;
    t.last_be = t.length > 1 ? 0xf : 0;
}

/// One end of the link: what it may send, and what waits for that.
template <class Socket>
class end : public pcie::tlp_receiver {
public:
    end(const char* name, pcie::tlp_pool& pool) : socket(name, *this, pool) {}
    Socket socket;

protected:
    bool can_send(fc_class c) const { return room_[index(c)] > 0; }
    void send(tlp_ptr t) {
        --room_[index(t->flow_class())];
        socket.send(std::move(t));
    }
    void free_buffer(const pcie::tlp& t) {
        socket.credit_return(t.flow_class(), 1, t.data_credits());
    }
    virtual void go_on() = 0;

private:
    static std::size_t index(fc_class c) { return static_cast<std::size_t>(c); }
    void credits(fc_class c, std::uint32_t header, std::uint32_t) override {
        room_[index(c)] += header;
        go_on();
    }
    void link_changed(bool) override {}
    std::array<std::uint64_t, pcie::fc_classes> room_{};
};

/// A device that writes or reads without a pause.
class device final : public end<pcie::upstream_socket> {
public:
    device(const char* name, base::context& ctx, pcie::tlp_pool& pool, const transfer& t,
           bool writes, clock& ended)
        : end(name, pool), ctx_(ctx), pool_(pool), transfer_(t), writes_(writes), ended_(ended) {}

private:
    void go_on() override {
        while (!ended_.finished() && can_send(writes_ ? fc_class::posted : fc_class::non_posted)) {
            if (!writes_ && open_ == outstanding_reads) return;
            const unsigned most = writes_ ? transfer_.max_payload : transfer_.max_read_request;
            const unsigned bytes = std::min(transfer_.bytes - sent_, most);
            tlp_ptr t = pool_.make();
            t->type = writes_ ? pcie::tlp_type::mwr : pcie::tlp_type::mrd;
            t->address = buffer + sent_;
            set_extent(*t, bytes);
            sent_ += bytes;
            const bool last = sent_ == transfer_.bytes;
            if (last) sent_ = 0;
            if (writes_) {
                pool_.add_payload(*t);
                t->tag = last ? 1 : 0;  // the receiver counts operations by it
            } else {
                t->tag = static_cast<std::uint16_t>(next_tag_++ % outstanding_reads);
                ends_operation_[t->tag] = last;
                ++open_;
            }
            send(std::move(t));
        }
    }
    void receive(tlp_ptr t) override {  // a completion
        free_buffer(*t);
        if (t->byte_count > t->bytes()) return;
        --open_;
        if (ends_operation_[t->tag]) ended_.operation_done(ctx_.now());
        go_on();
    }

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    const transfer& transfer_;
    bool writes_;
    clock& ended_;
    unsigned sent_ = 0;  // bytes of the operation under way
    unsigned open_ = 0, next_tag_ = 0;
    std::array<bool, outstanding_reads> ends_operation_{};
};

/// A root port with memory that answers at once.
class host final : public end<pcie::downstream_socket> {
public:
    host(const char* name, base::context& ctx, pcie::tlp_pool& pool, const transfer& t,
         clock& ended)
        : end(name, pool), ctx_(ctx), pool_(pool), transfer_(t), ended_(ended) {}

private:
    void go_on() override {
        while (!answers_.empty() && can_send(fc_class::completion)) {
            tlp_ptr t = std::move(answers_.front());
            answers_.pop_front();
            send(std::move(t));  // may come back here
        }
    }
    void receive(tlp_ptr t) override {
        free_buffer(*t);
        if (t->type == pcie::tlp_type::mwr) {
            if (t->tag == 1) ended_.operation_done(ctx_.now());
            return;
        }
        static constexpr std::array<std::uint8_t, pcie::max_payload_bytes> data{};
        root_complex::split_read(pool_, *t, data.data(), 0, t->bytes(),
                                 transfer_.completion_boundary, transfer_.max_payload,
                                 [this](tlp_ptr c) { answers_.push_back(std::move(c)); });
        go_on();
    }

    base::context& ctx_;
    pcie::tlp_pool& pool_;
    const transfer& transfer_;
    clock& ended_;
    std::deque<tlp_ptr> answers_;
};

/// One stream over a link of its own.
class stream final : public sc_core::sc_module {
public:
    stream(sc_core::sc_module_name name, base::context& ctx, pcie::tlp_pool& pool,
           const transfer& t, bool writes)
        : sc_module(name),
          bytes_(t.bytes),
          link_("link", ctx, pool, config_of(t)),
          above_("host", ctx, pool, t, ended_),
          below_("device", ctx, pool, t, writes, ended_) {
        above_.socket.bind(link_.up);
        link_.down.bind(below_.socket);
    }
    double gbps() const { return ended_.gbps(bytes_); }

private:
    unsigned bytes_;
    clock ended_;
    pcie::link link_;
    host above_;
    device below_;
};

}  // namespace

std::vector<bandwidth> measure(const std::vector<transfer>& transfers) {
    base::context ctx;
    pcie::tlp_pool pool;
    base::timeline_kernel kernel("timeline", ctx.timeline);
    std::vector<std::unique_ptr<stream>> writes, reads;
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        const std::string n = std::to_string(i);
        writes.push_back(
            std::make_unique<stream>(("write" + n).c_str(), ctx, pool, transfers[i], true));
        reads.push_back(
            std::make_unique<stream>(("read" + n).c_str(), ctx, pool, transfers[i], false));
    }
    kernel.run_alone();  // ends when every stream has done its operations
    std::vector<bandwidth> result;
    for (std::size_t i = 0; i < transfers.size(); ++i)
        result.push_back({writes[i]->gbps(), reads[i]->gbps()});
    return result;
}

}  // namespace drydock::conform
