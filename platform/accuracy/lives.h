// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "platform/latency/listener.h"

namespace drydock::accuracy {

/// An unmap or an invalidation of a run, and where each of its stages ended.
struct life {
    struct mark {
        std::size_t stage;  ///< as latency::piece
        base::ps until;
    };
    base::span_class of{};
    base::place_id client = 0;
    std::uint16_t device = 0;  ///< routing ID, 0: of none alone
    latency::ending ended{};
    base::ps begin{}, end{};
    std::vector<mark> stages;

    base::ps took() const { return end - begin; }
    /// When a stage ended; `never` if it was not passed.
    base::ps end_of(std::size_t stage) const;
};

/// Keeps the lives of a run's unmaps and invalidations.
class life_keeper final : public latency::listener {
public:
    void ended(const latency::transaction& t) override;
    void waited(const latency::wait&) override {}
    void held(const latency::hold&) override {}

    /// In the order of their ends. For the way from a child to its parent.
    nlohmann::json to_json() const;

private:
    std::vector<life> lives_;
};

/// @throws nlohmann::json::exception if it is none
std::vector<life> lives_of(const nlohmann::json&);

/// "drain", "lost"; of the class's plan.
std::string_view stage_word(base::span_class of, std::size_t stage);

}  // namespace drydock::accuracy
