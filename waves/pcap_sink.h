// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "waves/event_ring.h"
#include "waves/flat_map.h"
#include "waves/packets.h"

namespace drydock::waves {

/// The sink behind open_pcap().
class pcap_sink final : public packet_sink, base::observer {
public:
    pcap_sink(base::context& ctx, const std::filesystem::path& file, window shown);
    ~pcap_sink() override;
    void close() override;
    std::uint64_t overflowed() const override { return 0; }
    void packet(base::place_id wire, base::ps now, std::span<const base::span_id> spans,
                std::span<const std::uint8_t> bytes) override;

private:
    struct record {
        base::ps time;
        std::vector<std::uint8_t> bytes;  // of the file
    };
    void on_event(const base::event& e) override;
    void write(const record& r);
    /// The record as it stands in the file, in scratch_.
    void compose(base::place_id wire, base::ps now, std::span<const base::span_id> spans,
                 std::span<const std::uint8_t> bytes);

    base::context& ctx_;
    std::string name_;
    std::FILE* file_;
    event_ring<record> ring_;
    flat_map<std::uint64_t, base::span_class> span_class_;  // of each open span
    record scratch_;
    std::uint64_t tlps_ = 0;  // how many were sent
    int error_ = 0;
};

}  // namespace drydock::waves
