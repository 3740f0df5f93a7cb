// SPDX-License-Identifier: Apache-2.0
#include "waves/pcap_sink.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace drydock::waves {
namespace {

using base::kind;

constexpr std::size_t own_header = 20;
// Prefix, header and payload; the digest of a TLP whose payload is cut off is so too.
constexpr std::size_t tlp_kept = 4 + 16 + payload_kept + 4;
constexpr std::uint32_t snap_length = own_header + 32 * 4 + 255 + tlp_kept;
constexpr std::uint32_t link_type_user0 = 147;
constexpr std::uint32_t nanosecond_magic = 0xa1b23c4d;
constexpr std::int64_t ps_per_second = 1'000'000'000'000;

/// The file's own header fields: in the byte order that its magic number shows, little.
void put_file(std::vector<std::uint8_t>& to, std::uint32_t v, unsigned bytes = 4) {
    for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(v >> 8 * i));
}
void put_wire(std::vector<std::uint8_t>& to, std::uint64_t v, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) to.push_back(static_cast<std::uint8_t>(v >> 8 * i));
}

std::vector<std::uint8_t> file_header_bytes() {
    std::vector<std::uint8_t> h;
    put_file(h, nanosecond_magic);
    put_file(h, 2, 2);  // version 2.4
    put_file(h, 4, 2);
    put_file(h, 0);  // of the time zone
    put_file(h, 0);
    put_file(h, snap_length);
    put_file(h, link_type_user0);
    return h;
}

}  // namespace

pcap_sink::pcap_sink(base::context& ctx, const std::filesystem::path& file, window shown)
    : ctx_(ctx), name_(file.string()), file_(std::fopen(name_.c_str(), "wb")), ring_(shown) {
    if (file_ == nullptr)
        throw std::runtime_error(name_ + ": cannot be made: " + std::strerror(errno));
    write({{}, file_header_bytes()});
    for (const kind k : {kind::tlp_sent, kind::span_begin, kind::span_end, kind::violation})
        ctx_.probe.subscribe(*this, k);
}

pcap_sink::~pcap_sink() {
    if (file_ == nullptr) return;
    ctx_.probe.unsubscribe(*this);
    std::fclose(file_);
}

void pcap_sink::close() {
    if (file_ == nullptr) return;
    ctx_.probe.unsubscribe(*this);
    if (std::fclose(file_) != 0 && error_ == 0) error_ = errno;
    file_ = nullptr;
    if (error_ != 0)
        throw std::runtime_error(name_ + ": cannot be written: " + std::strerror(error_));
}

void pcap_sink::on_event(const base::event& e) {
    switch (e.what) {
        case kind::tlp_sent:
            ++tlps_;
            return;
        case kind::span_begin:
            span_class_[e.span.value] = static_cast<base::span_class>(e.a);
            return;
        case kind::span_end:
            span_class_.erase(e.span.value);
            return;
        default:  // violation
            if (!ring_.waiting() || e.d != 0) return;
            ring_.violation(e.time);
            ring_.drain([this](const record& r) {
                if (r.time >= ring_.shown().from) write(r);
            });
    }
}

void pcap_sink::packet(base::place_id wire, base::ps now, std::span<const base::span_id> spans,
                       std::span<const std::uint8_t> bytes) {
    if (file_ == nullptr) return;
    if (ring_.waiting()) {
        compose(wire, now, spans, bytes);
        return ring_.keep(scratch_, [](const record&) {});
    }
    if (now < ring_.shown().from || now > ring_.shown().to) return;
    compose(wire, now, spans, bytes);
    write(scratch_);
}

void pcap_sink::compose(base::place_id wire, base::ps now, std::span<const base::span_id> spans,
                        std::span<const std::uint8_t> bytes) {
    const std::string& name = ctx_.probe.name(wire);
    const std::size_t name_length = std::min<std::size_t>(name.size(), 255);
    const std::size_t ahead = own_header + 4 * spans.size() + name_length;
    const std::size_t kept = std::min(bytes.size(), tlp_kept);
    std::vector<std::uint8_t>& to = scratch_.bytes;
    to.clear();
    scratch_.time = now;
    put_file(to, static_cast<std::uint32_t>(now.count / ps_per_second));
    put_file(to, static_cast<std::uint32_t>(now.count % ps_per_second / 1000));
    put_file(to, static_cast<std::uint32_t>(ahead + kept));
    put_file(to, static_cast<std::uint32_t>(ahead + bytes.size()));
    base::span_class of{};
    for (const base::span_id s : spans)
        if (const base::span_class* found = span_class_.find(s.value)) of = *found;
    put_wire(to, packet_version, 1);
    put_wire(to, static_cast<std::uint64_t>(of), 1);
    put_wire(to, spans.size(), 1);
    put_wire(to, name_length, 1);
    put_wire(to, tlps_, 8);
    put_wire(to, static_cast<std::uint64_t>(now.count), 8);
    for (const base::span_id s : spans) put_wire(to, s.value, 4);
    to.insert(to.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(name_length));
    to.insert(to.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept));
}

void pcap_sink::write(const record& r) {
    if (std::fwrite(r.bytes.data(), 1, r.bytes.size(), file_) != r.bytes.size() && error_ == 0)
        error_ = errno;
}

std::unique_ptr<packet_sink> open_pcap(base::context& ctx, const std::filesystem::path& file,
                                       window shown) {
    return std::make_unique<pcap_sink>(ctx, file, shown);
}

}  // namespace drydock::waves
