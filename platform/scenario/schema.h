// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "platform/scenario/document.h"

namespace drydock::scenario {

/// A JSON Schema (draft 7) that judges documents; what is wrong is said at its place in the YAML
/// file, with what was expected and the nearest valid name. Beyond draft 7, `x-expected` words an
/// expectation for the message.
class schema {
public:
    /// @param text the schema's JSON; it is part of the program, so a fault in it is
    /// std::logic_error
    explicit schema(std::string_view text);
    ~schema();

    /// @throws bad_input for the most deeply nested violation
    void check(const node& document) const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// platform/schema/scenario.schema.json and device.schema.json, built into the program.
const schema& scenario_schema();
const schema& device_schema();
/// platform/schema/smmu.schema.json: of named SMMU configurations.
const schema& smmu_schema();

}  // namespace drydock::scenario
