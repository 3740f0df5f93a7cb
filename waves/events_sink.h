// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "waves/json_lines.h"
#include "waves/operations.h"
#include "waves/sink.h"

namespace drydock::waves {

/// The sink behind open_events().
class events_sink final : public sink, base::observer {
public:
    events_sink(base::context& ctx, const std::filesystem::path& file, base::event_level level,
                const file_header& header);
    ~events_sink() override;
    void close() override;
    std::uint64_t overflowed() const override { return 0; }

private:
    void on_event(const base::event& e) override;
    bool fold(const base::event& e);
    void write(const base::event& e);
    void write_operation(const operation& o, base::ps now, const base::event* end);
    /// @return their sum if they begin with the operation, else -1, ps
    std::int64_t write_stages(const operation& o);
    void head(base::ps t, std::string_view kind, base::place_id where, base::span_id span);
    void key(std::string_view name);
    void value(char format, std::uint64_t v);
    void write_open_operations();

    base::context& ctx_;
    base::event_level level_;
    json_lines out_;
    operations under_way_;  // level life: routine ones become a line, of others nothing is told
    base::ps last_{};
};

}  // namespace drydock::waves
