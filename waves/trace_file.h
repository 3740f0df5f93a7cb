// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tlm/base/probe.h"
#include "waves/json_lines.h"

namespace drydock::waves {

/// Writes trace events, one a line. Processes and threads follow from places and are named when
/// they first speak.
class trace_file {
public:
    /// @param identity a JSON object that says who wrote it
    trace_file(const std::filesystem::path& file, const base::probe& places,
               std::string_view identity);

    /// Where an event stands: the thread of a place, or a thread of that name beside it.
    struct track {
        std::uint32_t process = 0, thread = 0;
    };
    track of(base::place_id p);
    track of(std::string_view process, std::string_view thread);

    /// Begins an event; add with arg(), end with end(). @param phase as the format: B E X b e i s t
    /// f C
    void begin(char phase, track at, base::ps when, std::string_view name,
               std::string_view category = "");
    void duration(base::ps d);
    /// Of async spans and flows.
    void id(std::uint64_t n);
    void raw(std::string_view key, std::string_view json);
    void arg(std::string_view key, std::string_view text);
    void arg(std::string_view key, std::int64_t number);
    void end();

    void close();
    bool is_open() const { return out_.is_open(); }

private:
    void key(std::string_view k);
    void open_args();
    std::uint32_t process(std::string_view name);
    void metadata(std::string_view what, track at, std::string_view name);

    const base::probe& places_;
    json_lines out_;
    std::vector<track> by_place_;
    std::vector<std::string> processes_;
    std::vector<std::pair<std::uint32_t, std::string>> threads_;
    bool first_ = true, in_args_ = false;
};

}  // namespace drydock::waves
