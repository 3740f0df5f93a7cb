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
/// they first speak; no two of them share a number.
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

    /// Begins an event; add with arg(), end with end(). @param phase as the format: B E X i M C
    /// @param name empty: none, which is for what ends
    void begin(char phase, track at, base::ps when, std::string_view name,
               std::string_view category = "");
    /// The same for async spans: b e n. Those of one category and id are one track.
    void begin_async(char phase, std::uint32_t process, std::string_view category, std::uint32_t id,
                     base::ps when, std::string_view name);
    void duration(base::ps d);
    /// An arrow leads here from the slice that had this number before, and on to the next.
    void arrow(std::uint64_t number, bool from, bool on);
    void raw(std::string_view key, std::string_view json);
    void arg(std::string_view key, std::string_view text);
    void arg(std::string_view key, std::int64_t number);
    void end();

    void close();
    bool is_open() const { return out_.is_open(); }

private:
    std::string& open(char phase, std::uint32_t process);
    void key(std::string_view k);
    void open_args();
    std::uint32_t process(std::string_view name);
    void metadata(std::string_view what, track at, std::string_view name);

    struct named {
        std::string name;
        track at;
    };
    const base::probe& places_;
    json_lines out_;
    std::vector<track> by_place_;
    std::vector<named> processes_, threads_;
    std::uint32_t numbers_ = 0;
    bool first_ = true, in_args_ = false;
};

}  // namespace drydock::waves
