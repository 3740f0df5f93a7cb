// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "platform/scenario/load.h"
#include "tests/platform/scratch.h"

namespace drydock::tests {

/// A file of the project's tree.
inline std::string project_file(const std::string& relative) {
    return (std::filesystem::path(DRYDOCK_SOURCE_DIR) / relative).string();
}

/// A small scenario that is good; `replace` changes one piece of its text, which must be there.
inline std::string small_scenario(const std::string& old_text = "",
                                  const std::string& new_text = "") {
    std::string s = R"(title: small
machine:
  smmu: {invalidate_timeout: 10ms, sev: false}
  cpus: 2
  ports:
    rp0:
      link: gen4 x8
      device: {name: ep0, like: generic_ats_endpoint, atc: {entries: 64, ways: 4}}
software: {reset: {variant: none}}
clients:
  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, unmap: {every: 5us}}
  dma0: {kind: dma_client, device: ep0, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 10us}
matrix: {software.reset.variant: [none, M2]}
timeline:
  - {when: 1ms, task: R, cpu: 1, reset: {device: ep0, method: flr}}
end: {when: R returned, plus: 1ms}
expect:
  all: [R.result: 0]
  none: [ep0.timeouts: ">= 1"]
)";
    if (old_text.empty()) return s;
    const auto at = s.find(old_text);
    if (at == std::string::npos)
        throw std::logic_error("'" + old_text + "' is not in the small scenario");
    return s.replace(at, old_text.size(), new_text);
}

/// What load() says of a scenario that is bad; "" if it is good.
inline std::string refusal(const std::string& file, const scenario::overrides& o = {}) {
    try {
        scenario::load(file, o);
        return "";
    } catch (const scenario::bad_input& e) {
        return e.what();
    }
}

}  // namespace drydock::tests
