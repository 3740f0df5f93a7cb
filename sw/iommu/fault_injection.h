// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sw/hal/types.h"

namespace drydock::sw {

/// Failures on request, as by Linux's failslab and fail_function. Sites: attach_dev, set_dev_pasid,
/// blocking_domain_alloc, default_domain_alloc, gfp_atomic.
class fault_injection {
public:
    /// The next `count` calls of the site fail. @param device none: of any
    void fail(std::string site, std::optional<u16> device, int error, u32 count = 1) {
        if (count != 0) armed_.push_back({std::move(site), device, error, count});
    }
    /// What the call that stands here returns now: 0 or a negative error.
    int check(std::string_view site, u16 device) {
        for (auto a = armed_.begin(); a != armed_.end(); ++a) {
            if (a->site != site || (a->device && *a->device != device)) continue;
            const int error = a->error;
            if (--a->count == 0) armed_.erase(a);
            return error;
        }
        return 0;
    }
    bool armed() const { return !armed_.empty(); }

private:
    struct entry {
        std::string site;
        std::optional<u16> device;
        int error;
        u32 count;
    };
    std::vector<entry> armed_;
};

}  // namespace drydock::sw
